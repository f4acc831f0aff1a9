"""Many calls of the API at the same moment, against a server that does several at once."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from threading import Barrier
from typing import Any

import pytest

from tests.system.conftest import NewPortal
from tests.system.portal import Portal
from tests.system.processes import accepts
from tests.system.visitor import Got, ask


class Program:
    """Calls the API with one secret."""

    def __init__(self, portal: Portal, secret: str) -> None:
        self.url, self.secret = f"{portal.url}/api/v1", secret

    def call(self, method: str, path: str, body: object = None, **headers: str) -> Got:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        text = "" if body is None else json.dumps(body)
        return ask(
            f"{self.url}{path}", method, named | {"Content-Type": "application/json"}, token=self.secret, body=text
        )

    def is_good(self) -> bool:
        return self.call("GET", "/user").status == 200


@pytest.fixture
def portal(new_portal: NewPortal) -> Iterator[Portal]:
    portal = new_portal(API_CALLS_PER_MINUTE="1000000")
    server = ["granian", "--interface", "wsgi", "tokenportal.wsgi:application", "--host", "127.0.0.1"]
    options = ["--port", str(portal.port), "--workers", "2", "--blocking-threads", "4", "--log-level", "warning"]
    portal.start([*server, *options], "web")
    portal.wait_for(lambda: accepts(portal.port), what="the web server")
    yield portal
    assert "Traceback" not in portal.said


@pytest.fixture
def program(portal: Portal) -> Program:
    return Program(portal, portal.make_token("asks", ends_in=180 * 86400).secret)


def at_once(count: int, act: Callable[[int], Got]) -> list[Got]:
    barrier = Barrier(count)

    def one(number: int) -> Got:
        barrier.wait()
        return act(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def statuses(answers: list[Got]) -> Counter[int]:
    return Counter(answer.status for answer in answers)


def bodies(answers: list[Got], status: int) -> list[Any]:
    return [json.loads(answer.content) for answer in answers if answer.status == status]


def test_200_regenerations_at_once_leave_one_secret_that_is_good(portal: Portal, program: Program) -> None:
    token = portal.make_token("target")
    answers = at_once(200, lambda _: program.call("POST", f"/tokens/{token.id}/regenerate"))
    assert statuses(answers) == {200: 200}
    made = [Program(portal, body["secret"]) for body in bodies(answers, 200)]
    assert sum(one.is_good() for one in made) == 1
    assert not Program(portal, token.secret).is_good()


def test_200_regenerations_of_itself_at_once_make_one_new_secret(portal: Portal) -> None:
    secret = portal.make_token("target").secret
    answers = at_once(200, lambda _: Program(portal, secret).call("POST", "/tokens/current/regenerate"))
    assert statuses(answers)[200] == 1
    assert set(statuses(answers)) <= {200, 401, 409}
    assert Program(portal, bodies(answers, 200)[0]["secret"]).is_good()
    assert not Program(portal, secret).is_good()


def test_50_creations_at_once_with_one_key_make_one_token(program: Program) -> None:
    answers = at_once(50, lambda _: program.call("POST", "/tokens", {"name": "made-once"}, idempotency_key="k"))
    assert statuses(answers) == {201: 1, 409: 49}
    assert {body["token_id"] for body in bodies(answers, 409)} == {bodies(answers, 201)[0]["id"]}
    assert json.loads(program.call("GET", "/tokens?q=made-once").content)["count"] == 1


def test_changes_at_once_from_one_tag_are_done_once(portal: Portal, program: Program) -> None:
    path = f"/tokens/{portal.make_token('target').id}"

    names = map("name {}".format, count())

    def change(_: int) -> Got:
        # Never the name that it has: to leave a token as it is makes no new tag.
        return program.call("PATCH", path, {"name": next(names)}, if_match=tag)

    for _ in range(5):
        tag = program.call("GET", path).headers["ETag"]
        assert statuses(at_once(8, change)) == {200: 1, 412: 7}


def test_tokens_that_change_each_other_at_once_wait_for_nobody_for_ever(portal: Portal) -> None:
    tokens = [portal.make_token(f"n {number}") for number in range(4)]

    def change(number: int) -> Got:
        asking, target = tokens[number % 4], tokens[(number + 1 + number // 4) % 4]
        return Program(portal, asking.secret).call("PATCH", f"/tokens/{target.id}", {"description": str(number)})

    # They end at moments that differ by little, so one may be stronger than the other.
    assert set(statuses(at_once(48, change))) <= {200, 403}
