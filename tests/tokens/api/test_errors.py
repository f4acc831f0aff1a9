"""Whatever is wrong, the answer is a problem that says what, and never a 500."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.http import UnreadablePostError
from django.test import Client
from pytest_django.fixtures import Settings

from tests.conftest import ClientOf, MakeToken, MountedClient, Response
from tests.tokens.api.conftest import Call, faults, problem_of
from tests.tokens.conftest import NOBODYS_SECRET, in_chunks
from tokens.models import AccessToken

DEEP = b"[" * 100_000
LIMIT = 1024 * 1024


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "OPTIONS", "TRACE"])
@pytest.mark.parametrize("path", ["/", "/nothing", "/tokens/", "/tokens/1/", "/tokens/x/regenerate", "/user/1"])
def test_address_that_there_is_not_is_404(call: Call, method: str, path: str) -> None:
    assert problem_of(call(method, path)) == (404, "not_found")


def test_address_that_there_is_not_is_404_for_nobody_too(call: Call) -> None:
    response = call("GET", "/nothing", secret="")
    assert problem_of(response) == (404, "not_found")
    assert not response.has_header("Token-Expires-At")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/user", "GET, HEAD"),
        ("PUT", "/tokens", "GET, HEAD, POST"),
        ("POST", "/tokens/1", "DELETE, GET, HEAD, PATCH"),
        ("GET", "/tokens/1/regenerate", "POST"),
        ("HEAD", "/tokens/current/regenerate", "POST"),
        ("PATCH", "/tokens/current", "DELETE, GET, HEAD"),
        ("OPTIONS", "/activity", "GET, HEAD"),
        ("BREW", "/activity", "GET, HEAD"),
    ],
)
def test_method_that_there_is_not_is_405_and_says_which_are(call: Call, method: str, path: str, allowed: str) -> None:
    response = call(method, path)
    assert response.status_code == 405
    assert response["Allow"] == allowed
    assert method == "HEAD" or problem_of(response) == (405, "method_not_allowed")


def test_head_is_answered_as_get_without_a_body(call: Call) -> None:
    got, headed = call("GET", "/tokens/current"), call("HEAD", "/tokens/current")
    assert (headed.status_code, headed.content) == (200, b"")
    assert [headed[name] for name in ("ETag", "Content-Type")] == [got[name] for name in ("ETag", "Content-Type")]


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"nonsense",
        b'{"name": "ci"} {}',
        b'{"name": "ci",}',
        b"{'name': 'ci'}",
        b'\xef\xbb\xbf{"name": "ci"}',
        b'{"name": "\xff"}',
        json.dumps({"name": "ci"}).encode("utf-16"),
        b'{"name": "\\ud800"}',
        b'{"\\udfff": "ci"}',
        b'{"name": "ci", "name": "ci"}',
        b'{"name": "ci", "x": {"a": 1, "a": 2}}',
        b'{"name": NaN}',
        b'{"expires_in": -Infinity}',
        b'{"expires_in": ' + b"9" * 5000 + b"}",
        DEEP,
        b'{"name":' + DEEP,
        b'{"a":' * 100_000,
        b'{"a":' * 20_000 + b"1" + b"}" * 20_000,
    ],
)
def test_body_that_is_no_good_json_is_422(call: Call, body: bytes) -> None:
    assert problem_of(call("POST", "/tokens", body))[0] == 422
    assert AccessToken.objects.count() == 1


@pytest.mark.parametrize("body", [b"[]", b"1", b'"name"', b"null", b"true", b"0"])
@pytest.mark.parametrize("path", ["/tokens", "/tokens/current/regenerate"])
def test_body_that_is_no_object_is_422(call: Call, path: str, body: bytes) -> None:
    assert problem_of(call("POST", path, body)) == (422, "invalid_json")


@pytest.mark.parametrize("body", [b"{}", b""])
def test_body_without_anything_lacks_the_name(call: Call, body: bytes) -> None:
    assert problem_of(call("POST", "/tokens", body)) == (422, "invalid_input")


def test_body_with_pairs_of_surrogates_and_zeros_is_read(call: Call) -> None:
    assert call("POST", "/tokens", b'{"name": "\\ud83d\\ude80", "expires_in": 1e0}').status_code == 422
    assert call("POST", "/tokens", b'{"name": "\\ud83d\\ude80", "expires_in": 1}').json()["name"] == "🚀"


def test_body_with_many_wrong_fields_is_told_of_some(call: Call) -> None:
    response = call("POST", "/tokens", {f"{number:0200}": 1 for number in range(1000)})
    assert len(response.json()["errors"]) == 50
    assert max(len(field) for field in faults(response)) == 100


@pytest.mark.parametrize(("method", "path"), [("POST", "/tokens"), ("PATCH", "/tokens/1")])
def test_body_with_more_scopes_than_a_database_takes_is_422(call: Call, method: str, path: str) -> None:
    path = path.replace("1", str(AccessToken.objects.get().pk))
    response = call(method, path, {"name": "many", "scopes": [f"a{number:x}" for number in range(70_000)]})
    assert faults(response) == {"scopes": "invalid_scopes"}
    assert "at most 1000" in response.content.decode()


def test_body_of_the_most_bytes_is_read_and_of_one_more_is_413(call: Call) -> None:
    most = b'{"name": "ci"}'.ljust(LIMIT)
    assert call("POST", "/tokens", most).status_code == 201
    assert problem_of(call("POST", "/tokens", most + b" ")) == (413, "too_large")


@pytest.mark.parametrize("length", [str(LIMIT + 1), "9" * 30, "1048577"])
def test_body_said_to_be_too_long_is_413_unread(call: Call, length: str) -> None:
    response = Client().generic("POST", "/api/v1/tokens", b"", CONTENT_LENGTH=length)
    assert problem_of(response) == (413, "too_large")


def test_body_of_unknown_length_is_411(call: Call) -> None:
    response = call("POST", "/tokens", b"", transfer_encoding="chunked")
    assert problem_of(response) == (411, "length_required")


@pytest.mark.parametrize("length", ["x", "-1", "²"])
def test_body_of_a_length_that_is_no_number_is_400(call: Call, length: str) -> None:
    response = Client().generic("POST", "/api/v1/tokens", b"", CONTENT_LENGTH=length)
    assert problem_of(response) == (400, "invalid_request")


@pytest.mark.parametrize(
    "content_type",
    ["", "text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin-1", "json", "a/b/c"],
)
@pytest.mark.parametrize("path", ["/tokens", "/tokens/current/regenerate"])
def test_body_that_is_not_said_to_be_json_is_415(call: Call, path: str, content_type: str) -> None:
    response = call("POST", path, b'{"name": "ci"}', content_type=content_type)
    assert problem_of(response) == (415, "not_json")


def test_body_that_is_said_to_be_json_in_utf8_is_read(call: Call) -> None:
    assert call("POST", "/tokens", {"name": "ci"}, content_type="application/json; charset=UTF-8").status_code == 201


def test_body_that_ends_too_early_is_400(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    def cut_off(_: Any) -> bytes:
        raise UnreadablePostError("gone")

    monkeypatch.setattr("django.core.handlers.wsgi.WSGIRequest.body", property(cut_off))
    assert problem_of(call("POST", "/tokens", {"name": "ci"})) == (400, "invalid_request")


def test_nobody_is_told_401_before_anything_of_the_body(call: Call) -> None:
    assert problem_of(call("POST", "/tokens", b"{", secret="", content_type="text/plain"))[0] == 401


def test_session_is_no_credential(alice: Any, client_of: ClientOf) -> None:
    assert problem_of(client_of(alice).get("/api/v1/tokens")) == (401, "unauthenticated")
    assert problem_of(client_of(alice).post("/api/v1/tokens", {"name": "ci"})) == (401, "unauthenticated")


def test_database_that_fails_is_503(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**_: Any) -> None:
        raise OperationalError("the server closed the connection")

    monkeypatch.setattr("tokens.api.tokens.select_tokens", fail)
    monkeypatch.setattr("tokens.api.tokens.Policy.current", fail)
    response = call("GET", "/tokens")
    assert problem_of(response) == (503, "unavailable")
    assert response["Retry-After"] == "5"


@pytest.mark.parametrize("path", ["/tokens", "/nothing", "/user"])
def test_host_that_is_not_ours_is_400(path: str, db: None) -> None:
    response = Client(SERVER_NAME="elsewhere.example").get(f"/api/v1{path}")
    assert problem_of(response) == (400, "bad_request")


def test_error_inside_is_a_problem_too(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError(NOBODYS_SECRET)

    monkeypatch.setattr("tokens.api.tokens.select_tokens", fail)
    monkeypatch.setattr(Client, "store_exc_info", lambda *_args, **_kwargs: None)  # the test's own way to see it
    response = call("GET", "/tokens")
    assert problem_of(response) == (500, "server_error")
    assert NOBODYS_SECRET not in response.content.decode()


def test_token_that_calls_too_often_is_429_and_others_go_on(
    call: Call, make_token: MakeToken, settings: Settings, now: datetime
) -> None:
    settings.API_CALLS_PER_MINUTE = 2
    statuses = [call("GET", "/user").status_code for _ in range(4)]
    assert statuses in ([200, 200, 429, 429], [200, 200, 200, 429])  # a new minute may begin in between
    response = call("GET", "/user")
    assert response.status_code in (200, 429)
    assert call("GET", "/user", secret=make_token(expires_at=now + timedelta(days=1))[1]).status_code == 200


# --- Bodies in chunks -------------------------------------------------------------------------


def call_in_chunks(secret: str, body: bytes, **said: Any) -> Response:
    environ = in_chunks(body, CONTENT_TYPE="application/json", **said)
    headers = {"authorization": f"Bearer {secret}"}
    return MountedClient().generic("POST", "/api/v1/tokens", headers=headers, **environ)


def test_body_in_chunks_is_read(secret: str) -> None:
    response = call_in_chunks(secret, b'{"name": "ci"}')
    assert (response.status_code, response.json()["name"]) == (201, "ci")


def test_body_in_chunks_without_any_lacks_the_name(secret: str) -> None:
    assert problem_of(call_in_chunks(secret, b"")) == (422, "invalid_input")


def test_body_in_chunks_of_the_most_bytes_is_read_and_of_one_more_is_413(secret: str) -> None:
    most = b'{"name": "ci"}'.ljust(LIMIT)
    assert call_in_chunks(secret, most).status_code == 201
    assert problem_of(call_in_chunks(secret, most + b" ")) == (413, "too_large")


@pytest.mark.parametrize("said", [{"wsgi.input_terminated": False}, {"HTTP_TRANSFER_ENCODING": "gzip, chunked"}])
def test_body_in_chunks_that_can_not_be_read_to_its_end_is_411(secret: str, said: dict[str, Any]) -> None:
    assert problem_of(call_in_chunks(secret, b'{"name": "ci"}', **said)) == (411, "length_required")
