"""Several tokens at once: Disable or Delete what is ticked in the list."""

from collections.abc import Callable

from django.db import transaction
from django.http import HttpResponse, QueryDict
from django.utils import timezone

from accounts.actor import actor_of
from accounts.recheck import resumed_input
from accounts.requests import SignedInRequest
from tokens.domain import lifecycle
from tokens.domain.rows import in_lock_order
from tokens.domain.selection import current_secrets
from tokens.errors import Refused
from tokens.models import AccessToken
from tokens.pages.listing import row_of
from tokens.pages.responses import done, page_or_act, show, signed_in

_MOST = 100
_Act = Callable[..., AccessToken | None]
_ACTS: dict[str, tuple[_Act, str]] = {
    "disable": (lifecycle.disable_token, "disabled"),
    "delete": (lifecycle.delete_token, "deleted"),
}


@page_or_act
@signed_in
def tokens_selected(request: SignedInRequest) -> HttpResponse:
    """A GET asks, a POST does it: `act` is disable or delete, `selected` the ids."""
    data = request.POST if request.method == "POST" else resumed_input(request) or request.GET
    tokens, act = _chosen(request, data), data.get("act", "")
    if act not in _ACTS or not tokens:
        return show(request, "selected", {"rows": []}, status=422)
    if request.method != "POST":
        rows = [row_of(token, now=timezone.now()) for token in tokens]
        return show(request, "selected", {"rows": rows, "act": act})
    return done(request, None, _sentence(act, changed=_do(request, tokens, act), of=len(tokens)))


def _chosen(request: SignedInRequest, data: QueryDict) -> list[AccessToken]:
    ids = [int(pk) for pk in data.getlist("selected")[:_MOST] if pk.isascii() and pk.isdigit() and len(pk) < 19]
    return list(request.user.tokens.filter(pk__in=ids).order_by("-created_at").prefetch_related(current_secrets()))


def _sentence(act: str, *, changed: int, of: int) -> str:
    done_to = f"{changed} token{'' if changed == 1 else 's'} {_ACTS[act][1]}."
    return done_to if changed == of else f"{done_to} {of - changed} can't be."


@transaction.atomic
def _do(request: SignedInRequest, tokens: list[AccessToken], act: str) -> int:
    """How many were changed; one that can't be (any more) doesn't stop the others."""
    return sum(_done(request, token, act) for token in in_lock_order(tokens))


def _done(request: SignedInRequest, token: AccessToken, act: str) -> bool:
    try:
        with transaction.atomic():
            _ACTS[act][0](token, by=actor_of(request), now=timezone.now())
    except Refused:
        return False
    return True
