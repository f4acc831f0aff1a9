"""GET /api/v1/user: whose token this is."""

from base64 import b64encode
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.actor import Actor
from accounts.models import User
from tests.conftest import ClientOf, MakeToken
from tests.tokens.conftest import NOBODYS_SECRET
from tokens.domain.lifecycle import disable_token, revoke_token
from tokens.presenting import rfc3339

if TYPE_CHECKING:
    from tests.conftest import Response

ADDRESS = "/api/v1/user"


def get(authorization: str = "", address: str = ADDRESS, *, peer: str = "127.0.0.1", **headers: str) -> "Response":
    if authorization:
        headers["authorization"] = authorization
    return Client(REMOTE_ADDR=peer).get(address, headers=headers)


def test_user_by_bearer_is_the_owner(make_token: MakeToken, alice: User) -> None:
    response = get(f"Bearer {make_token()[1]}")
    assert (response.status_code, response["Content-Type"]) == (200, "application/json; charset=utf-8")
    assert response.json() == {"id": alice.pk, "email": "alice@example.com", "name": "Alice"}


def test_user_by_basic_is_the_owner(make_token: MakeToken, alice: User) -> None:
    credentials = b64encode(f"any:{make_token()[1]}".encode()).decode()
    assert get(f"Basic {credentials}").json()["id"] == alice.pk


def test_user_says_when_the_secret_ends_and_is_not_kept(make_token: MakeToken) -> None:
    token, secret = make_token()
    response = get(f"Bearer {secret}")
    assert response["Token-Expires-At"] == rfc3339(token.expires_at)
    assert response["Cache-Control"] == "no-store"
    assert response["X-Request-Id"]


@pytest.mark.parametrize("scopes", [["tokens:read"], ["tokens:rotate"], ["full"], ["introspect"]])
def test_user_by_a_token_of_any_scope_is_answered(make_token: MakeToken, scopes: list[str]) -> None:
    assert get(f"Bearer {make_token(scopes=scopes, may_introspect=True)[1]}").status_code == 200


def test_user_by_a_token_without_access_is_403(make_token: MakeToken) -> None:
    response = get(f"Bearer {make_token(scopes=[])[1]}")
    assert (response.status_code, response["Content-Type"]) == (403, "application/problem+json")
    assert 'error="insufficient_scope"' in response["WWW-Authenticate"]
    assert not response.has_header("Token-Expires-At")


@pytest.mark.parametrize("authorization", ["", "Digest x", f"Token {NOBODYS_SECRET}"])
def test_user_without_a_token_is_401_without_an_error(db: None, authorization: str) -> None:
    response = get(authorization)
    assert (response.status_code, response["WWW-Authenticate"]) == (401, 'Bearer realm="tokenportal"')
    assert response.json() == {
        "type": "urn:tokenportal:problem:unauthenticated",
        "title": "Unauthorized",
        "status": 401,
        "detail": "Present an access token.",
    }


def test_user_by_a_session_is_401(alice: User, client_of: ClientOf) -> None:
    assert client_of(alice).get(ADDRESS).status_code == 401


@pytest.mark.parametrize("authorization", ["Bearer x", f"Bearer {NOBODYS_SECRET}", "Basic !", "Bearer \xff\0"])
def test_user_by_a_wrong_token_is_401(db: None, authorization: str) -> None:
    response = get(authorization)
    assert response.status_code == 401
    assert 'error="invalid_token", error_description="The access token is not valid"' in response["WWW-Authenticate"]


def test_user_by_two_tokens_is_400(make_token: MakeToken) -> None:
    _, secret = make_token()
    response = get(f"Bearer {secret}, Bearer {secret}")
    assert (response.status_code, response["Content-Type"]) == (400, "application/problem+json")
    assert 'error="invalid_request"' in response["WWW-Authenticate"]


def test_user_by_a_token_in_the_query_is_401(make_token: MakeToken) -> None:
    _, secret = make_token()
    assert get(address=f"{ADDRESS}?access_token={secret}&token={secret}").status_code == 401


def test_user_by_a_dead_token_is_told_why(make_token: MakeToken, web: Actor, now: datetime) -> None:
    (off, off_secret), (ended, ended_secret) = make_token(), make_token()
    disable_token(off, by=web, now=now)
    revoke_token(ended, code="policy", reason="", by=web, now=now)
    assert f"was disabled at {rfc3339(now)}" in get(f"Bearer {off_secret}").json()["detail"]
    assert f"was revoked at {rfc3339(now)} (policy)" in get(f"Bearer {ended_secret}").json()["detail"]


def test_user_by_an_expired_token_is_told_where_to_renew(make_token: MakeToken, now: datetime) -> None:
    token, secret = make_token(now=now - timedelta(days=40))
    challenge = get(f"Bearer {secret}")["WWW-Authenticate"]
    assert f'error_uri="http://localhost:8000/settings/tokens/{token.pk}/regenerate/"' in challenge


def test_user_from_a_network_that_is_not_allowed_is_403(make_token: MakeToken, settings: Settings) -> None:
    settings.TRUSTED_PROXIES = ("10.0.0.0/8",)
    _, secret = make_token(allowed_networks=["203.0.113.0/24"])
    for client, status in (("203.0.113.7", 200), ("198.51.100.7", 403)):
        response = get(f"Bearer {secret}", peer="10.0.0.1", **{"x-forwarded-for": client})
        assert response.status_code == status


def test_user_of_a_service_account_without_address_is_answered(make_token: MakeToken) -> None:
    robot = User.objects.create(email="", name="robot", is_service=True)
    assert get(f"Bearer {make_token(owner=robot)[1]}").json() == {"id": robot.pk, "email": "", "name": "robot"}


def test_user_by_post_is_405(make_token: MakeToken) -> None:
    headers = {"authorization": f"Bearer {make_token()[1]}"}
    assert Client(enforce_csrf_checks=True).post(ADDRESS, headers=headers).status_code == 405
