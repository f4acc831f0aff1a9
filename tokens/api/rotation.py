"""Secrets that come and go: regenerating, ending an old one, and what a token may do with itself."""

from datetime import timedelta

from django.http import HttpResponse
from django.utils import timezone
from ninja import Router, Status

from tokens.api.answers import WITH_BODY, answers
from tokens.api.auth import ApiRequest, TokenAuth, actor_by_token
from tokens.api.conditions import IdempotencyKey, repeat_keys
from tokens.api.schemas import MadeOut, RegenerateIn, TokenOut
from tokens.api.tokens import GONE, WRITE, owned, show, show_made
from tokens.domain import delegation, lifecycle
from tokens.presenting import rfc3339
from tokens.scopes import ROTATE

router = Router(tags=["tokens"])
current = Router(tags=["the token that asks"])
REGENERATING = ("already_done", "revoked", "too_many_tokens")
ANY_SCOPE, MAY_ROTATE = TokenAuth(), TokenAuth(ROTATE)


@router.post(
    "/tokens/{int:token_id}/regenerate",
    summary="Regenerate a token",
    **answers(WRITE, {200: MadeOut}, *GONE, *REGENERATING, *WITH_BODY, "key_reused"),
)
def regenerate_token(
    request: ApiRequest,
    response: HttpResponse,
    token_id: int,
    payload: RegenerateIn | None = None,
    idempotency_key: IdempotencyKey = None,
) -> MadeOut:
    """A new secret with a new end, no later than that of the token that asks."""
    token, now, asked = owned(request, token_id), timezone.now(), payload or RegenerateIn()
    made = delegation.regenerate_token(
        token,
        end=asked.end,
        overlap=timedelta(seconds=asked.overlap),
        by=actor_by_token(request),
        now=now,
        **repeat_keys(request, idempotency_key, payload),
    )
    return show_made(response, made, now=now)


@router.delete(
    "/tokens/{int:token_id}/secrets/{int:secret_id}",
    summary="End an old secret now",
    **answers(WRITE, {204: None}, *GONE, "secret_gone", "secret_is_current"),
)
def end_secret(request: ApiRequest, token_id: int, secret_id: int) -> Status[None]:
    """One that was replaced and still lives on."""
    lifecycle.end_secret(owned(request, token_id), secret_id, by=actor_by_token(request), now=timezone.now())
    return Status(204, None)


@current.get("/tokens/current", summary="Look at this token", **answers(ANY_SCOPE, {200: TokenOut}, *GONE))
def get_current_token(request: ApiRequest, response: HttpResponse) -> TokenOut:
    return show(response, owned(request, request.auth.token_id), now=timezone.now())


@current.delete("/tokens/current", summary="Delete this token", **answers(ANY_SCOPE, {204: None}, *GONE))
def delete_current_token(request: ApiRequest) -> Status[None]:
    lifecycle.delete_token(owned(request, request.auth.token_id), by=actor_by_token(request), now=timezone.now())
    return Status(204, None)


@current.post(
    "/tokens/current/regenerate",
    summary="Regenerate this token",
    **answers(MAY_ROTATE, {200: MadeOut}, *REGENERATING, *WITH_BODY, "key_reused"),
)
def regenerate_current_token(
    request: ApiRequest,
    response: HttpResponse,
    payload: RegenerateIn | None = None,
    idempotency_key: IdempotencyKey = None,
) -> MadeOut:
    """The one call that may give a token a later end, within the policy. An old secret may not make it."""
    now, asked = timezone.now(), payload or RegenerateIn()
    made = delegation.regenerate_itself(
        end=asked.end,
        overlap=timedelta(seconds=asked.overlap),
        by=actor_by_token(request),
        now=now,
        **repeat_keys(request, idempotency_key, payload),
    )
    request.token_expires_at = rfc3339(made.token.expires_at)  # the caller goes on with the new secret
    return show_made(response, made, now=now)
