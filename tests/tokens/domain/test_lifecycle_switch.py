"""Disabling and enabling, by the owner and by an administrator."""

from datetime import datetime, timedelta

import pytest

from accounts.actor import Actor
from tests.conftest import MakeToken
from tests.tokens.conftest import Judge, SetPolicy, events, last_event
from tokens.domain.lifecycle import delete_token, disable_token, enable_token, revoke_token
from tokens.errors import DisabledByAdministrator, TokenGone, TokenIsRevoked, TooManyTokens
from tokens.models import AccessToken

LATER = timedelta(minutes=5)


def test_disable_token_and_enable_it_turns_it_off_and_on(
    make_token: MakeToken, web: Actor, now: datetime, judge: Judge
) -> None:
    token, secret = make_token()
    disable_token(token, by=web, now=now)
    assert judge(secret) == "disabled"
    enable_token(token, by=web, now=now)
    assert judge(secret) == "good"
    assert events(token) == ["token.created", "token.disabled", "token.enabled"]


def test_disable_token_records_who_switched_it_off(make_token: MakeToken, web: Actor, now: datetime) -> None:
    token, _ = make_token()
    disable_token(token, by=web, now=now)
    event = last_event("token.disabled")
    assert event.before == {"disabled": False, "disabled_by": ""}
    assert event.after == {"disabled": True, "disabled_by": "owner"}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("owner", "owner"),
        ("owner", "policy"),
        ("policy", "owner"),
        ("administrator", "owner"),
        ("administrator", "policy"),
        ("administrator", "administrator"),
    ],
)
def test_disable_token_that_is_off_already_does_nothing(
    make_token: MakeToken, web: Actor, now: datetime, first: str, second: str
) -> None:
    token, _ = make_token()
    off = disable_token(token, by=web, now=now, disabled_by=first)
    disable_token(token, by=web, now=now + LATER, disabled_by=second)
    row = AccessToken.objects.get()
    assert (row.disabled_at, row.disabled_by, row.updated_at) == (now, first, off.updated_at)
    assert events(token) == ["token.created", "token.disabled"]


@pytest.mark.parametrize("first", ["owner", "policy"])
def test_disable_token_by_an_administrator_stands_over_others(
    make_token: MakeToken, web: Actor, admin: Actor, now: datetime, first: str
) -> None:
    token, _ = make_token()
    disable_token(token, by=web, now=now, disabled_by=first)
    disable_token(token, by=admin, now=now + LATER, disabled_by="administrator")
    row = AccessToken.objects.get()
    assert (row.disabled_at, row.disabled_by) == (now, "administrator")
    assert last_event("token.disabled").after == {"disabled_by": "administrator"}


def test_disable_token_by_nobody_known_is_an_error(make_token: MakeToken, web: Actor, now: datetime) -> None:
    token, _ = make_token()
    with pytest.raises(ValueError, match="burglar"):
        disable_token(token, by=web, now=now, disabled_by="burglar")


def test_disable_token_takes_the_flag_off(make_token: MakeToken, web: Actor, now: datetime) -> None:
    token, _ = make_token()
    AccessToken.objects.update(expiry_flagged_at=now)
    assert disable_token(token, by=web, now=now).expiry_flagged_at is None


def test_enable_token_that_is_on_does_nothing(make_token: MakeToken, web: Actor, now: datetime) -> None:
    token, _ = make_token()
    enable_token(token, by=web, now=now + LATER)
    assert events(token) == ["token.created"]
    assert AccessToken.objects.get().updated_at == now


@pytest.mark.parametrize("disabled_by", ["owner", "policy"])
def test_enable_token_by_its_owner_is_done_unless_an_administrator_disabled_it(
    make_token: MakeToken, web: Actor, now: datetime, disabled_by: str
) -> None:
    token, _ = make_token()
    disable_token(token, by=web, now=now, disabled_by=disabled_by)
    assert enable_token(token, by=web, now=now).disabled_at is None


def test_enable_token_by_its_owner_after_an_administrator_is_refused(
    make_token: MakeToken, web: Actor, admin: Actor, now: datetime, judge: Judge
) -> None:
    token, secret = make_token()
    disable_token(token, by=admin, now=now, disabled_by="administrator")
    with pytest.raises(DisabledByAdministrator):
        enable_token(token, by=web, now=now)
    assert judge(secret) == "disabled"


@pytest.mark.parametrize("disabled_by", ["owner", "policy", "administrator"])
def test_enable_token_by_an_administrator_is_done(
    make_token: MakeToken, admin: Actor, now: datetime, disabled_by: str
) -> None:
    token, _ = make_token()
    disable_token(token, by=admin, now=now, disabled_by=disabled_by)
    row = enable_token(token, by=admin, now=now, as_administrator=True)
    assert (row.disabled_at, row.disabled_by) == (None, "")


def test_enable_token_within_the_limit_counts_it_once(
    make_token: MakeToken, web: Actor, now: datetime, set_policy: SetPolicy
) -> None:
    set_policy(tokens_per_owner=1)
    token, _ = make_token()
    disable_token(token, by=web, now=now)
    assert enable_token(token, by=web, now=now).disabled_at is None


def test_enable_token_past_the_limit_is_refused(
    make_token: MakeToken, web: Actor, now: datetime, set_policy: SetPolicy
) -> None:
    token, _ = make_token()
    disable_token(token, by=web, now=now)
    make_token()
    set_policy(tokens_per_owner=1)
    with pytest.raises(TooManyTokens):
        enable_token(token, by=web, now=now)


@pytest.mark.parametrize("act", [disable_token, enable_token])
def test_switching_a_revoked_token_is_refused(make_token: MakeToken, web: Actor, now: datetime, act: object) -> None:
    token, _ = make_token()
    revoke_token(token, code="leak", reason="", by=web, now=now)
    with pytest.raises(TokenIsRevoked):
        act(token, by=web, now=now)  # type: ignore[operator]  # either of the two acts


@pytest.mark.parametrize("act", [disable_token, enable_token])
def test_switching_a_deleted_token_is_refused(make_token: MakeToken, web: Actor, now: datetime, act: object) -> None:
    token, _ = make_token()
    delete_token(AccessToken.objects.get(), by=web, now=now)
    with pytest.raises(TokenGone):
        act(token, by=web, now=now)  # type: ignore[operator]  # either of the two acts
