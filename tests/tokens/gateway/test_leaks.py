"""POST /api/v1/leaks: what anybody may report, and that nobody learns anything by it."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

import pytest
from django.db import OperationalError
from django.test import Client

from tests.conftest import Ask, MakeToken
from tests.tokens.conftest import NOBODYS_SECRET, last_event
from tokens.gateway.leaks import CALLS
from tokens.models import AccessToken

if TYPE_CHECKING:
    from tests.conftest import Response

PATH = "/api/v1/leaks"
Report = Callable[..., "Response"]


@pytest.fixture
def report(db: None) -> Report:
    """A stranger posts; `body` is sent as it is, or as JSON."""

    def post(body: Any, *, address: str = "203.0.113.7") -> "Response":
        data = body if isinstance(body, bytes) else json.dumps(body)
        return Client(REMOTE_ADDR=address, enforce_csrf_checks=True).post(PATH, data, "application/json")

    return post


def test_report_of_a_good_secret_revokes_its_token_at_once(make_token: MakeToken, report: Report, ask: Ask) -> None:
    token, secret = make_token()
    assert report({"secrets": [secret], "source": "https://paste.example/1"}).status_code == 202
    assert " (leak)" in ask(f"Bearer {secret}")["WWW-Authenticate"]
    token.refresh_from_db()
    assert token.revoked_reason == "Found at https://paste.example/1"
    event = last_event("token.revoked")
    assert (event.channel, event.address) == ("service", "203.0.113.7")


def test_report_answers_the_same_whatever_was_real(make_token: MakeToken, report: Report) -> None:
    _, secret = make_token()
    answers = [report({"secrets": secrets}) for secrets in ([secret], [secret], [NOBODYS_SECRET], ["x"])]
    assert {response.status_code for response in answers} == {202}
    assert {response.content for response in answers} == {b""}
    names = [set(response.headers) for response in answers]
    assert names == [names[0]] * 4


def test_report_of_a_thousand_finds_the_real_ones(make_token: MakeToken, report: Report) -> None:
    real = [make_token()[1] for _ in range(3)]
    assert report({"secrets": [NOBODYS_SECRET] * 997 + real}).status_code == 202
    assert AccessToken.objects.filter(revoked_code="leak").count() == 3


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff", b"[" * 100_000, b'{"secrets": ' * 80_000, b"1" * 10_000, ["x"], "x", None],
    ids=lambda value: str(value)[:30],
)
def test_report_that_is_no_json_object_is_422(report: Report, body: Any) -> None:
    response = report(body)
    assert (response.status_code, response["Content-Type"]) == (422, "application/problem+json")
    assert response.json()["type"] == "urn:tokenportal:problem:invalid_json"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "secrets"),
        ({"secrets": None}, "secrets"),
        ({"secrets": NOBODYS_SECRET}, "secrets"),
        ({"secrets": {}}, "secrets"),
        ({"secrets": []}, "secrets"),
        ({"secrets": ["x"] * 1001}, "secrets"),
        ({"secrets": [1]}, "secrets"),
        ({"secrets": [["x"]]}, "secrets"),
        ({"secrets": ["x", None]}, "secrets"),
        ({"secrets": ["x"], "source": None}, "source"),
        ({"secrets": ["x"], "source": ["x"]}, "source"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_report_of_another_form_is_422_and_says_which_field(report: Report, body: Any, field: str) -> None:
    response = report(body)
    assert (response.status_code, response["Content-Type"]) == (422, "application/problem+json")
    assert response.json()["type"] == "urn:tokenportal:problem:invalid_input"
    assert [error["field"] for error in response.json()["errors"]] == [field]
    assert NOBODYS_SECRET not in response.content.decode()


@pytest.mark.parametrize("secret", ["", "\0", "é" * 49, "\ud800", "x" * 1_000_000, NOBODYS_SECRET + "\n"])
def test_report_of_what_is_no_secret_is_202(report: Report, secret: str) -> None:
    assert report({"secrets": [secret], "source": "x"}).status_code == 202


def test_report_past_a_mebibyte_is_413(report: Report) -> None:
    response = report({"secrets": ["x" * 1024 * 1024]})
    assert (response.status_code, response.json()["type"]) == (413, "urn:tokenportal:problem:too_large")


def test_report_past_sixty_an_hour_is_429_for_that_address_alone(
    make_token: MakeToken, report: Report, ask: Ask
) -> None:
    _, secret = make_token()
    assert {report({"secrets": ["x"]}).status_code for _ in range(CALLS)} == {202}
    response = report({"secrets": [secret]})
    assert response.status_code == 429
    assert 1 <= int(response["Retry-After"]) <= 3600
    assert ask(f"Bearer {secret}").status_code == 204
    assert report({"secrets": [secret]}, address="203.0.113.8").status_code == 202


@pytest.mark.parametrize("method", ["GET", "PUT", "OPTIONS"])
def test_report_by_another_method_is_405(method: str) -> None:
    response = Client().generic(method, PATH)
    assert (response.status_code, response["Allow"]) == (405, "POST")


def test_report_without_a_database_is_503(report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object, **_options: object) -> NoReturn:
        raise OperationalError

    monkeypatch.setattr("tokens.gateway.leaks.report_leaks", fail)
    response = report({"secrets": ["x"]})
    assert (response.status_code, response["Retry-After"]) == (503, "5")


def test_report_logs_nothing_of_its_body(
    make_token: MakeToken, report: Report, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    _, secret = make_token()
    for body in ({"secrets": [secret], "source": "https://paste.example/xyz"}, {"secrets": [secret, 1]}, {"x": secret}):
        report(body)
    said = caplog.text + "".join(capsys.readouterr())
    assert "paste.example" not in said
    assert secret[3:20] not in said
