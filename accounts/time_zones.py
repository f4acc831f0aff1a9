"""The time zones that a person may choose."""

from functools import cache
from zoneinfo import ZoneInfo, available_timezones

# Not places but stand-ins of the machine: the first is wherever the server stands, the second no zone.
_STAND_INS = frozenset({"localtime", "Factory"})


@cache
def all_time_zones() -> frozenset[str]:
    """Their names; asked once, since Python looks through every file of the zone database for them."""
    return frozenset(available_timezones() - _STAND_INS)


def zone_named(name: str) -> ZoneInfo | None:
    """The zone, or None when there is none of that name: the server may have moved to a system that lacks it."""
    return ZoneInfo(name) if name in all_time_zones() else None
