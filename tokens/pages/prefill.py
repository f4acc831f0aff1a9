"""A new-token form that a link fills in, or another token."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.http import QueryDict
from django.utils import timezone

from tokens import scopes
from tokens.domain import expiration
from tokens.errors import InvalidScopes
from tokens.models import AccessToken, Policy, Resource
from tokens.models.access_token import NAME_LENGTH
from tokens.pages.forms import CUSTOM
from tokens.pages.permission_fields import scopes_of
from tokens.secret_format import holds_secret

_COPY = " copy"
# Of what a link asks for in vain; a resource's name has 40 characters.
_LONGEST_SHOWN = 60
_MOST_SHOWN = 10


def from_link(query: QueryDict, *, policy: Policy, now: datetime) -> dict[str, Any]:
    """`name`, `description`, `expires_in` and `scopes` of an address, as arguments of the form.

    Never full access: a link must not talk anybody into it. A value that holds a secret is left out.
    """
    said = {name: str(value) for name, value in query.items()}
    given = {name: value for name, value in said.items() if value and not holds_secret(value, settings.TOKEN_PREFIXES)}
    initial: dict[str, str] = {name: given[name] for name in ("name", "description") if name in given}
    initial |= _expiration(given.get("expires_in", ""), policy=policy, now=now)
    wanted = " ".join(query.getlist("scopes")).replace(",", " ").split()
    return {"initial": initial, **_chosen(wanted)}


def from_token(token: AccessToken) -> dict[str, Any]:
    """A duplicate: all but the secret, the end, and what no form gives or preselects."""
    initial = {
        "name": token.name[: NAME_LENGTH - len(_COPY)] + _COPY,
        "description": token.description,
        "allowed_networks": "\n".join(token.allowed_networks),
    }
    return {"initial": initial, **_chosen(token.scope_list)}


def from_post(data: QueryDict) -> dict[str, Any]:
    """What was typed for a token that is gone, for a new one; as of a link, no full access and no secret."""
    typed = {name: value for name, value in data.items() if not holds_secret(str(value), settings.TOKEN_PREFIXES)}
    initial = {name: typed[name] for name in ("name", "description", "allowed_networks") if name in typed}
    return {"initial": initial, **_chosen(scopes_of(data))}


def _chosen(wanted: Collection[str]) -> dict[str, list[str]]:
    """What is preselected, and what of a fit length is not: the form says so."""
    granted = _grantable(wanted)
    shown = [
        scope for scope in wanted if len(scope) <= _LONGEST_SHOWN and not holds_secret(scope, settings.TOKEN_PREFIXES)
    ]
    return {"granted": granted, "left_out": sorted(set(shown) - set(granted))[:_MOST_SHOWN]}


def _grantable(wanted: Iterable[str]) -> list[str]:
    """Those that name a registered resource."""
    names = set(Resource.objects.values_list("name", flat=True))
    return [scope for scope in wanted if ":" in scope and _is_registered(scope, names)]


def _is_registered(scope: str, names: set[str]) -> bool:
    try:
        scopes.normalise([scope], resources=names)
    except InvalidScopes:
        return False
    return True


def _expiration(days_text: str, *, policy: Policy, now: datetime) -> dict[str, str]:
    if not (days_text.isascii() and days_text.isdigit() and 0 < len(days_text) < 6 and int(days_text) > 0):
        return {}
    days = int(days_text)
    if days in expiration.offered_days(policy):
        return {"expires_in": days_text}
    today, zone = timezone.localdate(now), timezone.get_current_timezone()
    day = min(today + timedelta(days=days), expiration.last_day(policy, now=now, zone=zone))
    # No day can be chosen at all where a token may live for a day at most.
    return {"expires_in": CUSTOM, "expires_on": day.isoformat()} if day > today else {}
