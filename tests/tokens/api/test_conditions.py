"""Calls that are made twice, and calls that are made beside others."""

from datetime import datetime, timedelta

import pytest
import time_machine
from django.test import Client

from accounts.actor import Actor
from accounts.models import User
from tests.conftest import MakeToken
from tests.tokens.api.conftest import Call, problem_of
from tests.tokens.conftest import NOBODYS_SECRET
from tokens.domain.lifecycle import edit_token
from tokens.models import AccessToken, RequestKey


def test_create_token_again_with_one_key_is_409_and_names_the_first(call: Call) -> None:
    made = call("POST", "/tokens", {"name": "ci"}, idempotency_key="k").json()
    response = call("POST", "/tokens", {"name": "ci"}, idempotency_key="k")
    assert problem_of(response) == (409, "already_done")
    assert (response.json()["token_id"], response.json()["made_at"]) == (made["id"], made["created_at"])
    assert made["secret"] not in response.content.decode()


def test_create_token_again_with_the_fields_in_another_order_is_the_same(call: Call) -> None:
    call("POST", "/tokens", b'{"name": "ci", "expires_in": 7}', idempotency_key="k")
    response = call("POST", "/tokens", b'{ "expires_in":7,"name":"ci"}', idempotency_key="k")
    assert problem_of(response) == (409, "already_done")


@pytest.mark.parametrize(
    "body", [{"name": "ci2"}, {"name": "ci", "description": ""}, {"name": "ci", "scopes": ["full"]}]
)
def test_create_token_of_another_body_with_that_key_is_422(call: Call, body: dict[str, object]) -> None:
    call("POST", "/tokens", {"name": "ci"}, idempotency_key="k")
    assert problem_of(call("POST", "/tokens", body, idempotency_key="k")) == (422, "key_reused")
    assert AccessToken.objects.count() == 2


def test_regenerate_token_with_the_key_of_another_call_is_422(call: Call, make_token: MakeToken) -> None:
    first, second = make_token()[0].pk, make_token()[0].pk
    assert call("POST", f"/tokens/{first}/regenerate", {}, idempotency_key="k").status_code == 200
    assert problem_of(call("POST", f"/tokens/{second}/regenerate", {}, idempotency_key="k")) == (422, "key_reused")
    assert problem_of(call("POST", "/tokens", {"name": "ci"}, idempotency_key="k")) == (422, "key_reused")


def test_regenerate_token_again_with_one_key_makes_no_third_secret(call: Call, make_token: MakeToken) -> None:
    token, _ = make_token()
    call("POST", f"/tokens/{token.pk}/regenerate", idempotency_key="k")
    response = call("POST", f"/tokens/{token.pk}/regenerate", idempotency_key="k")
    assert (problem_of(response), response.json()["token_id"]) == ((409, "already_done"), token.pk)
    assert token.secrets.count() == 2


def test_create_token_after_a_refusal_with_that_key_is_made(call: Call) -> None:
    assert call("POST", "/tokens", {"name": ""}, idempotency_key="k").status_code == 422
    assert call("POST", "/tokens", {"name": "ci"}, idempotency_key="k").status_code == 201


def test_create_token_a_day_later_with_that_key_is_made(call: Call, now: datetime) -> None:
    call("POST", "/tokens", {"name": "ci"}, idempotency_key="k")
    with time_machine.travel(now + timedelta(hours=24, minutes=1)):
        assert call("POST", "/tokens", {"name": "ci2"}, idempotency_key="k").status_code == 201


def test_create_token_with_somebody_elses_key_is_made(call: Call, make_token: MakeToken, bob: User) -> None:
    call("POST", "/tokens", {"name": "ci"}, idempotency_key="k")
    _, secret = make_token(owner=bob, scopes=["full"])
    assert call("POST", "/tokens", {"name": "ci"}, idempotency_key="k", secret=secret).status_code == 201


