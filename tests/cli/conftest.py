"""The command, run in this process as a shell would run it, and what it speaks to."""

import io
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends.fail import Keyring as NoKeyring

from tests.cli.stub import Stub, reply, serving
from tokenportal.cli.app import run
from tokens.secret_format import make_secret

USER = {"id": 2, "email": "ada@example.com", "name": "Ada Lovelace"}


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


Cli = Callable[..., Ran]


class Keyring(KeyringBackend):
    """One that works, in memory."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # keyring's own
        self.kept: dict[tuple[str, str], str] = {}
        self.pretends = False  # to keep what it is given

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        if not self.pretends:
            self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


def lose_keyring() -> None:
    keyring.set_keyring(NoKeyring())  # type: ignore[no-untyped-call]  # keyring's own


def moment(**ahead: float) -> str:
    """A time as the API writes it; `days=-1` is yesterday."""
    return (datetime.now(UTC) + timedelta(**ahead, seconds=1)).strftime("%Y-%m-%dT%H:%M:%SZ")


def token_json(**fields: Any) -> dict[str, Any]:
    return {
        "id": 12, "name": "ci-deploy", "description": "", "hint": "tp_abcd…wxyz", "scopes": ["deployments:read"],
        "state": "active", "created_at": "2026-11-01T10:00:00Z", "updated_at": "2026-11-01T10:00:00Z",
        "expires_at": moment(days=30), "regenerated_at": None, "last_used_at": None, "last_used_address": None,
        "allowed_networks": [], "disabled": False, "revoked": None, "secrets": [], **fields,
    }  # fmt: skip


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nobody is signed in, and nothing of the person who runs the tests is read."""
    folder = tmp_path_factory.mktemp("home")
    for name in ("TOKENPORTAL_URL", "TOKENPORTAL_TOKEN", "TOKENPORTAL_ALLOW_HTTP", "NO_COLOR", "DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder / ".config"))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    lose_keyring()
    return folder


@pytest.fixture
def config_file(home: Path) -> Path:
    return home / ".config" / "tokenportal" / "config.json"


@pytest.fixture
def with_keyring() -> Keyring:
    keyring.set_keyring(backend := Keyring())
    return backend


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    """`cli("scan", "-", stdin="...")`: only standard output is a terminal, and only if `terminal` says so."""

    def run_cli(*arguments: object, stdin: str | bytes = b"", terminal: bool = False) -> Ran:
        given = stdin.encode() if isinstance(stdin, str) else stdin
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given)))
        monkeypatch.setattr(sys.stdout, "isatty", lambda: terminal)
        capsys.readouterr()
        code = run([str(argument) for argument in arguments])
        return Ran(code, *capsys.readouterr())

    return run_cli


@pytest.fixture
def stub() -> Iterator[Stub]:
    """A portal that knows one token."""
    current = token_json()
    answers = {"GET /api/v1/user": reply(200, USER), "GET /api/v1/tokens/current": reply(200, current)}
    with serving(Stub(answers={**answers, "GET /api/v1/tokens/12": reply(200, current)})) as running:
        yield running


@pytest.fixture
def signed_in(stub: Stub, secret: str, monkeypatch: pytest.MonkeyPatch) -> Stub:
    """As in CI: by the environment."""
    monkeypatch.setenv("TOKENPORTAL_URL", stub.url)
    monkeypatch.setenv("TOKENPORTAL_TOKEN", secret)
    return stub


@pytest.fixture
def secret() -> str:
    return make_secret("tp_")
