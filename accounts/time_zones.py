"""The time zones that a person may choose."""

from functools import cache
from zoneinfo import available_timezones

# Not places but stand-ins of the machine: the first is wherever the server stands, the second no zone.
_STAND_INS = frozenset({"localtime", "Factory"})


@cache
def all_time_zones() -> frozenset[str]:
    """Their names; asked once, since Python looks through every file of the zone database for them."""
    return frozenset(available_timezones() - _STAND_INS)
