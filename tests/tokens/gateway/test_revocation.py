"""POST /oauth/revoke: whoever holds a secret may end it."""

from datetime import datetime, timedelta
from typing import NoReturn

import pytest
from django.db import OperationalError
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.actor import Actor
from accounts.models import AuditEvent
from tests.conftest import Ask, MakeToken
from tests.tokens.conftest import NOBODYS_SECRET, last_event
from tests.tokens.gateway.conftest import PostForm
from tokens.domain.lifecycle import disable_token, regenerate_token, revoke_token

PATH = "/oauth/revoke"


def test_revoke_a_good_secret_ends_it_at_once(make_token: MakeToken, post_form: PostForm, ask: Ask) -> None:
    token, secret = make_token()
    response = post_form(PATH, {"token": secret}, address="203.0.113.7")
    assert (response.status_code, response.content) == (200, b"")
    assert not response.has_header("Content-Type")
    assert " (holder)" in ask(f"Bearer {secret}")["WWW-Authenticate"]
    event = last_event("token.revoked")
    assert (event.subject_id, event.channel, event.address) == (token.pk, "service", "203.0.113.7")
    assert event.after == {"revoked_code": "holder"}


def test_revoke_a_disabled_one_ends_it_too(
    make_token: MakeToken, post_form: PostForm, ask: Ask, web: Actor, now: datetime
) -> None:
    token, secret = make_token()
    disable_token(token, by=web, now=now)
    assert post_form(PATH, {"token": secret, "token_type_hint": "access_token"}).status_code == 200
    assert " (holder)" in ask(f"Bearer {secret}")["WWW-Authenticate"]


@pytest.mark.parametrize("token", [NOBODYS_SECRET, "x", "\0", "é", "x" * 1_000_000])
def test_revoke_what_is_not_known_is_200_too(post_form: PostForm, token: str) -> None:
    response = post_form(PATH, {"token": token})
    assert (response.status_code, response.content) == (200, b"")


def test_revoke_what_can_be_no_secret_asks_no_database(
    post_form: PostForm, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        assert post_form(PATH, {"token": NOBODYS_SECRET[:-1] + "y"}).status_code == 200


def test_revoke_a_replaced_secret_leaves_the_new_one(
    make_token: MakeToken, post_form: PostForm, ask: Ask, web: Actor, now: datetime
) -> None:
    token, old = make_token()
    _, new = regenerate_token(token, expires_at=now + timedelta(days=1), by=web, now=now)
    assert post_form(PATH, {"token": old}).status_code == 200
    assert ask(f"Bearer {new}").status_code == 204


def test_revoke_an_expired_or_revoked_one_is_200_and_no_event(
    make_token: MakeToken, post_form: PostForm, web: Actor, now: datetime
) -> None:
    _, expired = make_token(now=now - timedelta(days=40))
    token, revoked = make_token()
    revoke_token(token, code="administrator", reason="", by=web, now=now)
    before = AuditEvent.objects.count()
    assert [post_form(PATH, {"token": secret}).status_code for secret in (expired, revoked)] == [200, 200]
    assert AuditEvent.objects.count() == before


@pytest.mark.parametrize("body", [b"", b"token=", b"token=a&token=b", b"Token=a", b"\xff=\xfe", b'{"token": "a"}'])
def test_revoke_with_a_form_that_names_no_one_token_is_400(post_form: PostForm, body: bytes) -> None:
    response = post_form(PATH, body)
    assert (response.status_code, response.json()["error"]) == (400, "invalid_request")


def test_revoke_with_the_secret_elsewhere_is_400_and_ends_nothing(
    make_token: MakeToken, post_form: PostForm, ask: Ask
) -> None:
    _, secret = make_token()
    assert post_form(f"{PATH}?token={secret}", authorization=f"Bearer {secret}").status_code == 400
    assert ask(f"Bearer {secret}").status_code == 204


def test_revoke_a_secret_of_a_form_past_the_limit_is_413(post_form: PostForm) -> None:
    assert post_form(PATH, {"token": "x" * 1024 * 1024}).status_code == 413


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_revoke_by_another_method_is_405(method: str) -> None:
    assert Client().generic(method, PATH).status_code == 405


def test_revoke_without_a_database_is_503_and_never_200(post_form: PostForm, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object, **_options: object) -> NoReturn:
        raise OperationalError

    monkeypatch.setattr("tokens.gateway.revocation.end_by_holder", fail)
    response = post_form(PATH, {"token": NOBODYS_SECRET})
    assert (response.status_code, response["Retry-After"]) == (503, "5")
    assert response.json()["error"] == "temporarily_unavailable"
