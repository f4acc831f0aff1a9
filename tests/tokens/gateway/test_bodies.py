"""Bodies in chunks (RFC 9112, section 7.1), as programs send them that do not know the length beforehand."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client

from tests.conftest import Ask, MakeToken, MountedClient, Response
from tests.tokens.conftest import in_chunks
from tests.tokens.gateway.conftest import FORM
from tokens.bodies import MAX_BODY

FORMS = ("/oauth/introspect", "/oauth/revoke")


def post(path: str, body: bytes, content_type: str = FORM, *, secret: str = "", **said: Any) -> Response:
    headers = {"authorization": f"Bearer {secret}"} if secret else {}
    environ = in_chunks(body, CONTENT_TYPE=content_type, **said)
    return MountedClient().generic("POST", path, headers=headers, **environ)


def test_revoke_in_chunks_ends_the_token(make_token: MakeToken, ask: Ask) -> None:
    _, secret = make_token()
    assert post("/oauth/revoke", urlencode({"token": secret}).encode()).status_code == 200
    assert " (holder)" in ask(f"Bearer {secret}")["WWW-Authenticate"]


def test_introspect_in_chunks_is_answered(make_token: MakeToken, introspector: str) -> None:
    body = urlencode({"token": make_token()[1]}).encode()
    assert post("/oauth/introspect", body, secret=introspector).json()["active"] is True


def test_report_in_chunks_revokes_the_token(make_token: MakeToken, ask: Ask) -> None:
    _, secret = make_token()
    assert post("/api/v1/leaks", json.dumps({"secrets": [secret]}).encode(), "application/json").status_code == 202
    assert " (leak)" in ask(f"Bearer {secret}")["WWW-Authenticate"]


@pytest.mark.django_db
@pytest.mark.parametrize("path", [*FORMS, "/api/v1/leaks"])
def test_body_in_chunks_past_a_mebibyte_is_413(path: str) -> None:
    assert post(path, b"x" * (MAX_BODY + 1)).status_code == 413


@pytest.mark.parametrize("path", FORMS)
def test_form_in_chunks_without_any_names_no_token(path: str, introspector: str) -> None:
    response = post(path, b"", secret=introspector)
    assert (response.status_code, response.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("said", [{"wsgi.input_terminated": False}, {"HTTP_TRANSFER_ENCODING": "gzip, chunked"}])
@pytest.mark.parametrize("path", FORMS)
def test_form_that_can_not_be_read_to_its_end_is_411(introspector: str, path: str, said: dict[str, Any]) -> None:
    response = post(path, b"token=x", secret=introspector, **said)
    assert (response.status_code, response.json()["error"]) == (411, "invalid_request")
    assert "Content-Length" in response.json()["error_description"]


@pytest.mark.django_db
def test_report_that_can_not_be_read_to_its_end_is_411() -> None:
    response = Client().generic("POST", "/api/v1/leaks", headers={"transfer-encoding": "chunked"})
    assert (response.status_code, response.json()["type"]) == (411, "urn:tokenportal:problem:length_required")


def test_ask_with_a_body_in_chunks_never_reads_it(make_token: MakeToken) -> None:
    environ = in_chunks(b"token=x")
    headers = {"authorization": f"Bearer {make_token()[1]}"}
    assert MountedClient().generic("POST", "/auth/verify", headers=headers, **environ).status_code == 204
    assert environ["wsgi.input"].tell() == 0
