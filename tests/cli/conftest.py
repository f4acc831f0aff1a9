"""The command, run in this process as a shell would run it."""

import io
import sys
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tokenportal.cli.app import run
from tokens.secret_format import make_secret


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


Cli = Callable[..., Ran]


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    """`cli("scan", "-", stdin="...")`: nothing is a terminal."""

    def run_cli(*arguments: object, stdin: str | bytes = b"") -> Ran:
        given = stdin.encode() if isinstance(stdin, str) else stdin
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given)))
        capsys.readouterr()
        code = run([str(argument) for argument in arguments])
        return Ran(code, *capsys.readouterr())

    return run_cli


@pytest.fixture
def secret() -> str:
    return make_secret("tp_")
