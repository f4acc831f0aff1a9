"""Which of the flagged tokens the banner shows, and for how long."""

from datetime import UTC, datetime, timedelta

import pytest

from accounts.actor import COMMAND
from accounts.models import User
from tests.conftest import MakeToken
from tokens.domain import lifecycle
from tokens.domain.expiry import banner_tokens, flag_expiring
from tokens.models import AccessToken

SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)
END = datetime(2026, 6, 30, 12, tzinfo=UTC)


@pytest.fixture
def token(make_token: MakeToken) -> AccessToken:
    """One that ends at END, and was flagged a week before."""
    token, _ = make_token(name="ci-deploy", expires_at=END, now=END - 90 * DAY)
    flag_expiring(now=END - 7 * DAY)
    return token


def shown(owner: User, *, now: datetime) -> list[str]:
    return [token.name for token in banner_tokens(owner, now=now)]


def dismiss(token: AccessToken, *, now: datetime) -> None:
    lifecycle.dismiss_banner(token, by=COMMAND, now=now)


def test_banner_tokens_are_the_owners_flagged_ones_soonest_first(make_token: MakeToken, alice: User, bob: User) -> None:
    for name, owner, days in (("third", alice, 6), ("first", alice, -1), ("second", alice, 2), ("bobs", bob, 1)):
        make_token(name=name, owner=owner, expires_at=END + days * DAY, now=END - 90 * DAY)
    make_token(name="far off", expires_at=END + 8 * DAY, now=END - 90 * DAY)
    assert shown(alice, now=END) == []
    flag_expiring(now=END)
    assert shown(alice, now=END) == ["first", "second", "third"]


def test_banner_tokens_of_a_dismissed_one_stay_away_until_a_day_is_left(token: AccessToken) -> None:
    dismiss(token, now=END - 5 * DAY)
    assert shown(token.owner, now=END - 5 * DAY) == []
    assert shown(token.owner, now=END - DAY - SECOND) == []
    assert shown(token.owner, now=END - DAY) == ["ci-deploy"]
    assert shown(token.owner, now=END + 3 * DAY) == ["ci-deploy"]


@pytest.mark.parametrize("moment", [END - DAY, END - timedelta(hours=1), END + 2 * DAY])
def test_banner_tokens_of_one_dismissed_on_the_last_day_or_later_come_no_more(
    token: AccessToken, moment: datetime
) -> None:
    dismiss(token, now=END - 5 * DAY)
    dismiss(token, now=moment)
    assert shown(token.owner, now=moment) == []
    assert shown(token.owner, now=END + 3 * DAY) == []


def test_banner_tokens_of_an_ended_one_go_after_thirty_days(token: AccessToken) -> None:
    assert shown(token.owner, now=END + 30 * DAY - SECOND) == ["ci-deploy"]
    assert shown(token.owner, now=END + 30 * DAY) == []


def test_banner_tokens_of_one_disabled_and_enabled_again_come_with_the_next_run(token: AccessToken) -> None:
    lifecycle.disable_token(token, by=COMMAND, now=END - 2 * DAY)
    assert shown(token.owner, now=END - 2 * DAY) == []
    lifecycle.enable_token(token, by=COMMAND, now=END - 2 * DAY)
    flag_expiring(now=END - 2 * DAY)
    assert shown(token.owner, now=END - 2 * DAY) == ["ci-deploy"]


def test_banner_tokens_of_a_regenerated_one_go_and_forget_that_it_was_dismissed(token: AccessToken) -> None:
    dismiss(token, now=END - 5 * DAY)
    lifecycle.regenerate_token(token, expires_at=END + 60 * DAY, by=COMMAND, now=END - 3 * DAY)
    assert shown(token.owner, now=END - 3 * DAY) == []
    flag_expiring(now=END + 54 * DAY)
    assert shown(token.owner, now=END + 54 * DAY) == ["ci-deploy"]


def test_banner_tokens_of_a_revoked_or_deleted_one_go(token: AccessToken, make_token: MakeToken) -> None:
    other, _ = make_token(name="other", expires_at=END, now=END - 90 * DAY)
    flag_expiring(now=END - 2 * DAY)
    lifecycle.revoke_token(token, code="administrator", reason="", by=COMMAND, now=END - DAY)
    lifecycle.delete_token(other, by=COMMAND, now=END - DAY)
    assert shown(token.owner, now=END - DAY) == []
