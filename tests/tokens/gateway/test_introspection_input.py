"""POST /oauth/introspect: what is no proper question, and what it does not go by."""

from typing import Any, NoReturn

import pytest
from django.db import OperationalError
from django.test import Client

from accounts.models import User
from tests.conftest import MakeToken
from tests.tokens.gateway.conftest import Introspect, PostForm
from tokens.domain import lookup

PATH = "/oauth/introspect"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"token=",
        b"token",
        b"token=a&token=b",
        b"token=a&token=a",
        b"Token=a",
        b"\xff=\xfe",
        b"token=a&client_ip=1.1.1.1&client_ip=1.1.1.1",
        b"&".join([b"x=1"] * 60),
        b'{"token": "a"}',
    ],
)
def test_introspect_with_a_form_that_names_no_one_token_is_400(
    post_form: PostForm, introspector: str, body: bytes
) -> None:
    response = post_form(PATH, body, authorization=f"Bearer {introspector}")
    assert (response.status_code, response.json()["error"]) == (400, "invalid_request")
    assert response["Content-Type"] == "application/json"


@pytest.mark.parametrize("content_type", ["application/json", "multipart/form-data; boundary=x", "text/plain", ""])
def test_introspect_with_what_is_not_a_form_is_400(
    make_token: MakeToken, post_form: PostForm, introspector: str, content_type: str
) -> None:
    body = f"token={make_token()[1]}".encode()
    response = post_form(PATH, body, authorization=f"Bearer {introspector}", content_type=content_type)
    assert (response.status_code, response.json()["error"]) == (400, "invalid_request")


def test_introspect_with_credentials_in_two_places_is_400(post_form: PostForm, introspector: str) -> None:
    form = {"token": "x", "client_secret": introspector}
    twice = f"Bearer {introspector}, Bearer {introspector}"
    assert post_form(PATH, form, authorization=f"Bearer {introspector}").status_code == 400
    assert post_form(PATH, {"token": "x"}, authorization=twice).status_code == 400
    assert post_form(PATH, [*form.items(), ("client_secret", "x")]).status_code == 400


def test_introspect_with_an_empty_client_secret_beside_the_header_is_answered(
    post_form: PostForm, introspector: str
) -> None:
    form = {"token": "x", "client_id": "", "client_secret": ""}
    assert post_form(PATH, form, authorization=f"Bearer {introspector}").status_code == 200


def test_introspect_never_reads_the_query(make_token: MakeToken, post_form: PostForm, introspector: str) -> None:
    path = f"{PATH}?token={make_token()[1]}&client_secret={introspector}"
    assert post_form(path, {"token": "x"}).status_code == 401
    assert post_form(path, {}, authorization=f"Bearer {introspector}").status_code == 400


def test_introspect_with_a_form_past_the_limit_is_413(post_form: PostForm, introspector: str) -> None:
    response = post_form(PATH, {"token": "x" * 1024 * 1024}, authorization=f"Bearer {introspector}")
    assert (response.status_code, response.json()["error"]) == (413, "invalid_request")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS", "BREW"])
def test_introspect_by_another_method_is_405(method: str) -> None:
    response = Client().generic(method, PATH)
    assert (response.status_code, response["Allow"], response.json()["error"]) == (405, "POST", "invalid_request")


def test_introspect_without_a_database_is_503_and_not_inactive(
    introspect: Introspect, make_token: MakeToken, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_secret: str) -> NoReturn:
        raise OperationalError

    _, secret = make_token()
    monkeypatch.setattr(lookup, "find", fail)
    response = introspect(secret)
    assert (response.status_code, response["Retry-After"]) == (503, "5")
    assert response.json()["error"] == "temporarily_unavailable"


def test_introspect_under_any_host_by_a_signed_in_browser_goes_by_the_token_alone(
    introspector: str, client: Client, alice: User
) -> None:
    client.force_login(alice)
    assert client.post(PATH, {"token": "x"}).status_code == 401
    headers = {"authorization": f"Bearer {introspector}", "host": "portal.internal:8000"}
    assert client.post(PATH, "token=x", "application/x-www-form-urlencoded", headers=headers).status_code == 200


def test_introspect_where_people_are_sent_to_https_is_not_redirected(introspect: Introspect, settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True
    assert introspect("x").status_code == 200
