"""The flags of tokens that end soon or have ended."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection

from accounts.actor import COMMAND
from accounts.people import deactivate_user, reactivate_user
from tests.conftest import MakeToken
from tests.tokens.conftest import SetPolicy
from tokens.domain import lifecycle
from tokens.domain.expiry import flag_expiring
from tokens.models import AccessToken, JobRun

SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)
BERLIN = ZoneInfo("Europe/Berlin")
END = datetime(2026, 6, 30, 12, tzinfo=UTC)

# What is done to a token, or to its owner, that needs no warning then.
ENDINGS: dict[str, Callable[[AccessToken, datetime], object]] = {
    "disabled": lambda token, now: lifecycle.disable_token(token, by=COMMAND, now=now),
    "revoked": lambda token, now: lifecycle.revoke_token(token, code="leak", reason="", by=COMMAND, now=now),
    "of a deactivated owner": lambda token, now: deactivate_user(token.owner, by=COMMAND, now=now),
}


@pytest.fixture
def token(make_token: MakeToken) -> AccessToken:
    """One that ends at END."""
    return make_token(name="ci-deploy", expires_at=END, now=END - 90 * DAY)[0]


def is_flagged(token: AccessToken) -> bool:
    return flagged_at(token) is not None


def flagged_at(token: AccessToken) -> datetime | None:
    return AccessToken.objects.values_list("expiry_flagged_at", flat=True).get(pk=token.pk)


# --- What is flagged --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moment", "flagged"),
    [
        (END - 7 * DAY - SECOND, False),
        (END - 7 * DAY, True),
        (END - 7 * DAY + SECOND, True),
        (END - SECOND, True),
        (END, True),
        (END + SECOND, True),
        (END + 400 * DAY, True),
    ],
)
def test_flag_expiring_flags_from_seven_days_before_the_end_on(
    token: AccessToken, moment: datetime, *, flagged: bool
) -> None:
    flag_expiring(now=moment)
    assert is_flagged(token) is flagged


@pytest.mark.parametrize(
    "end",
    [
        datetime(2026, 3, 31, 23, 59, 59, tzinfo=BERLIN),  # summer time begins two days before
        datetime(2026, 10, 27, 23, 59, 59, tzinfo=BERLIN),  # and ends
        datetime(2028, 2, 29, 12, tzinfo=UTC),
        datetime(2028, 3, 1, 12, tzinfo=UTC),  # the window has a 29 February in it
    ],
)
def test_flag_expiring_over_odd_days_counts_seven_times_24_hours(make_token: MakeToken, end: datetime) -> None:
    end = end.astimezone(UTC)
    token, _ = make_token(expires_at=end, now=end - 90 * DAY)
    flag_expiring(now=end - timedelta(hours=7 * 24) - SECOND)
    assert not is_flagged(token)
    flag_expiring(now=end - timedelta(hours=7 * 24))
    assert is_flagged(token)


@pytest.mark.parametrize("how", ENDINGS)
def test_flag_expiring_passes_over_a_token_that_is(token: AccessToken, how: str) -> None:
    ENDINGS[how](token, END - 30 * DAY)
    flag_expiring(now=END - DAY)
    assert not is_flagged(token)


@pytest.mark.parametrize("how", ENDINGS)
def test_flag_expiring_takes_the_flag_off_a_token_that_is_now(token: AccessToken, how: str) -> None:
    flag_expiring(now=END - 2 * DAY)
    ENDINGS[how](token, END - DAY)
    flag_expiring(now=END - DAY)
    assert not is_flagged(token)


def test_flag_expiring_after_the_owner_came_back_flags_again(token: AccessToken) -> None:
    deactivate_user(token.owner, by=COMMAND, now=END - 30 * DAY)
    flag_expiring(now=END - 2 * DAY)
    reactivate_user(token.owner, by=COMMAND, now=END - DAY)
    flag_expiring(now=END - DAY)
    assert is_flagged(token)


def test_flag_expiring_after_enable_flags_again(token: AccessToken) -> None:
    lifecycle.disable_token(token, by=COMMAND, now=END - 3 * DAY)
    lifecycle.enable_token(token, by=COMMAND, now=END - 2 * DAY)
    assert not is_flagged(token)
    flag_expiring(now=END - DAY)
    assert is_flagged(token)


def test_flag_expiring_with_another_window_follows_it_both_ways(token: AccessToken, set_policy: SetPolicy) -> None:
    moment = END - 8 * DAY
    flags = []
    for days in (7, 8, 30, 7):
        set_policy(reminder_days=days)
        flag_expiring(now=moment)
        flags.append(is_flagged(token))
    assert flags == [False, True, True, False]


# --- How a run goes ---------------------------------------------------------------------------


def test_flag_expiring_twice_changes_nothing_more(token: AccessToken) -> None:
    first = flag_expiring(now=END - 2 * DAY)
    again = flag_expiring(now=END - DAY)
    assert (first.counts["flagged"], again.counts["flagged"], again.counts["unflagged"]) == (1, 0, 0)
    assert flagged_at(token) == END - 2 * DAY


def test_flag_expiring_leaves_a_run_that_tells_of_it(token: AccessToken) -> None:
    flag_expiring(now=END - DAY)
    run = JobRun.objects.get(job="flag_expiring")
    assert (run.started_at, run.counts) == (END - DAY, {"flagged": 1, "unflagged": 0, "reminders": 1})
    assert run.finished_at is not None


def test_flag_expiring_leaves_everything_else_of_the_token_alone(token: AccessToken) -> None:
    before = AccessToken.objects.values().get(pk=token.pk)
    flag_expiring(now=END - DAY)
    assert AccessToken.objects.values().get(pk=token.pk) == before | {"expiry_flagged_at": END - DAY}


def test_flag_expiring_of_many_tokens_asks_no_more_than_of_one(
    make_token: MakeToken, django_assert_max_num_queries: Callable[[int], AbstractContextManager[object]]
) -> None:
    for _ in range(20):
        make_token(expires_at=END, now=END - 90 * DAY)
    with django_assert_max_num_queries(20):
        assert flag_expiring(now=END).counts["flagged"] == 20


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_flag_expiring_while_somebody_changes_the_token_leaves_it_for_the_next_run(token: AccessToken) -> None:
    elsewhere = connection.copy()
    try:
        elsewhere.set_autocommit(False)
        elsewhere.cursor().execute("SELECT id FROM tokens_accesstoken FOR UPDATE")
        assert flag_expiring(now=END).counts["flagged"] == 0
        elsewhere.rollback()
        assert flag_expiring(now=END).counts["flagged"] == 1
    finally:
        elsewhere.close()
