"""The kinds of values that bodies and queries have: strict, so that a slip is told and not guessed at."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

MAX_ID = 2**63 - 1
EPOCH, MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", re.ASCII)


def parse_time(value: Any) -> datetime:
    """RFC 3339 with its zone, in UTC. Raises ValueError."""
    if not isinstance(value, str) or not _RFC3339.fullmatch(value.upper()):
        raise ValueError("Write the time as 2026-12-22T10:00:00Z.")
    try:
        return datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("There is no such time.") from None


def _digits(value: Any) -> int:
    """A number in a query, which is text. Raises ValueError."""
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{1,19}", value):
        raise ValueError("Write a whole number in digits.")
    return int(value)


def _without_nul(value: Any) -> Any:
    if isinstance(value, str) and "\0" in value:
        raise ValueError("Take out the NUL character.")
    return value


Time = Annotated[datetime, BeforeValidator(parse_time), WithJsonSchema({"type": "string", "format": "date-time"})]
Text = Annotated[str, BeforeValidator(_without_nul)]
Digits = BeforeValidator(_digits)
# What is answered: text already, to the whole second.
TimeText = Annotated[str, Field(json_schema_extra={"format": "date-time", "examples": ["2026-12-22T10:00:00Z"]})]
