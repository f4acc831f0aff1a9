"""Celery's broker where there is no server: a message is a file in a folder.

kombu brings such a transport too. With that one a reader may meet a file that is only half written,
or was left so by a power cut, and the worker then stops for good. Here a file appears whole, by
being renamed, and one that can't be read is passed over: the next sweep does its work.
"""

import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from queue import Empty
from typing import Any
from uuid import uuid4

from kombu.transport import virtual
from kombu.utils.json import dumps, loads


class Channel(virtual.Channel):
    """The transport option `folder` says where."""

    def _put(self, queue: str, message: Any, **_options: Any) -> None:
        self._folder.mkdir(mode=0o700, exist_ok=True)
        name = f"{time.time_ns()}-{uuid4().hex}"
        part = self._folder / f"{name}.part"
        part.write_text(dumps(message))
        part.rename(part.with_suffix(f".{queue}"))

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        for file in self._waiting(queue):
            taken = file.with_suffix(".taken")
            try:
                file.rename(taken)
            except FileNotFoundError:  # another worker was quicker
                continue
            text = taken.read_bytes()
            taken.unlink()
            with suppress(ValueError):
                return loads(text)
        raise Empty

    def _size(self, queue: str) -> int:
        return len(list(self._waiting(queue)))

    def _purge(self, queue: str) -> int:
        size = self._size(queue)
        for file in self._waiting(queue):
            file.unlink(missing_ok=True)
        return size

    @property
    def _folder(self) -> Path:
        client = self.connection.client
        assert client is not None
        assert client.transport_options
        return Path(client.transport_options["folder"])

    def _waiting(self, queue: str) -> Iterator[Path]:
        """The oldest first."""
        yield from sorted(self._folder.glob(f"*.{queue}"))


class Transport(virtual.Transport):
    Channel = Channel
    driver_type = driver_name = "files"
    polling_interval = 0.2  # seconds
    # Which queues there are is the same for all connections of a process.
    global_state = virtual.BrokerState()

    def __init__(self, client: Any, **options: Any) -> None:
        super().__init__(client, **options)
        self.state = self.global_state
