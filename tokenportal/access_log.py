"""The access log: a line of JSON for each request, as structlog's would be, at a tenth of its price.

Verification writes one for each answer, and what a line costs then is less its text than the write: many
are therefore written at once (see tokens.domain.pending).
"""

import json
import sys
import time
from collections import deque
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache
from threading import Lock
from typing import NamedTuple

from accounts.actor import Caller
from tokens.domain.pending import Rest, no_rest, register
from tokens.secret_format import scrub

_WRITTEN_AT_ONCE = 50


class Line(NamedTuple):
    """`at` is in microseconds since 1970."""

    method: str
    route: str | None
    status: int
    ms: float
    caller: Caller
    at: int


class AccessLog:
    """Lines that wait to be written: until there are enough, or the next flush."""

    def __init__(self) -> None:
        self.forget()

    def note(self, method: str, route: str | None, status: int, ms: float, caller: Caller) -> None:
        """For the request that has just been answered."""
        self._noted.append(Line(method, route, status, ms, caller, time.time_ns() // 1000))
        if len(self._noted) >= _WRITTEN_AT_ONCE:
            self.flush()

    def flush(self, _rest: Rest = no_rest) -> None:
        """Write what waits. What standard output does not take is lost: no answer fails by a full disk."""
        with self._lock, suppress(OSError):
            sys.stdout.write("".join(_text(self._noted.popleft()) for _ in range(len(self._noted))))
            sys.stdout.flush()

    def forget(self) -> None:
        """Start anew, as a forked process must."""
        self._lock = Lock()
        self._noted: deque[Line] = deque()


access_log = register(AccessLog())


def _text(line: Line) -> str:
    """Of the values the method alone is text that the caller chose freely."""
    quote = _quote_again if len(line.method) <= _LONGEST_METHOD else _quote
    seconds, microseconds = divmod(line.at, 1_000_000)
    return (
        f'{{{quote(line.method, line.route)}, "status": {line.status}, "ms": {line.ms:.1f}, '
        f'"address": "{line.caller.address}", "event": "request", "request_id": "{line.caller.request_id}", '
        f'"level": "info", "timestamp": "{_second(seconds)}.{microseconds:06}Z"}}\n'
    )


@lru_cache(maxsize=2)
def _second(since_1970: int) -> str:
    return datetime.fromtimestamp(since_1970, UTC).isoformat()[:19]


def _quote(method: str, route: str | None) -> str:
    return f'"method": {json.dumps(scrub(method))}, "route": {json.dumps(route)}'


# HTTP has few; what is longer is not worth the memory.
_LONGEST_METHOD = 20
_quote_again = lru_cache(maxsize=256)(_quote)
