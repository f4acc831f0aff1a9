"""The owner's tokens: list, make, look at, change, end."""

from datetime import datetime
from typing import Annotated, Literal
from urllib.parse import urlencode

from django.conf import settings
from django.http import Http404, HttpResponse
from django.utils import timezone
from ninja import Query, Router, Schema, Status
from pydantic import Field

from tokens.api.answers import WITH_BODY, answers
from tokens.api.auth import ApiRequest, TokenAuth, actor_by_token
from tokens.api.conditions import IdempotencyKey, IfMatch, etag, repeat_keys, version_to_match
from tokens.api.fields import Digits, Text
from tokens.api.schemas import ChangeIn, CreateIn, MadeOut, TokenOut, TokensOut
from tokens.api.token_json import made_out, token_out, with_secrets
from tokens.domain import delegation, lifecycle
from tokens.domain.delegation import Made
from tokens.domain.names import refuse_secret
from tokens.domain.selection import select_tokens
from tokens.domain.states import State, reminder_window
from tokens.errors import TokenGone
from tokens.models import AccessToken, Policy

router = Router(tags=["tokens"])
READ, WRITE = TokenAuth("tokens:read"), TokenAuth("tokens:write")
GONE = ("not_found", "gone")
CHANGING = ("disabled_by_administrator", "name_taken", "revoked", "too_many_tokens")
Sort = Literal["created", "-created", "name", "-name", "expires", "-expires", "used", "-used"]


class ListIn(Schema):
    state: State | None = None
    q: Annotated[Text, Field(description="Part of name, description or hint.", max_length=200)] = ""
    sort: Annotated[Sort, Field(description="`-` reverses; never used comes last.")] = "-created"
    page: Annotated[int, Digits, Field(ge=1, le=1_000_000)] = 1
    page_size: Annotated[int, Digits, Field(ge=1, le=100)] = 25


@router.get("/tokens", summary="List your tokens", **answers(READ, {200: TokensOut}, "invalid_input"))
def list_tokens(request: ApiRequest, response: HttpResponse, query: Query[ListIn]) -> TokensOut:
    """Newest first, in pages; `Link` names the others."""
    refuse_secret(query.q, field="q")
    now, window = timezone.now(), reminder_window(Policy.current())
    mine = AccessToken.objects.filter(owner=request.auth.owner_id)
    found = select_tokens(mine, q=query.q, state=query.state or "", sort=query.sort, now=now, window=window)
    count, first = found.count(), (query.page - 1) * query.page_size
    rows = with_secrets(found, now=now)[first : first + query.page_size]
    response["Link"] = _links(query, count)
    return TokensOut(items=[token_out(row, now=now, window=window) for row in rows], count=count)


@router.post(
    "/tokens",
    summary="Make a token",
    **answers(
        WRITE, {201: MadeOut}, "unconfirmed", "already_done", "name_taken", "too_many_tokens", *WITH_BODY, "key_reused"
    ),
)
def create_token(
    request: ApiRequest, response: HttpResponse, payload: CreateIn, idempotency_key: IdempotencyKey = None
) -> Status[MadeOut]:
    """It can do no more, from no more networks and no longer than the token that asks."""
    now = timezone.now()
    made = delegation.create_token(
        name=payload.name,
        description=payload.description,
        scopes=payload.scopes,
        allowed_networks=payload.allowed_networks,
        end=payload.end,
        by=actor_by_token(request),
        now=now,
        **repeat_keys(request, idempotency_key, payload),
    )
    response["Location"] = f"/api/v1/tokens/{made.token.pk}"
    return Status(201, show_made(response, made, now=now))


@router.get("/tokens/{int:token_id}", summary="Look at a token", **answers(READ, {200: TokenOut}, *GONE))
def get_token(request: ApiRequest, response: HttpResponse, token_id: int) -> TokenOut:
    """Somebody else's token is not there."""
    return show(response, owned(request, token_id), now=timezone.now())


@router.patch(
    "/tokens/{int:token_id}",
    summary="Change a token",
    **answers(WRITE, {200: TokenOut}, *GONE, *CHANGING, "changed_elsewhere", *WITH_BODY),
)
def change_token(
    request: ApiRequest, response: HttpResponse, token_id: int, payload: ChangeIn, if_match: IfMatch = None
) -> TokenOut:
    """Its secrets go on working and its end does not move. What comes of it can do no more than the token that asks."""
    token, now = owned(request, token_id), timezone.now()
    changed = delegation.change_token(
        token,
        version=version_to_match(token, if_match),
        by=actor_by_token(request),
        now=now,
        **payload.dict(exclude_unset=True),
    )
    return show(response, changed, now=now)


@router.delete("/tokens/{int:token_id}", summary="Delete a token", **answers(WRITE, {204: None}, *GONE))
def delete_token(request: ApiRequest, token_id: int) -> Status[None]:
    """Its secrets are unknown ones from then on, and it can't be recovered."""
    lifecycle.delete_token(owned(request, token_id), by=actor_by_token(request), now=timezone.now())
    return Status(204, None)


def owned(request: ApiRequest, token_id: int) -> AccessToken:
    """A token of the owner. Raises Http404 for another's, as for none."""
    token = AccessToken.objects.filter(owner=request.auth.owner_id, pk=token_id).first()
    if token is None:
        raise Http404
    return token


def show(response: HttpResponse, token: AccessToken, *, now: datetime) -> TokenOut:
    """The token as it is now, with its ETag. Raises TokenGone."""
    current = with_secrets(AccessToken.objects.filter(pk=token.pk), now=now).first()
    if current is None:
        raise TokenGone
    response["ETag"] = etag(current)
    return token_out(current, now=now, window=reminder_window(Policy.current()))


def show_made(response: HttpResponse, made: Made, *, now: datetime) -> MadeOut:
    return made_out(made, show(response, made.token, now=now))


def _links(query: ListIn, count: int) -> str:
    """RFC 8288; addresses of the pages that there are, with everything else that was asked for."""
    last = max(1, -(-count // query.page_size))
    pages = {"first": 1, "prev": min(query.page - 1, last), "next": query.page + 1, "last": last}
    asked = query.dict(exclude_unset=True)
    return ", ".join(
        f'<{settings.BASE_URL}/api/v1/tokens?{urlencode({**asked, "page": page})}>; rel="{name}"'
        for name, page in pages.items()
        if 1 <= page <= last
    )
