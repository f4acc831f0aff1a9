"""Answers before Django's stack: which, and that nothing of a request is lost there."""

import json
from typing import Any, NoReturn
from unittest import mock

import pytest
from django.db import OperationalError, connection

from tests.conftest import MakeToken, MountedClient
from tests.tokens.conftest import NOBODYS_SECRET
from tokens.domain import limits, lookup, pending
from tokens.gateway import forward_auth, introspection, wsgi_middleware


@pytest.fixture
def mount(db: None) -> MountedClient:
    return MountedClient()


def logged(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """The lines of the access log, with those that wait to be written."""
    pending.flush_all()
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]
    return [line for line in lines if line["event"] == "request"]


@pytest.mark.parametrize(
    "path", ["/auth/verify/", "/auth/verify/x", "//auth/verify", "/AUTH/VERIFY", "/accounts/login/"]
)
def test_mount_with_another_path_leaves_it_to_django(mount: MountedClient, path: str) -> None:
    with mock.patch.object(wsgi_middleware, "_safely", side_effect=AssertionError):
        assert mount.get(path).headers["Content-Security-Policy"]


def test_mount_answers_without_djangos_stack(mount: MountedClient, make_token: MakeToken) -> None:
    response = mount.get("/auth/verify?any=1", headers={"authorization": f"Bearer {make_token()[1]}"})
    assert response.status_code == 204
    assert not response.has_header("Content-Security-Policy")
    assert response["X-Content-Type-Options"] == "nosniff"


def test_mount_logs_a_line_as_django_does(
    mount: MountedClient, make_token: MakeToken, capsys: pytest.CaptureFixture[str]
) -> None:
    headers = {"authorization": f"Bearer {make_token()[1]}"}
    asked = mount.get("/auth/verify?secret=x", headers=headers)
    other = mount.get("/api/v1/user", headers=headers)
    first, second = logged(capsys)
    assert first.keys() == second.keys()
    assert (first["route"], first["status"], first["address"]) == ("auth/verify", 204, "127.0.0.1")
    assert [first["request_id"], second["request_id"]] == [asked["X-Request-Id"], other["X-Request-Id"]]


def test_mount_logs_no_secret_that_stands_for_a_method(
    mount: MountedClient, capsys: pytest.CaptureFixture[str]
) -> None:
    mount.generic(f'{NOBODYS_SECRET}"', "/auth/verify")
    (line,) = logged(capsys)
    assert line["method"] == 'tp_[secret]"'


def test_mount_with_a_mistake_of_ours_is_500_and_logged(
    mount: MountedClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_arguments: object) -> NoReturn:
        raise TypeError("ours")

    monkeypatch.setattr(forward_auth, "answer", fail)
    response = mount.get("/auth/verify")
    assert (response.status_code, response.json()["type"]) == (500, "urn:tokenportal:problem:server_error")
    assert "request failed" in caplog.text
    assert response["X-Request-Id"] in caplog.text


def test_mount_with_a_mistake_of_ours_answers_oauth_clients_in_their_form(
    mount: MountedClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(introspection, "presented_by", None)
    response = mount.post("/oauth/introspect", "token=x", "application/x-www-form-urlencoded")
    assert (response.status_code, response["Content-Type"]) == (500, "application/json")
    assert response.json().keys() == {"error", "error_description"}
    assert response.json()["error"] == "server_error"


def test_mount_without_a_database_is_503(
    mount: MountedClient, make_token: MakeToken, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object) -> NoReturn:
        raise OperationalError("down")

    _, secret = make_token()
    monkeypatch.setattr(lookup, "find", fail)
    response = mount.get("/auth/verify", headers={"authorization": f"Bearer {secret}"})
    assert (response.status_code, response["Retry-After"]) == (503, "5")


@pytest.mark.django_db(transaction=True)
def test_close_broken_connection_closes_one_that_an_error_left_unusable() -> None:
    connection.ensure_connection()
    connection.errors_occurred = True
    with mock.patch.object(connection, "is_usable", return_value=False):
        wsgi_middleware.close_broken_connection()
    assert connection.connection is None


def test_mount_without_a_database_opens_what_broke_anew(
    mount: MountedClient, make_token: MakeToken, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What fails before the lookup, such as a limit, would else fail for ever."""

    def fail(*_arguments: object, **_named: object) -> NoReturn:
        raise OperationalError("down")

    monkeypatch.setattr(limits, "hit", fail)
    with mock.patch.object(connection, "close_if_unusable_or_obsolete") as mend:
        response = mount.get("/auth/verify", headers={"authorization": "Bearer malformed"})
    assert response.status_code == 503
    assert mend.called
