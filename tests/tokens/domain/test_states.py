"""The state of a token: the function, the filter and verification agree on every token."""

from datetime import datetime, timedelta
from itertools import product

import pytest

from accounts.models import User
from tests.conftest import MakeToken
from tokens.domain.digests import digest
from tokens.domain.states import State, in_state, reminder_window, state_of
from tokens.domain.verification import Outcome, verify
from tokens.models import AccessToken, Policy, TokenSecret
from tokens.networks import CallerAddress
from tokens.secret_format import make_secret

WEEK = timedelta(days=7)
SECOND = timedelta(seconds=1)
ENDS = [-WEEK, -SECOND, timedelta(0), SECOND, WEEK - SECOND, WEEK, WEEK + SECOND, timedelta(days=300)]


def state_by_the_book(end: timedelta, disabled: bool, revoked: bool) -> str:
    if revoked:
        return "revoked"
    if end <= timedelta(0):
        return "expired"
    if disabled:
        return "disabled"
    return "expiring" if end <= WEEK else "active"


def of_every_kind(owner: User, now: datetime) -> list[AccessToken]:
    """Tokens with every end, disabled or not, revoked or not, whose names are their states by the book."""
    made = []
    for number, (end, disabled, revoked) in enumerate(product(ENDS, (False, True), (False, True))):
        name = f"{state_by_the_book(end, disabled, revoked)} {number}"
        at = {"created_at": now - 2 * WEEK, "updated_at": now, "expires_at": now + end}
        off = {"disabled_at": now, "disabled_by": "owner"} if disabled else {}
        ended = {"revoked_at": now, "revoked_code": "leak"} if revoked else {}
        made.append(AccessToken(owner=owner, name=name, name_key=name, scopes="full", **at, **off, **ended))
    return AccessToken.objects.bulk_create(made)


def test_state_of_each_kind_of_token_is_that_by_the_book(alice: User, now: datetime) -> None:
    for token in of_every_kind(alice, now):
        assert state_of(token, now=now, window=WEEK) == token.name.split()[0]


@pytest.mark.parametrize("state", State)
def test_in_state_finds_the_tokens_that_the_function_says(alice: User, now: datetime, state: State) -> None:
    of_every_kind(alice, now)
    found = set(AccessToken.objects.filter(in_state(state, now=now, window=WEEK)))
    assert found == {token for token in AccessToken.objects.all() if state_of(token, now=now, window=WEEK) is state}
    assert found


def test_in_state_puts_every_token_into_exactly_one(alice: User, now: datetime) -> None:
    count = len(of_every_kind(alice, now))
    filters = [in_state(state, now=now, window=WEEK) for state in State]
    assert sum(AccessToken.objects.filter(one).count() for one in filters) == count


def test_is_accepted_says_what_verification_says_of_every_token(alice: User, now: datetime) -> None:
    for token in of_every_kind(alice, now):
        secret = make_secret("tp_")
        TokenSecret.objects.create(token=token, digest=digest(secret, 2), pepper=2, hint="h", created_at=now)
        verdict = verify(secret, needed=["full"], address=CallerAddress(None), now=now)
        assert state_of(token, now=now, window=WEEK).is_accepted == (verdict.outcome is Outcome.GOOD), token


def test_reminder_window_is_that_of_the_policy(make_token: MakeToken, now: datetime) -> None:
    token, _ = make_token(expires_at=now + timedelta(days=10))
    assert state_of(token, now=now, window=reminder_window(Policy(reminder_days=9))) is State.ACTIVE
    assert state_of(token, now=now, window=reminder_window(Policy(reminder_days=10))) is State.EXPIRING
