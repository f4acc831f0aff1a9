"""Who may do what: every set of scopes, every call, on itself, on an own and on somebody else's token."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import product

import pytest

from accounts.actor import COMMAND
from accounts.models import User
from tests.conftest import MakeToken
from tests.tokens.api.conftest import Call
from tests.tokens.conftest import SetPolicy
from tokens.domain.lifecycle import regenerate_token
from tokens.models import AccessToken

SCOPES = [
    "",
    "tokens:read",
    "tokens:write",
    "tokens:rotate",
    "tokens:read tokens:rotate",
    "tokens:rotate tokens:write",
    "deployments:read",
    "deployments:write tokens:read",
    "introspect",
    "introspect tokens:write",
    "full",
]
# What each call needs; "" is any scope, but not none.
CALLS = {
    "GET /user": "",
    "GET /tokens": "tokens:read",
    "POST /tokens": "tokens:write",
    "GET /tokens/current": "",
    "DELETE /tokens/current": "",
    "POST /tokens/current/regenerate": "tokens:rotate",
    "GET /tokens/{id}": "tokens:read",
    "PATCH /tokens/{id}": "tokens:write",
    "POST /tokens/{id}/regenerate": "tokens:write",
    "DELETE /tokens/{id}/secrets/{secret}": "tokens:write",
    "DELETE /tokens/{id}": "tokens:write",
    "GET /activity": "tokens:read",
}
HELD = {
    "tokens:read": {"", "tokens:read"},
    "tokens:write": {"", "tokens:read", "tokens:write", "tokens:rotate"},
    "tokens:rotate": {"", "tokens:rotate"},
    "deployments:read": {""},
    "deployments:write": {""},
    "introspect": {""},
    "full": {"", "tokens:read", "tokens:write", "tokens:rotate"},
}
DONE = {"GET": 200, "PATCH": 200, "DELETE": 204, "POST": 200}
BODIES = {"POST /tokens": {"name": "made"}, "PATCH /tokens/{id}": {"name": "changed"}}


def cases() -> Iterator[tuple[str, str, str, int]]:
    """Scopes, call, whose token, and the status that is right."""
    for scopes, (call, needed) in product(SCOPES, CALLS.items()):
        held = set().union(*(HELD[scope] for scope in scopes.split()))
        for whose in ("own", "itself", "somebody else's") if "{id}" in call else ("-",):
            allowed = needed in held
            done = 201 if call == "POST /tokens" else DONE[call.split()[0]]
            yield scopes, call, whose, 403 if not allowed else 404 if whose == "somebody else's" else done


@pytest.mark.usefixtures("resources")
@pytest.mark.parametrize(("scopes", "called", "whose", "status"), list(cases()))
def test_rule_of_who_may_call_what_holds(  # noqa: PLR0917  # a table of four columns
    call: Call,
    make_token: MakeToken,
    bob: User,
    set_policy: SetPolicy,
    now: datetime,
    scopes: str,
    called: str,
    whose: str,
    status: int,
) -> None:
    set_policy(overlap_allowed=True)
    asking, secret = make_token(scopes=scopes.split(), may_introspect=True)
    targets = {"itself": asking, "own": make_token(scopes=scopes.split(), may_introspect=True)[0]}
    target = targets.get(whose) or make_token(owner=bob, scopes=[])[0]
    old = target.current_secret.pk
    if "{secret}" in called:
        _regenerate(target, now=now)  # the old one lives on, and may ask
    method, path = called.format(id=target.pk, secret=old).split()
    before = _described(target)
    answer = call(method, path, BODIES.get(called), secret=secret)
    assert answer.status_code == status, answer.content
    assert status < 400 or _described(target) == before


def _regenerate(token: AccessToken, *, now: datetime) -> None:
    regenerate_token(token, expires_at=token.expires_at, overlap=timedelta(hours=1), by=COMMAND, now=now)


def _described(token: AccessToken) -> object:
    """Everything that an act could change."""
    secrets = list(token.secrets.order_by("pk").values_list("pk", "accepted_until"))
    return AccessToken.objects.filter(pk=token.pk).values("name", "scopes", "expires_at", "updated_at").first(), secrets
