"""A person at a terminal: a program that has one, what it shows, what is typed."""

import os
import pty
import select
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.system.processes import DEADLINE

_CTRL_C = "\x03"
_PATIENCE = 2.0  # seconds


class Terminal:
    """The controlling terminal of one program; `setsid` (util-linux) makes it that."""

    def __init__(self, command: list[str], environment: Mapping[str, str], folder: Path) -> None:
        self._screen, inside = pty.openpty()
        # What is started in the background, as a test may be, is born deaf to Ctrl-C.
        command = ["setsid", "--ctty", "env", "--default-signal=INT", *command]
        self.process = subprocess.Popen(
            command, cwd=folder, env=environment, stdin=inside, stdout=inside, stderr=inside
        )
        os.close(inside)
        self.shown = ""

    def expect(self, text: str) -> None:
        """Read until it is shown."""
        while text not in self.shown:
            assert self._read(), f"{text!r} never came:\n{self.shown}"

    def type(self, text: str) -> None:
        os.write(self._screen, text.encode())

    def interrupt(self) -> int:
        """Press Ctrl-C, as a person does: again if nothing happens. Returns how it ends.

        Python does not hear one that comes in the instant between its last look and the wait for a key.
        """
        for _ in range(int(DEADLINE / _PATIENCE)):
            self.type(_CTRL_C)
            with suppress(subprocess.TimeoutExpired):
                return self.process.wait(_PATIENCE)
        raise AssertionError(f"Ctrl-C did nothing:\n{self.shown}")

    def wait(self) -> int:
        """How it ends."""
        while self._read():
            pass
        return self.process.wait(DEADLINE)

    def close(self) -> None:
        os.close(self._screen)
        self.process.kill()
        self.process.wait()

    def _read(self) -> bool:
        """Whether anything came, or ever will."""
        ready, _, _ = select.select([self._screen], [], [], DEADLINE)
        try:
            part = os.read(self._screen, 65536) if ready else b""
        except OSError:  # nobody has the other end any more
            part = b""
        self.shown += part.decode(errors="replace")
        return bool(part)


@contextmanager
def terminal(command: list[str], environment: Mapping[str, str], folder: Path) -> Iterator[Terminal]:
    running = Terminal(command, environment, folder)
    try:
        yield running
    finally:
        running.close()