@pytest.mark.parametrize("key", ["", "k" * 256])
def test_create_token_with_a_bad_key_is_422(call: Call, key: str) -> None:
    response = call("POST", "/tokens", {"name": "ci"}, idempotency_key=key)
    assert problem_of(response) == (422, "invalid_input")
    assert response.json()["errors"][0]["field"] == "Idempotency-Key"


@pytest.mark.parametrize("key", ["k" * 255, NOBODYS_SECRET, "é \"'"])
def test_create_token_keeps_neither_its_key_nor_its_body(call: Call, key: str) -> None:
    assert call("POST", "/tokens", {"name": "ci"}, idempotency_key=key).status_code == 201
    row = RequestKey.objects.get()
    assert (len(row.key), len(row.fingerprint)) == (64, 64)
    assert problem_of(call("POST", "/tokens", {"name": "ci"}, idempotency_key=key)) == (409, "already_done")


# --- ETag and If-Match ------------------------------------------------------------------------


def test_change_token_from_its_tag_is_done_once(call: Call, make_token: MakeToken) -> None:
    path = f"/tokens/{make_token()[0].pk}"
    tag = call("GET", path)["ETag"]
    first = call("PATCH", path, {"name": "a"}, if_match=tag)
    assert (first.status_code, first["ETag"] != tag) == (200, True)
    assert problem_of(call("PATCH", path, {"name": "b"}, if_match=tag)) == (412, "changed_elsewhere")
    assert call("PATCH", path, {"name": "b"}, if_match=first["ETag"]).status_code == 200


@pytest.mark.parametrize("change", [{"disabled": True}, {"description": "d"}, {}])
def test_change_token_that_was_changed_in_the_browser_is_412(
    call: Call, make_token: MakeToken, web: Actor, now: datetime, change: dict[str, object]
) -> None:
    token, _ = make_token()
    tag = call("GET", f"/tokens/{token.pk}")["ETag"]
    edit_token(token, name="new", by=web, now=now + timedelta(seconds=1))
    assert problem_of(call("PATCH", f"/tokens/{token.pk}", change, if_match=tag)) == (412, "changed_elsewhere")


def test_change_token_from_a_compressed_answers_weak_tag_is_done(
    call: Call, make_token: MakeToken, secret: str
) -> None:
    path = f"/tokens/{make_token(description='d' * 200)[0].pk}"
    headers = {"authorization": f"Bearer {secret}", "accept-encoding": "gzip"}
    tag = Client().get(f"/api/v1{path}", headers=headers)["ETag"]
    assert tag.startswith('W/"')
    assert call("PATCH", path, {"name": "a"}, if_match=tag).status_code == 200


@pytest.mark.parametrize("header", ["*", ' "a", {} ,"b"', "{}"])
def test_change_token_from_any_of_several_tags_is_done(call: Call, make_token: MakeToken, header: str) -> None:
    path = f"/tokens/{make_token()[0].pk}"
    assert call("PATCH", path, {"name": "a"}, if_match=header.format(call("GET", path)["ETag"])).status_code == 200


@pytest.mark.parametrize("header", ["", '"', "nonsense", '"1-1"', '""', "12"])
def test_change_token_from_a_tag_that_is_none_is_412(call: Call, make_token: MakeToken, header: str) -> None:
    path = f"/tokens/{make_token()[0].pk}"
    assert problem_of(call("PATCH", path, {"name": "a"}, if_match=header)) == (412, "changed_elsewhere")


def test_tag_is_the_same_for_a_token_that_is_used(call: Call, make_token: MakeToken, now: datetime) -> None:
    path = f"/tokens/{make_token()[0].pk}"
    tag = call("GET", path)["ETag"]
    AccessToken.objects.update(last_used_at=now, last_used_address="203.0.113.7")
    answer = call("GET", path)
    assert (answer["ETag"], answer.json()["last_used_address"]) == (tag, "203.0.113.7")
