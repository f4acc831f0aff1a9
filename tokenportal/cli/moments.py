"""Times: as the API writes them, as people do."""

from datetime import UTC, date, datetime, time

import click

_UNITS = (("year", 365 * 86400), ("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1))


def read_moment(text: str | None) -> datetime | None:
    """`2026-12-22T10:00:00Z`; None if it is none."""
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def in_words(moment: datetime, now: datetime) -> str:
    """`in 2 days` or `3 minutes ago`, rounded down to the largest unit that fits."""
    seconds = int(abs((moment - now).total_seconds()))
    name, size = next(((name, size) for name, size in _UNITS if seconds >= size), ("second", 1))
    count = seconds // size
    span = f"{count} {name}" if count == 1 else f"{count} {name}s"
    return f"in {span}" if moment > now else f"{span} ago"


def read_end(text: str) -> str:
    """An end that a person typed, as the API takes it; a day ends with its last second, in the local zone."""
    try:
        if len(text) == len("2026-12-22"):
            moment = datetime.combine(date.fromisoformat(text), time(23, 59, 59))
        else:
            moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError):
        raise click.BadParameter("a day as 2026-12-22, or a time as 2026-12-22T10:00:00Z.") from None
