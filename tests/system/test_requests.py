"""What the real server makes of requests that no well-behaved library sends."""

import json
import socket
from http.client import HTTPResponse

import pytest

from tests.system.portal import Portal
from tests.system.visitor import Got, ask
from tokens.bodies import MAX_BODY

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json"}
CHUNKED = "Content-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n"


def send(portal: Portal, path: str, headers: str, body: bytes = b"") -> Got:
    """A POST with these very bytes; the connection stays open until there is an answer."""
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n".encode("latin-1")
    with socket.create_connection(("127.0.0.1", portal.port), timeout=20) as connection:
        connection.sendall(head + body)
        response = HTTPResponse(connection)
        response.begin()
        return Got(response.status, response.headers, response.read())


def is_good(portal: Portal, secret: str) -> bool:
    return ask(f"{portal.url}/auth/verify", token=secret).status == 204


# --- Bodies in chunks -------------------------------------------------------------------------


def test_form_in_chunks_is_read(portal: Portal) -> None:
    secret = portal.make_token("given up in chunks").secret
    answer = ask(f"{portal.url}/oauth/revoke", "POST", FORM, body=[b"tok", b"en=", secret.encode()])
    assert (answer.status, is_good(portal, secret)) == (200, False)


def test_question_in_chunks_is_answered(portal: Portal) -> None:
    service = portal.manage("createtoken", "--user=admin@example.com", "--name=s", "--scope=introspect").strip()
    secret = portal.make_token("asked about in chunks").secret
    answer = ask(f"{portal.url}/oauth/introspect", "POST", FORM, token=service, body=[b"token=", secret.encode()])
    assert json.loads(answer.content)["active"] is True


def test_json_in_chunks_is_read(portal: Portal) -> None:
    secret = portal.make_token("makes and reports in chunks").secret
    made = ask(f"{portal.url}/api/v1/tokens", "POST", JSON, token=secret, body=[b'{"name": ', b'"in chunks"}'])
    assert made.status == 201
    found = json.dumps({"secrets": [secret]}).encode()
    assert ask(f"{portal.url}/api/v1/leaks", "POST", JSON, body=[found[:9], found[9:]]).status == 202
    assert not is_good(portal, secret)


def test_body_in_chunks_that_never_ends_is_413_once_it_is_too_long(portal: Portal) -> None:
    length = MAX_BODY + 1
    assert send(portal, "/oauth/revoke", CHUNKED, f"{length:x}\r\n".encode() + b"x" * length).status == 413
    assert send(portal, "/api/v1/tokens", CHUNKED, f"{length:x}\r\n".encode() + b"x" * length).status == 413


def test_body_in_chunks_without_any_names_no_token(portal: Portal) -> None:
    assert send(portal, "/oauth/revoke", CHUNKED, b"0\r\n\r\n").status == 400


def test_body_with_a_length_besides_its_chunks_is_read_by_these_and_nothing_after_it(portal: Portal) -> None:
    """RFC 9112, section 6.3: else what a proxy took for a body could be the next request."""
    secret = portal.make_token("smuggled").secret
    form = f"token={secret}".encode()
    body = f"{len(form):x}\r\n".encode() + form + b"\r\n0\r\n\r\n"
    assert send(portal, "/oauth/revoke", f"Content-Length: 4\r\n{CHUNKED}", body).status == 200
    assert not is_good(portal, secret)


def test_body_in_another_coding_is_411(portal: Portal) -> None:
    headers = CHUNKED.replace("chunked", "gzip, chunked")
    assert send(portal, "/oauth/revoke", headers, b"0\r\n\r\n").status == 411


# --- Credentials that reach nobody as they were sent ---------------------------------------------


@pytest.mark.parametrize("credentials", ["", "Bearer \xff", "Bearer café", "Bearer caf\xc3\xa9"])
def test_credentials_that_are_empty_or_no_ascii_are_none(portal: Portal, credentials: str) -> None:
    answer = ask(f"{portal.url}/auth/verify", headers={"Authorization": credentials})
    assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, 'Bearer realm="tokenportal"')


def test_credentials_with_a_nul_are_refused_by_the_server_itself(portal: Portal) -> None:
    answer = send(portal, "/auth/verify", "Authorization: Bearer \0\r\n")
    assert (answer.status, answer.content) == (400, b"")


def test_address_with_a_raw_quote_is_refused_by_the_server_itself(portal: Portal) -> None:
    answer = send(portal, '/auth/verify?scope="', "")
    assert (answer.status, answer.content) == (400, b"")
