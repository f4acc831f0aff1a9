"""How often something may happen from one side: counted in Redis if there is one, else in this process.

A limit is a nuisance for floods and no part of who may do what, so it fails open: when Redis does
not answer, the process counts for itself, and when that is full, new keys are not counted.
"""

import math
import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

import structlog
from django.conf import settings
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tokens.networks import CallerAddress, limited_network

log = structlog.get_logger(__name__)

MAX_KEYS = 50_000
_REDIS_TIMEOUT = 0.1
# In seconds: a Redis that is gone must not cost every request the timeout.
_REST_AFTER_FAILURE = 5


@dataclass(frozen=True, slots=True)
class _Window:
    """One of the even stretches of so many seconds that time is cut into."""

    seconds: int
    number: int


@dataclass(slots=True)
class ProcessCounts:
    """What this process has counted, in the latest window of each length alone."""

    _windows: dict[int, tuple[int, Counter[str]]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, key: str, window: _Window) -> int:
        with self._lock:
            number, counts = self._windows.get(window.seconds, (None, Counter[str]()))
            if number != window.number:
                counts = Counter()
                self._windows[window.seconds] = (window.number, counts)
            if key in counts or len(counts) < MAX_KEYS:
                counts[key] += 1
            return counts[key]


@dataclass(slots=True)
class Counts:
    """Counts that all processes share if there is a Redis that answers."""

    _here: ProcessCounts = field(default_factory=ProcessCounts)
    _redis_rests_until: float = 0.0

    def add(self, key: str, window: _Window, *, at: float) -> int:
        if settings.REDIS_URL and at >= self._redis_rests_until:
            try:
                return _add_in_redis(key, window)
            except Exception as error:  # whatever it raises, nobody is refused for it
                self._redis_rests_until = at + _REST_AFTER_FAILURE
                log.warning("limit not counted in redis", error=type(error).__name__)
        return self._here.add(key, window)


_counts = Counts()


def hit(key: str, *, limit: int, window_seconds: int, now: datetime) -> int | None:
    """Count one more under `key`; the seconds to wait (at least 1) if it is one too many, else None."""
    at = now.timestamp()
    window = _Window(window_seconds, int(at // window_seconds))
    if _counts.add(key, window, at=at) <= limit:
        return None
    return max(1, math.ceil((window.number + 1) * window_seconds - at))


def by_address(what: str, address: CallerAddress) -> str:
    """The key of what one caller does: of an IPv6 address its /64, since whoever has one has all of it."""
    return f"{what}:{limited_network(address.address)}"


def _add_in_redis(key: str, window: _Window) -> int:
    name = f"tokenportal:limit:{window.seconds}:{window.number}:{key}"
    with _client(settings.REDIS_URL).pipeline(transaction=False) as pipeline:
        pipeline.incr(name)
        pipeline.expire(name, window.seconds)
        return int(pipeline.execute()[0])


@lru_cache(maxsize=1)
def _client(url: str) -> Redis:
    never = Retry(NoBackoff(), 0)
    return Redis.from_url(url, socket_timeout=_REDIS_TIMEOUT, socket_connect_timeout=_REDIS_TIMEOUT, retry=never)
