"""An owner's tokens, found and put in order."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, F, OuterRef, Prefetch, Q, QuerySet

from tokens.domain.names import name_key
from tokens.domain.states import State, in_state
from tokens.models import AccessToken, TokenSecret

_COLUMNS = {"created": "created_at", "name": "name_key", "expires": "expires_at", "used": "last_used_at"}
SORTS = tuple(sign + name for name in _COLUMNS for sign in ("", "-"))
NEWEST_FIRST = "-created"


def select_tokens(
    tokens: QuerySet[AccessToken], *, q: str, state: str, sort: str, now: datetime, window: timedelta
) -> QuerySet[AccessToken]:
    """Those with `q` in name, description or hint, and in `state` ("" for all), by one of SORTS."""
    if state:
        tokens = tokens.filter(in_state(State(state), now=now, window=window))
    return tokens.filter(_matching(q)).order_by(*_order(sort))


def current_secrets() -> "Prefetch[str, QuerySet[TokenSecret], str]":
    """Only the secret that a token has now, for its hint."""
    return Prefetch("secrets", TokenSecret.objects.filter(replaced_at=None))


def _matching(q: str) -> Q:
    if not q:
        return Q()
    hints = TokenSecret.objects.filter(token=OuterRef("pk"), replaced_at=None, hint__contains=q)
    return Q(name_key__contains=name_key(q)) | Q(description__icontains=q) | Q(Exists(hints))


def _order(sort: str) -> list[Any]:
    column = F(_COLUMNS[sort.lstrip("-")])
    # Never used comes last whichever way; the id makes the order of equals, and so the pages, firm.
    if sort.startswith("-"):
        return [column.desc(nulls_last=True), "-pk"]
    return [column.asc(nulls_last=True), "pk"]
