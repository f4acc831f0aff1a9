"""The access log: lines that are written many at once, in order, and never at the cost of an answer."""

import json
import sys
from typing import Any, NoReturn

import pytest
from django.test import Client

from accounts.actor import Caller
from tokenportal.access_log import access_log

CALLER = Caller("203.0.113.7", certain=True, agent="", request_id="0123456789abcdef")


def note(number: int) -> None:
    access_log.note("GET", "auth/verify", number, 1.25, CALLER)


def written(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_note_is_written_with_the_next_flush(capsys: pytest.CaptureFixture[str]) -> None:
    note(204)
    assert written(capsys) == []
    access_log.flush()
    (line,) = written(capsys)
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "method": "GET",
        "route": "auth/verify",
        "status": 204,
        "ms": 1.2,
        "address": "203.0.113.7",
        "event": "request",
        "request_id": "0123456789abcdef",
        "level": "info",
    }
    access_log.flush()
    assert written(capsys) == []


def test_note_of_many_is_written_without_a_flush(capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(70):
        note(number)
    statuses = [line["status"] for line in written(capsys)]
    assert statuses == list(range(50))


@pytest.mark.django_db
def test_page_writes_its_own_line_at_once_after_those_that_wait(
    client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    note(204)
    client.get("/accounts/login/")
    assert [line["route"] for line in written(capsys)] == ["auth/verify", "accounts/login/"]


@pytest.mark.django_db
def test_page_is_answered_where_nothing_more_can_be_written(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_text: str) -> NoReturn:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(sys.stdout, "write", fail)
    response = client.get("/accounts/login/")
    monkeypatch.undo()
    assert response.status_code == 200
