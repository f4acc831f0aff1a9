"""The thread that writes what is pending, within a second and when the process ends."""

import os
import threading
import time

import structlog
from django.db import close_old_connections, connections

from tokens.domain import pending
from tokens.domain.pending import Rest, no_rest

# In seconds. Together less than one: as much as a lost process may lose.
INTERVAL = 0.5
SPREAD = 0.45  # what is written is written over so long: at once, the requests of that time would wait
log = structlog.get_logger(__name__)


class Flusher(threading.Thread):
    """Not a daemon: the interpreter waits for it, and it writes once more when the main thread has ended.

    That holds for a server's child processes too, many of which run no `atexit`.
    """

    def __init__(self) -> None:
        # Said, not inherited: a thread that a server made outside Python counts as a daemon.
        super().__init__(name="flusher", daemon=False)

    def run(self) -> None:
        main, began = threading.main_thread(), time.monotonic()

        def rest(share: float) -> None:
            """Of all kinds of what is pending together no longer than SPREAD."""
            main.join(max(0.0, min(share * SPREAD, began + SPREAD - time.monotonic())))

        while main.is_alive():
            main.join(max(0.0, began + INTERVAL - time.monotonic()))
            began = time.monotonic()
            flush_safely(rest)
        flush_safely(no_rest)  # what was noted while the last parts were written
        connections.close_all()


def flush_safely(rest: Rest) -> None:
    """Whatever happens, the next time there is another one."""
    try:
        close_old_connections()  # as Django does before a request: one that broke is opened anew
        pending.flush_all(rest)
    except Exception:  # a mistake of ours costs one batch, not the thread
        log.exception("pending not written")


_starting = threading.Lock()
_started = False


def ensure_started() -> None:
    """Start the thread of this process, once.

    By what serves requests, at the first one: a server may fork after it has imported the application,
    and threads are not forked along.
    """
    global _started  # noqa: PLW0603  # a process has one
    if _started:
        return
    with _starting:
        if not _started:
            Flusher().start()
            _started = True


def forget() -> None:
    """What a forked process does first."""
    global _starting, _started  # as above
    _starting, _started = threading.Lock(), False


os.register_at_fork(after_in_child=forget)
