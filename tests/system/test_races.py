"""Verification under load by two servers: what was ended a moment ago is refused, and outages are no answers.

CI runs it with 50 acts; `make soak` with 1,000, on SQLite and on PostgreSQL.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from threading import Event, Thread
from urllib.parse import urlsplit

import pytest

from tests.system.conftest import NewPortal
from tests.system.portal import Portal, Token
from tests.system.processes import accepts, free_port, procfile_command
from tests.system.servers import Line, throwaway_postgres

ACTS = 1_000 if os.environ.get("SOAK") == "1" else 50
LOADERS = 4


class Asker:
    """A service that keeps its connection."""

    def __init__(self, port: int) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=30)

    def ask(self, secret: str) -> int:
        self._connection.request("GET", "/auth/verify", headers={"Authorization": f"Bearer {secret}"})
        response = self._connection.getresponse()
        response.read()
        return response.status

    def close(self) -> None:
        self._connection.close()


NewAsker = Callable[[int], Asker]


@pytest.fixture
def asker_of() -> Iterator[NewAsker]:
    """Services that ask at a port; they hang up at the end of the test."""
    with ExitStack() as stack:
        yield lambda port: stack.enter_context(closing(Asker(port)))


@dataclass
class Load:
    """Asks about one secret for as long as it goes on, and counts the answers."""

    port: int
    secret: str
    answers: Counter[int] = field(default_factory=Counter)
    _over: Event = field(default_factory=Event)

    def run(self) -> None:
        with closing(Asker(self.port)) as asker:
            while not self._over.is_set():
                self.answers[asker.ask(self.secret)] += 1

    def end(self) -> None:
        self._over.set()


@contextmanager
def under(*loads: Load) -> Iterator[None]:
    threads = [Thread(target=load.run) for load in loads]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for load in loads:
            load.end()
        for thread in threads:
            thread.join()


def start_another_web(portal: Portal) -> int:
    """A second server over the same database; its port."""
    port = free_port()
    portal.start(procfile_command("web", portal.environment | {"PORT": str(port)}), "web")
    portal.wait_for(lambda: accepts(port), what="the second web server")
    return port


def end_by_turns(portal: Portal, token: Token, number: int) -> str:
    """Delete it, or make another secret for it, which is returned."""
    if number % 2:
        portal.act("delete_token", token_id=token.id)
        return ""
    secret: str = portal.act("regenerate_token", token_id=token.id)
    return secret


def test_secret_ended_a_moment_ago_is_refused_by_every_server_under_load(
    new_portal: NewPortal, asker_of: NewAsker
) -> None:
    portal = new_portal()
    portal.start_web()
    ports = [portal.port, start_another_web(portal)]
    askers = [asker_of(port) for port in ports]
    portal.act("set_policy", tokens_per_owner=2 * ACTS)
    loads = [Load(ports[number % 2], portal.make_token(f"load {number}").secret) for number in range(LOADERS)]
    accepted: list[int] = []
    with under(*loads):
        for number in range(ACTS):
            token = portal.make_token(f"token {number}")
            assert {asker.ask(token.secret) for asker in askers} == {204}
            new = end_by_turns(portal, token, number)
            # 403 is told of many wrong secrets from one address, which deleted ones are.
            accepted += [number for asker in askers if asker.ask(token.secret) not in (401, 403)]
            assert not new or {asker.ask(new) for asker in askers} == {204}
    assert accepted == []
    assert [set(load.answers) for load in loads] == [{204}] * LOADERS


@pytest.fixture
def on_its_own_postgres(tmp_path: Path) -> Iterator[tuple[Portal, Callable[[], None]]]:
    """A portal, and how to restart the server that it stands on."""
    with throwaway_postgres() as (url, restart):
        portal = Portal(tmp_path, DATABASE_URL=url)
        try:
            portal.manage("migrate", "--verbosity", "0")
            portal.manage("seeddemo")
            portal.start_web()
            yield portal, restart
        finally:
            portal.end()


def wait_for_more(portal: Portal, loads: Sequence[Load], more: int) -> None:
    enough = [sum(load.answers.values()) + more for load in loads]
    portal.wait_for(
        lambda: all(sum(load.answers.values()) >= least for load, least in zip(loads, enough, strict=True)),
        what=f"{more} more answers to each",
    )


@pytest.mark.postgres  # where it is to be had
def test_postgres_restarted_under_load_is_503_and_then_all_is_well(
    on_its_own_postgres: tuple[Portal, Callable[[], None]], asker_of: NewAsker
) -> None:
    portal, restart = on_its_own_postgres
    good, dead = portal.make_token("good"), portal.make_token("dead")
    portal.act("regenerate_token", token_id=dead.id)
    portal.end_inside()
    loads = [Load(portal.port, good.secret), Load(portal.port, dead.secret)]
    with under(*loads):
        wait_for_more(portal, loads, 20)
        restart()
        wait_for_more(portal, loads, 20)
    assert [set(load.answers) for load in loads] == [{204, 503}, {401, 503}]
    asker = asker_of(portal.port)
    assert [asker.ask(good.secret), asker.ask(dead.secret)] == [204, 401]


@pytest.mark.redis
def test_redis_gone_makes_no_difference(new_portal: NewPortal, asker_of: NewAsker) -> None:
    redis = urlsplit(os.environ["REDIS_URL"])
    line = Line(str(redis.hostname), redis.port or 6379)
    portal = new_portal(REDIS_URL=f"redis://127.0.0.1:{line.port}/15")
    portal.start_web()
    good, gone = portal.make_token("good"), portal.make_token("gone")
    portal.act("delete_token", token_id=gone.id)
    asker = asker_of(portal.port)
    assert [asker.ask(good.secret), asker.ask(gone.secret)] == [204, 401]
    line.close()
    assert [asker.ask(secret.secret) for secret in (good, gone) * 5] == [204, 401] * 5
