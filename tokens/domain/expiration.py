"""When a token ends. Every token does."""

from datetime import date, datetime, time, timedelta, tzinfo

from tokens.errors import InvalidExpiration
from tokens.models import Policy

OFFERED_DAYS = (7, 30, 60, 90, 180, 365)


def offered_days(policy: Policy) -> list[int]:
    """The durations that a form offers, in days, the policy's default among them."""
    return [days for days in sorted({*OFFERED_DAYS, policy.default_days}) if days <= policy.longest_days]


def after_days(days: int, *, now: datetime) -> datetime:
    """The end of a life of `days` times 24 hours, to the whole second, so that what is shown is exact.

    Raises InvalidExpiration when no calendar reaches as far.
    """
    try:
        return (now + timedelta(days=days)).replace(microsecond=0)
    except OverflowError:
        raise InvalidExpiration("That is further away than any calendar reaches.") from None


def at_end_of(day: date, *, zone: tzinfo) -> datetime:
    """23:59:59 of that day for somebody in `zone`."""
    return datetime.combine(day, time(23, 59, 59), tzinfo=zone)


def last_day(policy: Policy, *, now: datetime, zone: tzinfo) -> date:
    """The last day that may be chosen: the one whose end the policy still allows."""
    latest = after_days(policy.longest_days, now=now)
    day = latest.astimezone(zone).date()
    return day if at_end_of(day, zone=zone) <= latest else day - timedelta(days=1)


def check_expiration(expires_at: datetime, *, policy: Policy, now: datetime) -> datetime:
    """`expires_at` to the whole second, when it lies ahead and within the policy. Raises InvalidExpiration."""
    end = expires_at.replace(microsecond=0)
    if end <= now:
        raise InvalidExpiration("Choose a time in the future.")
    if end > now + timedelta(days=policy.longest_days):
        raise InvalidExpiration(f"A token may live at most {policy.longest_days} days.")
    return end
