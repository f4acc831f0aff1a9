"""Where a new secret goes: standard output, the clipboard, a file of variables.

It is shown once, so each place is made ready before the portal is asked for it.
"""

import os
import re
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from shlex import quote
from subprocess import SubprocessError
from typing import Protocol

import click

from tokenportal.cli.access import is_sendable, replace_saved
from tokenportal.cli.errors import Failure
from tokenportal.cli.output import clean, say

# The program, and the variable without which it has no screen. The first that has what it needs is used.
_CLIPBOARDS: tuple[tuple[Sequence[str], str], ...] = (
    (("pbcopy",), ""),
    (("wl-copy",), "WAYLAND_DISPLAY"),
    (("xclip", "-selection", "clipboard"), "DISPLAY"),
    (("xsel", "--clipboard", "--input"), "DISPLAY"),
)
_CLIPBOARD_SECONDS = 5
# More than any secret, to see that there is room for one on the disk.
_LONGEST = b"x" * 512


class Place(Protocol):
    def put(self, secret: str) -> str:
        """Put it there, and say where that is; OSError or SubprocessError if it can't be."""
        ...


class Output:
    """The secret alone on standard output, for `$(...)`."""

    def put(self, secret: str) -> str:
        click.echo(secret)
        return "The secret is shown this once."


class SavedLogin:
    """The place of the secret that `login` saved. It is saved anew at once, to see that it can be."""

    def __init__(self, token: str) -> None:
        try:
            replace_saved(token)
        except OSError as error:
            raise Failure(f"The new secret could not be kept: {error.strerror}") from error

    def put(self, secret: str) -> str:
        return replace_saved(secret)


class Clipboard:
    def __init__(self) -> None:
        usable = (command for command, needs in _CLIPBOARDS if shutil.which(command[0]) and _is_set(needs))
        self._command = next(usable, None)
        if self._command is None:
            names = ", ".join(command[0] for command, _needs in _CLIPBOARDS)
            raise click.UsageError(f"--copy needs one of {names}, and a screen.")

    def put(self, secret: str) -> str:
        assert self._command
        subprocess.run(  # noqa: S603  # one of the programs above
            self._command,
            input=secret.encode(),
            # xclip and wl-copy stay behind to serve the clipboard, and must not hold our output open.
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_CLIPBOARD_SECONDS,
            check=True,
        )
        return "The secret is in the clipboard."


class EnvFile:
    """A line NAME=secret in a file of variables, in the place of an older one, or else at the end."""

    def __init__(self, path: str, variable: str) -> None:
        self._path = path
        self._target = Path(path).resolve()  # a link goes on pointing to it
        self._variable = variable
        self._draft: Path | None = None
        try:
            self._text = self._read()
            self._reserve()
        except OSError as error:
            raise Failure(f"{clean(path)} can't be written: {error.strerror}") from error

    def put(self, secret: str) -> str:
        assert self._draft
        _write(self._draft, self._with(secret.encode()))
        self._draft.replace(self._target)
        return f"The secret is in {clean(self._path)} as {self._variable}."

    def close(self) -> None:
        """Leave nothing half done behind."""
        if self._draft:
            self._draft.unlink(missing_ok=True)

    def _read(self) -> bytes:
        if not self._target.exists():
            return b""
        mode = self._target.stat().st_mode
        if not stat.S_ISREG(mode):
            raise click.UsageError(f"--env-file: {clean(self._path)} is not a file.")
        if mode & 0o077:
            file = quote(self._path)
            raise Failure(f"{clean(file)} is open to others. Close it: chmod 600 {clean(file)}")
        return self._target.read_bytes()

    def _reserve(self) -> None:
        """A file beside it that is longer than what will be written: a full disk says so now."""
        descriptor, name = tempfile.mkstemp(dir=self._target.parent, prefix=f".{self._target.name}.")
        os.close(descriptor)
        self._draft = Path(name)
        try:
            _write(self._draft, self._with(_LONGEST))
        except BaseException:  # Ctrl-C too
            self.close()
            raise

    def _with(self, secret: bytes) -> bytes:
        name = self._variable.encode()
        line = re.compile(rb"^((?:export )?%b=).*$" % name, re.MULTILINE)
        if line.search(self._text):
            return line.sub(lambda match: match[1] + secret, self._text)
        gap = b"" if not self._text or self._text.endswith(b"\n") else b"\n"
        return self._text + gap + name + b"=" + secret + b"\n"


@contextmanager
def open_places(*, copy: bool, env_file: str | None, variable: str) -> Iterator[list[Place]]:
    """The places that were asked for, ready to take a secret."""
    places: list[Place] = [Clipboard()] if copy else []
    if env_file is None:
        yield places
        return
    with closing(EnvFile(env_file, variable)) as file:
        yield [file, *places]


def put_everywhere(secret: str, places: Iterable[Place]) -> list[str]:
    """Put it in each place, and say so; what went wrong with the others."""
    if not is_sendable(secret):
        return ["what the portal gave is not a secret"]
    failures = []
    for place in places:
        try:
            say(place.put(secret))
        except (OSError, SubprocessError) as error:
            failures.append(getattr(error, "strerror", None) or str(error))
    return failures


def _write(path: Path, content: bytes) -> None:
    """In place, so that room which it has already is used."""
    with path.open("r+b") as file:
        file.write(content)
        file.truncate()
        file.flush()
        os.fsync(file.fileno())


def _is_set(variable: str) -> bool:
    return not variable or bool(os.environ.get(variable))
