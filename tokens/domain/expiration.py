"""When a token ends. Every token does."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from tokens.errors import InvalidExpiration, InvalidOverlap
from tokens.models import Policy

OFFERED_DAYS = (7, 30, 60, 90, 180, 365)
NO_OVERLAP = timedelta()
# For how long an old secret may live on beside the new one.
OVERLAPS = (NO_OVERLAP, timedelta(hours=1), timedelta(hours=24), timedelta(days=7))


@dataclass(frozen=True, slots=True)
class WantedEnd:
    """What a program asks for: a life of so many days, or a time; with neither the policy's default life."""

    days: int | None = None
    at: datetime | None = None

    def resolve(self, *, policy: Policy, now: datetime) -> datetime:
        """Raises InvalidExpiration."""
        if self.days is not None and self.at is not None:
            raise InvalidExpiration("Give expires_in or expires_at, not both.")
        if self.at is not None:
            return check_expiration(self.at, policy=policy, now=now)
        days = policy.default_days if self.days is None else self.days
        if not 1 <= days <= policy.longest_days:
            raise InvalidExpiration(f"Use a number of days from 1 to {policy.longest_days}.", field="expires_in")
        return after_days(days, now=now)

    def resolve_before(self, latest: datetime, *, policy: Policy, now: datetime) -> tuple[datetime, bool]:
        """The end, at `latest` where a number of days reaches past it, and whether it was cut so.

        Raises InvalidExpiration.
        """
        end = self.resolve(policy=policy, now=now)
        if end > latest and self.at is not None:
            raise InvalidExpiration("It would end later than the token that asks for it.")
        return min(end, latest), end > latest


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


def offered_overlaps(policy: Policy) -> tuple[timedelta, ...]:
    return OVERLAPS if policy.overlap_allowed else (NO_OVERLAP,)


def check_overlap(overlap: timedelta, *, policy: Policy) -> None:
    """Raises InvalidOverlap."""
    if overlap not in OVERLAPS:
        raise InvalidOverlap("An old secret can go on working for 1 hour, 24 hours or 7 days, or not at all.")
    if overlap not in offered_overlaps(policy):
        raise InvalidOverlap("The policy of this portal lets no old secret go on working.")
