"""The command line beside a running portal: in a script as in CI, and by a person at a terminal."""

import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.system.conftest import NewPortal, OpenPortal
from tests.system.documents import answers_found, answers_wanted, section
from tests.system.portal import Portal
from tests.system.terminal import Terminal, terminal
from tokens.secret_format import make_secret

EXAMPLES = section("docs/cli.md", "examples")
DEAD = ("expired", "replaced", "disabled", "revoked", "deleted")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")

Script = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def portal(open_portal: OpenPortal) -> Iterator[Portal]:
    with open_portal() as running:
        running.start_web()
        yield running


@pytest.fixture
def script(portal: Portal, tmp_path: Path) -> Script:
    """`script(secret, "tokens list")`: as in CI, all that it needs is in the environment."""

    def run(secret: str, command: str, given: str = "") -> "subprocess.CompletedProcess[str]":
        environment = {
            "PATH": portal.environment["PATH"],
            "HOME": str(tmp_path),
            "TOKENPORTAL_URL": portal.url,
            "TOKENPORTAL_TOKEN": secret,
        }
        return subprocess.run(
            ["tokenportal", *command.split()], env=environment, input=given, capture_output=True, text=True, check=False
        )

    return run


class Person:
    """Somebody at a terminal of their own, on whose machine no keyring works."""

    def __init__(self, portal: Portal, home: Path) -> None:
        self.home = home
        self._environment = {
            "PATH": portal.environment["PATH"],
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "TERM": "xterm",
            "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
        }

    def run(self, command: str, question: str = "", answer: str = "") -> Terminal:
        """The terminal at the end; `answer` is typed once the question is there."""
        with self._open(command) as running:
            running.expect(question)
            running.type(answer)
            running.wait()
            return running

    def interrupt(self, command: str, question: str) -> Terminal:
        with self._open(command) as running:
            running.expect(question)
            running.interrupt()
            running.wait()
            return running

    def _open(self, command: str) -> AbstractContextManager[Terminal]:
        return terminal(["tokenportal", *command.split()], self._environment, self.home)


@pytest.fixture
def person(portal: Portal, tmp_path: Path) -> Person:
    return Person(portal, tmp_path)


@pytest.mark.needs("bash")
def test_examples_of_the_document_run_in_order_print_what_it_shows(new_portal: NewPortal, tmp_path: Path) -> None:
    portal = new_portal()
    portal.start_web()
    del portal.environment["DEBUG"]  # of `make run` alone
    assert answers_found(EXAMPLES, portal, tmp_path) == answers_wanted(EXAMPLES)


def test_readme_tour_by_the_command_line_alone_in_a_script(portal: Portal, script: Script) -> None:
    ada = portal.make_token("of a pipeline").secret
    made = script(ada, "tokens create --name tour --scope deployments:read")
    tour = made.stdout.strip()
    assert made.returncode == 0, made.stderr
    assert script(tour, "verify --scope deployments:read").returncode == 0
    refused = script(tour, "verify --scope deployments:write")
    assert (refused.returncode, "deployments:write" in refused.stderr) == (4, True)
    assert "email\tada@example.com\n" in script(tour, "whoami").stdout
    assert script(ada, "tokens delete tour --yes").returncode == 0
    assert script(tour, "verify --scope deployments:read").returncode == 3


def test_dead_token_of_each_kind_says_why_and_since_when_and_exits_3(portal: Portal, script: Script) -> None:
    made = {name: portal.make_token(name, ends_in=-5 if name == "expired" else 86400) for name in DEAD}
    ada = portal.make_token("of Ada's").secret
    for act in ("regenerate replaced --yes", "update disabled --disable", "delete deleted --yes"):
        assert script(ada, f"tokens {act}").returncode == 0, act
    portal.manage("revoketoken", str(made["revoked"].id), "--reason", "Left on a train")
    told = {name: script(token.secret, "whoami") for name, token in made.items()}
    told["unknown"] = script(make_secret("tp_"), "whoami")
    assert {name: TIME.sub("TIME", ran.stderr.splitlines()[0]) for name, ran in told.items()} == {
        "expired": "Error: The access token expired at TIME.",
        "replaced": "Error: The access token was replaced at TIME.",
        "disabled": "Error: The access token was disabled at TIME.",
        "revoked": "Error: The access token was revoked at TIME (administrator).",
        "deleted": "Error: The access token is not valid.",
        "unknown": "Error: The access token is not valid.",
    }
    renewal = f"Renew it: {portal.url}/settings/tokens/{made['expired'].id}/regenerate/"
    assert told["expired"].stderr.splitlines()[1] == renewal
    assert {(ran.returncode, ran.stdout, "Traceback" in ran.stderr) for ran in told.values()} == {(3, "", False)}


@pytest.mark.needs("setsid")
def test_person_at_a_terminal_signs_in_unseen_and_does_what_the_pages_do(portal: Portal, person: Person) -> None:
    token = portal.make_token("on a laptop")
    signed_in = person.run(f"login {portal.url}", "it stays hidden): ", f"{token.secret}\n")
    assert f"Signed in to {portal.url} as ada@example.com. No keyring works here" in signed_in.shown
    assert token.secret not in signed_in.shown

    listed = person.run("tokens list").shown
    assert "\x1b[1mID" in listed
    assert "on a laptop" in listed

    kept = person.run("tokens delete current", "will stop working. [y/N]: ", "n\n")
    assert (kept.process.returncode, "Nothing was changed." in kept.shown) == (1, True)

    renewed = person.run("tokens regenerate current", "stop working. [y/N]: ", "y\n")
    assert "No keyring works here: the token is in" in renewed.shown
    assert "tp_" not in renewed.shown.replace("tp_…", "")
    assert "on a laptop" in person.run("whoami").shown

    assert person.run("tokens delete current --yes").process.returncode == 0
    assert person.run("whoami").process.returncode == 3


@pytest.mark.needs("setsid")
def test_person_who_presses_ctrl_c_at_a_question_ends_it_and_nothing_is_changed(portal: Portal, person: Person) -> None:
    token = portal.make_token("to be kept")
    asked = person.interrupt(f"login {portal.url}", "it stays hidden): ")
    assert (asked.process.returncode, "Traceback" in asked.shown) == (-signal.SIGINT, False)
    person.run(f"login {portal.url}", "it stays hidden): ", f"{token.secret}\n")
    asked = person.interrupt("tokens delete current", "[y/N]: ")
    assert (asked.process.returncode, "Traceback" in asked.shown) == (-signal.SIGINT, False)
    assert person.run("whoami").process.returncode == 0
