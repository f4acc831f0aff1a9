"""What a process has noted and not written yet: kept in memory, written in bulk, off the request's thread.

A request that notes something asks no database and can't fail by it. What is lost with a process is
what it noted since the last flush (see flusher.py), so nothing belongs here that anybody relies on.
"""

import math
import os
from collections import OrderedDict, deque
from collections.abc import Callable, Collection, Hashable, Mapping
from threading import Lock
from typing import Generic, Protocol, TypeVar

import structlog
from django.db import DataError, Error

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
log = structlog.get_logger(__name__)

_MERGED_AT_ONCE = 50
# Small, so that requests get their turn in between, and nobody waits long for a row.
_WRITTEN_AT_ONCE = 100


# Leaves the database, and the interpreter, to the requests for a while; given is the share of all that was written.
Rest = Callable[[float], object]


def no_rest(_share: float) -> None:
    pass


class Pending(Generic[K, V]):
    """One value a key; what is noted for a key that waits already is merged with it: `merge(old, new)`.

    `write` gets what waits, by parts, and returns the keys that it could not write now. Past `limit`
    keys the one that was noted longest ago is forgotten, so a database that is away costs no memory.
    """

    def __init__(
        self,
        name: str,
        write: Callable[[Mapping[K, V]], Collection[K]],
        *,
        merge: Callable[[V, V], V],
        limit: int = 100_000,
    ) -> None:
        self.name = name
        self._write = write
        self._merge = merge
        self._limit = limit
        self.forget()

    def __len__(self) -> int:
        with self._lock:
            self._merge_noted()
            return len(self._waiting)

    def note(self, key: K, value: V) -> None:
        """Merged later, many at once: one by one it takes a request several times as long."""
        self._noted.append((key, value))
        if len(self._noted) >= _MERGED_AT_ONCE:
            with self._lock:
                self._merge_noted()

    def flush(self, rest: Rest = no_rest) -> None:
        """Write what waits. What the database did not take waits on, but for what it never will.

        `rest` is called after each part.
        """
        left: dict[K, V] = {}
        parts = math.ceil(len(self) / _WRITTEN_AT_ONCE)
        try:
            for _ in range(parts):
                left |= self._write_part(self._take())
                rest(1 / parts)
        except Error as error:
            log.warning("pending not written", pending=self.name, count=len(self), error=str(error))
        finally:
            self._put_back(left)

    def forget(self) -> None:
        """Start anew, as a forked process must: what its parent noted, its parent writes."""
        self._lock = Lock()
        self._noted: deque[tuple[K, V]] = deque()
        self._waiting: OrderedDict[K, V] = OrderedDict()

    def _merge_noted(self) -> None:
        """For whoever holds the lock."""
        waiting = self._waiting
        while self._noted:
            key, value = self._noted.popleft()
            waiting[key] = self._merge(waiting[key], value) if key in waiting else value
            waiting.move_to_end(key)
            self._forget_oldest()

    def _forget_oldest(self) -> None:
        if len(self._waiting) > self._limit:
            self._waiting.popitem(last=False)

    def _take(self) -> dict[K, V]:
        with self._lock:
            return dict(self._waiting.popitem(last=False) for _ in range(min(_WRITTEN_AT_ONCE, len(self._waiting))))

    def _write_part(self, part: dict[K, V]) -> dict[K, V]:
        """Returns what somebody holds. Raises django.db.Error when the database does not answer; the part waits on."""
        try:
            held = self._write(part)
        except DataError:
            log.exception("pending dropped", pending=self.name, count=len(part))
            return {}
        except Error:
            self._put_back(part)
            raise
        return {key: part[key] for key in held}

    def _put_back(self, older: dict[K, V]) -> None:
        """Before what was noted in the meantime."""
        with self._lock:
            for key, value in reversed(older.items()):
                newer = self._waiting.get(key)
                self._waiting[key] = value if newer is None else self._merge(value, newer)
                self._waiting.move_to_end(key, last=False)
                self._forget_oldest()


class Waiting(Protocol):
    """What the flusher writes, and a forked process forgets."""

    def flush(self, rest: Rest) -> None: ...

    def forget(self) -> None: ...


W = TypeVar("W", bound=Waiting)
_registered: list[Waiting] = []


def register(waiting: W) -> W:
    """Have it flushed with the others."""
    _registered.append(waiting)
    return waiting


def flush_all(rest: Rest = no_rest) -> None:
    for waiting in _registered:
        waiting.flush(rest)


def forget_all() -> None:
    for waiting in _registered:
        waiting.forget()


os.register_at_fork(after_in_child=forget_all)
