"""What a process has noted and not written yet: kept in memory, written in bulk, off the request's thread.

A request that notes something asks no database and can't fail by it. What is lost with a process is
what it noted since the last flush (see flusher.py), so nothing belongs here that anybody relies on.
"""

import os
from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable, Mapping
from threading import Lock
from typing import Any, Generic, TypeVar

import structlog
from django.db import DataError, Error

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
log = structlog.get_logger(__name__)


class Pending(Generic[K, V]):
    """One value a key; what is noted for a key that waits already is merged with it: `merge(old, new)`.

    `write` gets everything that waits and returns the keys that it could not write now. Past `limit`
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
        self._lock = Lock()
        self._waiting: OrderedDict[K, V] = OrderedDict()

    def __len__(self) -> int:
        return len(self._waiting)

    def note(self, key: K, value: V) -> None:
        with self._lock:
            waiting = self._waiting
            if key in waiting:
                value = self._merge(waiting[key], value)
            waiting[key] = value
            waiting.move_to_end(key)
            if len(waiting) > self._limit:
                waiting.popitem(last=False)

    def flush(self) -> None:
        """Write what waits. What the database did not take waits on, but for what it never will."""
        with self._lock:
            taken, self._waiting = self._waiting, OrderedDict()
        if not taken:
            return
        try:
            left = self._write(taken)
        except DataError:
            log.exception("pending dropped", pending=self.name, count=len(taken))
        except Error as error:
            self._put_back(taken)
            log.warning("pending not written", pending=self.name, count=len(taken), error=str(error))
        else:
            self._put_back({key: taken[key] for key in left})

    def forget(self) -> None:
        """Start anew, as a forked process must: what its parent noted, its parent writes."""
        self._lock = Lock()
        self._waiting = OrderedDict()

    def _put_back(self, older: Mapping[K, V]) -> None:
        """Under what was noted in the meantime."""
        with self._lock:
            newer, self._waiting = self._waiting, OrderedDict(older)
        for key, value in newer.items():
            self.note(key, value)


_registered: list[Pending[Any, Any]] = []


def register(pending: Pending[K, V]) -> Pending[K, V]:
    """Have it flushed with the others."""
    _registered.append(pending)
    return pending


def flush_all() -> None:
    for pending in _registered:
        pending.flush()


def forget_all() -> None:
    for pending in _registered:
        pending.forget()


os.register_at_fork(after_in_child=forget_all)
