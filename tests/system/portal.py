"""A portal of its own: data folder, database, port, and the processes of the Procfile."""

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from tests.system.processes import DEADLINE, ROOT, Process, accepts, free_port, procfile_command, search_path, wait_for
from tests.system.visitor import Visitor
from tokens.management.commands.seeddemo import PASSWORD

T = TypeVar("T")

# Empty, so that a developer's shell or .env have no say.
_NOT_INHERITED = ("DATABASE_URL", "REDIS_URL", "EMAIL_URL", "TRUSTED_PROXIES", "SECRET_KEY", "TOKEN_PEPPERS")

# Settings as on a server, but for TLS.
PRODUCTION = {
    "DEBUG": "off",
    "SECRET_KEY": "a-key-that-opens-nothing-outside-the-tests",
    "TOKEN_PEPPERS": "1:the-one-pepper-of-this-portal-and-no-other",
    "ALLOWED_HOSTS": "localhost,127.0.0.1",
}


@dataclass(frozen=True)
class Token:
    id: int
    secret: str
    ends_at: float


class Portal:
    """A folder with DATA_DIR in it and what the processes say; `settings` are variables of the environment."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.port = free_port()
        self.url = f"http://localhost:{self.port}"
        self.environment = dict.fromkeys(_NOT_INHERITED, "") | {
            "PATH": search_path(),
            "LANG": "C.UTF-8",
            "DJANGO_SETTINGS_MODULE": "tokenportal.settings",
            "DEBUG": "1",
            "PORT": str(self.port),
            "BASE_URL": self.url,
            "DATA_DIR": str(self.data),
            **settings,
        }
        self._processes: list[Process] = []
        self._inside: subprocess.Popen[str] | None = None

    # --- Processes ----------------------------------------------------------------------------

    def start(self, command: list[str], name: str, **settings: str) -> Process:
        """Run a program in the portal's environment; it ends with the portal."""
        log = self.folder / f"{len(self._processes)}-{name}.log"
        process = Process(command, environment=self.environment | settings, log=log)
        self._processes.append(process)
        return process

    def start_web(self) -> Process:
        web = self.start(procfile_command("web", self.environment), "web")
        self.wait_for(lambda: accepts(self.port), what="the web server")
        return web

    def start_worker(self, **settings: str) -> Process:
        """It is ready once the job that runs at its start has ended."""
        before = len(self.runs())
        worker = self.start(procfile_command("worker", self.environment), "worker", **settings)
        self.wait_for(lambda: len(self.runs()) > before, what="the worker's first run")
        return worker

    def manage(self, *arguments: str) -> str:
        """What a command of manage.py prints."""
        return self.run([sys.executable, "manage.py", *arguments])

    def run(self, command: list[str], given: str = "") -> str:
        """What a program prints that succeeds; its standard input is `given`."""
        done = subprocess.run(
            command, cwd=ROOT, env=self.environment, input=given, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def wait_for(self, look: Callable[[], T], *, what: str, deadline: float = DEADLINE) -> T:
        """What `look` finds, as soon as that is something; what the processes said, if it never is."""
        try:
            return wait_for(look, what=what, deadline=deadline)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.said[-12000:]}") from None

    @property
    def said(self) -> str:
        return "\n".join(f"--- {process.log.name}\n{process.said}" for process in self._processes)

    def end(self) -> None:
        for process in self._processes:
            process.kill()
        self.end_inside()

    # --- Inside -------------------------------------------------------------------------------

    def act(self, name: str, /, **given: Any) -> Any:
        """An act of tests.system.inside, and what it answers."""
        inside = self._inside = self._inside or self._start_inside()
        assert inside.stdin is not None
        assert inside.stdout is not None
        inside.stdin.write(json.dumps({"act": name, **given}) + "\n")
        inside.stdin.flush()
        answer = inside.stdout.readline()
        assert answer, (self.folder / "inside.log").read_text()
        return json.loads(answer)

    def end_inside(self) -> None:
        """The next act begins anew, with a connection of its own."""
        if self._inside:
            self._inside.kill()
            self._inside.communicate()
        self._inside = None

    def _start_inside(self) -> "subprocess.Popen[str]":
        with (self.folder / "inside.log").open("a") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "tests.system.inside"],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )

    def make_token(
        self, name: str, *, ends_in: float = 30 * 86400, scopes: Sequence[str] = ("full",), networks: Sequence[str] = ()
    ) -> Token:
        """A token of Ada's that ends in so many seconds and was made half a year ago."""
        return Token(**self.act("make_token", name=name, ends_in=ends_in, scopes=scopes, networks=networks))

    def flagged_at(self, token: Token) -> str | None:
        flagged: str | None = self.act("flagged_at", token_id=token.id)
        return flagged

    def runs(self) -> list[dict[str, int]]:
        """What each run of the job counted that has ended."""
        runs: list[dict[str, int]] = self.act("runs")
        return runs

    # --- Outside ------------------------------------------------------------------------------

    def ada(self) -> Visitor:
        """The demo's owner, signed in."""
        visitor = Visitor(self.url)
        visitor.sign_in("ada@example.com", PASSWORD)
        return visitor
