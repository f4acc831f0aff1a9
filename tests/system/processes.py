"""Other programs: started as the product starts them, waited for, and ended by their own ids."""

import os
import random
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from itertools import cycle
from pathlib import Path
from string import Template
from typing import TypeVar

ROOT = Path(__file__).resolve().parents[2]
# In seconds, and generous: only a failure waits so long.
DEADLINE = 40.0
_PAUSE = 0.05

T = TypeVar("T")


def wait_for(look: Callable[[], T], *, what: str, deadline: float = DEADLINE) -> T:
    """What `look` finds, as soon as that is something."""
    end = time.monotonic() + deadline
    while not (found := look()):
        if time.monotonic() > end:
            raise AssertionError(f"waited {deadline:.0f} s for {what}")
        time.sleep(_PAUSE)
    return found


def own_ports(worker: str) -> range:
    """A worker's own thousand of ports: `gw3` is pytest-xdist's name of the fourth, "" is a run without workers.

    They are below those that a system gives to connections (on Linux from 32768 on): one of these may be
    taken before the program that it was found for listens there.
    """
    first = 10_000 + int(worker.removeprefix("gw") or 0) % 20 * 1_000
    return range(first, first + 1_000)


_own = own_ports(os.environ.get("PYTEST_XDIST_WORKER", ""))
_ports = cycle(random.sample(_own, len(_own)))  # another run on this machine goes through them in another order


def free_port() -> int:
    """One that nobody listens at; another one each time."""
    return next(port for port in _ports if _is_free(port))


def _is_free(port: int) -> bool:
    with socket.socket() as probe, suppress(OSError):
        probe.bind(("127.0.0.1", port))
        return True
    return False


def accepts(port: int) -> bool:
    """Whether anybody listens there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def search_path() -> str:
    """The PATH with the virtual environment in front, and where Debian keeps servers at the end."""
    return os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath), "/usr/sbin"])


def procfile_command(name: str, environment: Mapping[str, str]) -> list[str]:
    """A line of the Procfile, read as a shell would."""
    lines = dict(line.split(": ", 1) for line in (ROOT / "Procfile").read_text().splitlines() if line)
    return shlex.split(Template(lines[name]).substitute(environment))


class Process:
    """A program in a process group of its own; what it says goes to the file `log`."""

    def __init__(self, command: list[str], *, environment: Mapping[str, str], log: Path) -> None:
        self.log = log
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=output, stderr=output, start_new_session=True
            )

    @property
    def said(self) -> str:
        return self.log.read_text(errors="replace")

    @property
    def status(self) -> int | None:
        """How it ended, None while it runs."""
        return self._process.poll()

    def stop(self) -> int:
        """Ask it to end, insist after a while, and leave no child behind. Returns how it ended."""
        self._process.terminate()
        try:
            return self._process.wait(DEADLINE / 2)
        finally:
            self.kill()

    def kill(self) -> None:
        """End it and its children without asking."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def kill_alone(self) -> None:
        """End it without asking, but not its children."""
        self._process.kill()
        self._process.wait()

    def has_children(self) -> bool:
        """Whether anything of its group runs, itself aside."""
        return any(pid != self._process.pid for pid in _running_in_group(self._process.pid))


def _running_in_group(group: int) -> Iterator[int]:
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has just ended
            state, _parent, its_group = entry.read_text().rpartition(")")[2].split()[:3]
            if its_group == str(group) and state != "Z":
                yield int(entry.parent.name)
