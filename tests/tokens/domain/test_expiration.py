"""When a token ends: days of 24 hours, days of the calendar, and the policy."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokens.domain.expiration import after_days, at_end_of, check_expiration, last_day, offered_days
from tokens.errors import InvalidExpiration
from tokens.models import Policy

NOON = datetime(2027, 1, 31, 12, 0, 0, tzinfo=UTC)
NEW_YORK, KIRITIMATI = ZoneInfo("America/New_York"), ZoneInfo("Pacific/Kiritimati")
ZONES = [ZoneInfo("UTC"), NEW_YORK, KIRITIMATI, ZoneInfo("Asia/Kathmandu"), ZoneInfo("Pacific/Pago_Pago")]


@pytest.mark.parametrize(
    ("default", "longest", "offered"),
    [
        (30, 365, [7, 30, 60, 90, 180, 365]),
        (30, 90, [7, 30, 60, 90]),
        (45, 100, [7, 30, 45, 60, 90]),
        (3, 3, [3]),
        (400, 3650, [7, 30, 60, 90, 180, 365, 400]),
    ],
)
def test_offered_days_are_what_the_policy_allows(default: int, longest: int, offered: list[int]) -> None:
    assert offered_days(Policy(default_days=default, longest_days=longest)) == offered


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        (datetime(2028, 2, 28, 10, tzinfo=UTC), 1, datetime(2028, 2, 29, 10, tzinfo=UTC)),
        (datetime(2028, 2, 29, 10, tzinfo=UTC), 365, datetime(2029, 2, 28, 10, tzinfo=UTC)),
        (datetime(2027, 2, 28, 10, tzinfo=UTC), 1, datetime(2027, 3, 1, 10, tzinfo=UTC)),
        (datetime(2026, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC), 7, datetime(2027, 1, 7, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_after_days_counts_24_hours_each_to_the_whole_second(start: datetime, days: int, end: datetime) -> None:
    assert after_days(days, now=start) == end


def test_after_days_over_the_change_of_the_clocks_is_still_24_hours_each() -> None:
    saturday = datetime(2027, 3, 13, 12, tzinfo=NEW_YORK).astimezone(UTC)  # the night of Sunday has no 02:00
    assert after_days(1, now=saturday).astimezone(NEW_YORK) == datetime(2027, 3, 14, 13, tzinfo=NEW_YORK)


@pytest.mark.parametrize("days", [10_000_000, 10**20, -(10**20)])
def test_after_days_beyond_all_calendars_is_refused(days: int) -> None:
    with pytest.raises(InvalidExpiration, match="calendar"):
        after_days(days, now=NOON)


@pytest.mark.parametrize(
    ("day", "zone", "end"),
    [
        (date(2026, 12, 22), "UTC", "2026-12-22T23:59:59+00:00"),
        (date(2026, 12, 22), "Pacific/Kiritimati", "2026-12-22T09:59:59+00:00"),
        (date(2026, 12, 22), "Pacific/Pago_Pago", "2026-12-23T10:59:59+00:00"),
        (date(2026, 12, 22), "America/New_York", "2026-12-23T04:59:59+00:00"),
        (date(2026, 7, 1), "America/New_York", "2026-07-02T03:59:59+00:00"),
        (date(2027, 3, 14), "America/New_York", "2027-03-15T03:59:59+00:00"),
        (date(2026, 11, 1), "America/New_York", "2026-11-02T04:59:59+00:00"),
        (date(2028, 2, 29), "Asia/Kathmandu", "2028-02-29T18:14:59+00:00"),
    ],
)
def test_at_end_of_a_day_is_its_last_second_for_who_lives_there(day: date, zone: str, end: str) -> None:
    assert at_end_of(day, zone=ZoneInfo(zone)).astimezone(UTC).isoformat() == end


@pytest.mark.parametrize("seconds", [1, 60, 365 * 86400])
def test_check_expiration_ahead_and_within_the_policy_is_taken(seconds: int) -> None:
    end = NOON + timedelta(seconds=seconds)
    assert check_expiration(end, policy=Policy(), now=NOON) == end


@pytest.mark.parametrize("seconds", [0, -1, -86400, 0.999])
def test_check_expiration_now_or_past_is_refused(seconds: float) -> None:
    with pytest.raises(InvalidExpiration, match="in the future") as refused:
        check_expiration(NOON + timedelta(seconds=seconds), policy=Policy(), now=NOON)
    assert refused.value.field == "expires_at"


@pytest.mark.parametrize("longest", [1, 365, 3650])
def test_check_expiration_a_second_past_the_longest_is_refused(longest: int) -> None:
    policy = Policy(longest_days=longest)
    latest = NOON + timedelta(days=longest)
    assert check_expiration(latest, policy=policy, now=NOON) == latest
    with pytest.raises(InvalidExpiration, match=f"at most {longest} days"):
        check_expiration(latest + timedelta(seconds=1), policy=policy, now=NOON)


@pytest.mark.parametrize("zone", ZONES, ids=str)
def test_check_expiration_at_the_end_of_time_is_refused(zone: ZoneInfo) -> None:
    with pytest.raises(InvalidExpiration):
        check_expiration(at_end_of(date.max, zone=zone), policy=Policy(), now=NOON)
    with pytest.raises(InvalidExpiration):
        check_expiration(at_end_of(date.min, zone=zone), policy=Policy(), now=NOON)


def test_check_expiration_cuts_what_is_below_a_second() -> None:
    end = check_expiration(NOON + timedelta(days=1, microseconds=999_999), policy=Policy(), now=NOON)
    assert end == NOON + timedelta(days=1)


def test_check_expiration_of_the_longest_life_from_any_instant_is_taken() -> None:
    now = NOON + timedelta(microseconds=654_321)
    end = after_days(365, now=now)
    assert check_expiration(end, policy=Policy(), now=now) == end


@given(
    st.timedeltas(-timedelta(days=1000), timedelta(days=3000)),
    st.integers(1, 3650),
    st.sampled_from(ZONES),
)
def test_last_day_from_any_instant_is_the_last_that_is_allowed(since: timedelta, longest: int, zone: ZoneInfo) -> None:
    policy, now = Policy(longest_days=longest), NOON + since
    day = last_day(policy, now=now, zone=zone)
    if (end := at_end_of(day, zone=zone)) > now:
        assert check_expiration(end, policy=policy, now=now) == end
    with pytest.raises(InvalidExpiration):
        check_expiration(at_end_of(day + timedelta(days=1), zone=zone), policy=policy, now=now)


@pytest.mark.parametrize(
    ("now", "zone", "day"),
    [
        (datetime(2026, 12, 1, 12, tzinfo=UTC), "UTC", date(2027, 11, 30)),
        (datetime(2026, 12, 1, 23, 59, 59, tzinfo=UTC), "UTC", date(2027, 12, 1)),
        (datetime(2026, 12, 1, 12, tzinfo=UTC), "Pacific/Kiritimati", date(2027, 12, 1)),
        (datetime(2026, 12, 1, 9, 59, 59, tzinfo=UTC), "Pacific/Kiritimati", date(2027, 12, 1)),
        (datetime(2026, 12, 1, 12, tzinfo=UTC), "America/New_York", date(2027, 11, 30)),
        (datetime(2028, 2, 29, 23, 59, 59, tzinfo=UTC), "UTC", date(2029, 2, 28)),
    ],
)
def test_last_day_in_a_zone_is_the_one_whose_end_is_allowed(now: datetime, zone: str, day: date) -> None:
    assert last_day(Policy(), now=now, zone=ZoneInfo(zone)) == day
