"""What `login` keeps: one file that only its owner can read."""

import json
import os
import shlex
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import platformdirs

from tokenportal.cli.errors import Failure


@dataclass(frozen=True)
class Saved:
    url: str
    allow_http: bool
    token: str | None = field(repr=False)  # None: the system's keyring has it


def path() -> Path:
    return Path(platformdirs.user_config_dir("tokenportal")) / "config.json"


def load() -> Saved | None:
    """What was saved, if anything; Failure if the file is broken or others can read it."""
    try:
        with path().open("rb") as file:
            _refuse_if_others_can_read(os.fstat(file.fileno()).st_mode)
            return _read(file.read())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Failure(f"{path()} can't be read: {error.strerror}") from error


def save(saved: Saved) -> None:
    """Replace the file as a whole, so that a full disk leaves the old one."""
    path().parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_private(path(), json.dumps(asdict(saved), indent=2).encode() + b"\n")


def remove() -> None:
    path().unlink(missing_ok=True)


def write_private(target: Path, content: bytes) -> None:
    """Write a file of mode 0600 whole or not at all; OSError."""
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        os.replace(name, target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _refuse_if_others_can_read(mode: int) -> None:
    if mode & 0o077:
        file = shlex.quote(str(path()))
        raise Failure(
            f"{path()} is open to others, so it is not used. Close it: chmod 600 {file}\n"
            "If somebody may have read it, regenerate the token too."
        )


def _read(content: bytes) -> Saved:
    try:
        return _from_json(json.loads(content))
    except (ValueError, KeyError, TypeError):
        file = shlex.quote(str(path()))
        raise Failure(f"{path()} is broken. Remove it and sign in again: rm {file}") from None


def _from_json(value: Any) -> Saved:
    url, allow_http, token = value["url"], value["allow_http"], value["token"]
    if isinstance(url, str) and isinstance(allow_http, bool) and isinstance(token, str | None):
        return Saved(url, allow_http, token)
    raise TypeError
