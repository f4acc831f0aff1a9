"""POST /oauth/introspect: what a service learns of a token, and which service learns anything."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from accounts.actor import Actor
from accounts.models import User
from tests.conftest import Ask, MakeToken
from tests.tokens.conftest import NOBODYS_SECRET
from tests.tokens.gateway.conftest import Introspect, PostForm, basic
from tokens.domain.lifecycle import delete_token, disable_token, regenerate_token, revoke_token
from tokens.presenting import WRONG_SECRETS

if TYPE_CHECKING:
    pass

PATH = "/oauth/introspect"
DAY = timedelta(days=1)


# --- What is told -----------------------------------------------------------------------------


@pytest.mark.usefixtures("resources")
def test_introspect_a_good_token_tells_all_there_is(
    make_token: MakeToken, introspect: Introspect, alice: User, now: datetime
) -> None:
    token, secret = make_token(scopes=["deployments:write", "registry:read"])
    response = introspect(secret)
    assert (response.status_code, response["Content-Type"]) == (200, "application/json")
    assert response["Cache-Control"] == "no-store"
    assert response.json() == {
        "active": True,
        "scope": "deployments:read deployments:write registry:read",
        "sub": str(alice.pk),
        "username": "alice@example.com",
        "token_type": "Bearer",
        "exp": int(token.expires_at.timestamp()),
        "iat": int(now.timestamp()),
        "nbf": int(now.timestamp()),
        "iss": "http://localhost:8000",
        "jti": str(token.pk),
    }


@pytest.mark.usefixtures("resources")
def test_introspect_full_access_lists_every_registered_scope(make_token: MakeToken, introspect: Introspect) -> None:
    assert introspect(make_token()[1]).json()["scope"] == (
        "full deployments:read deployments:write registry:read registry:write tokens:read tokens:rotate tokens:write"
    )


def test_introspect_a_regenerated_token_tells_the_times_of_the_very_secret(
    make_token: MakeToken, introspect: Introspect, web: Actor, now: datetime
) -> None:
    token, _ = make_token(now=now - 10 * DAY)
    _, secret = regenerate_token(token, expires_at=now + 5 * DAY, by=web, now=now)
    told = introspect(secret).json()
    assert (told["iat"], told["exp"]) == (int(now.timestamp()), int((now + 5 * DAY).timestamp()))


def test_introspect_a_token_of_a_service_account_without_address_is_active(
    make_token: MakeToken, introspect: Introspect
) -> None:
    robot = User.objects.create(email="", name="robot", is_service=True)
    told = introspect(make_token(owner=robot)[1]).json()
    assert (told["active"], told["username"], told["sub"]) == (True, "", str(robot.pk))


@pytest.mark.parametrize("hint", ["access_token", "refresh_token", "nonsense", ""])
def test_introspect_with_any_hint_of_the_type_is_answered(
    make_token: MakeToken, introspect: Introspect, hint: str
) -> None:
    assert introspect(make_token()[1], token_type_hint=hint).json()["active"] is True


def _revoked(token: Any, by: Actor, now: datetime) -> None:
    revoke_token(token, code="leak", reason="", by=by, now=now)


def _replaced(token: Any, by: Actor, now: datetime) -> None:
    regenerate_token(token, expires_at=now + DAY, by=by, now=now)


def _deactivated(token: Any, by: Actor, now: datetime) -> None:
    User.objects.filter(pk=token.owner_id).update(deactivated_at=now)


def _expired(token: Any, by: Actor, now: datetime) -> None:
    type(token).objects.filter(pk=token.pk).update(expires_at=now, created_at=now - DAY)


@pytest.mark.parametrize("end", [_revoked, _replaced, _deactivated, _expired, disable_token, delete_token])
def test_introspect_a_dead_token_is_inactive_and_not_a_byte_more(
    make_token: MakeToken, introspect: Introspect, web: Actor, now: datetime, end: Callable[..., object]
) -> None:
    token, secret = make_token()
    end(token, by=web, now=now)
    response = introspect(secret)
    assert (response.status_code, response.content) == (200, b'{"active": false}')


@pytest.mark.parametrize("token", [NOBODYS_SECRET, NOBODYS_SECRET[:-1] + "y", "x", "\0", "é", "x" * 1_000_000])
def test_introspect_what_is_no_token_is_inactive_and_not_a_byte_more(introspect: Introspect, token: str) -> None:
    response = introspect(token)
    assert (response.status_code, response.content) == (200, b'{"active": false}')


def test_introspect_a_token_without_access_is_inactive(make_token: MakeToken, introspect: Introspect) -> None:
    assert introspect(make_token(scopes=[])[1]).content == b'{"active": false}'


@pytest.mark.parametrize(
    ("client_ip", "active"),
    [
        ({}, False),
        ({"client_ip": ""}, False),
        ({"client_ip": "nonsense"}, False),
        ({"client_ip": "198.51.100.1"}, False),
        ({"client_ip": "203.0.113.7"}, True),
        ({"client_ip": "::ffff:203.0.113.7"}, True),
    ],
)
def test_introspect_a_token_of_networks_goes_by_the_address_that_is_told(
    make_token: MakeToken, introspect: Introspect, client_ip: dict[str, str], active: bool
) -> None:
    _, secret = make_token(allowed_networks=["203.0.113.0/24"])
    assert introspect(secret, **client_ip).json()["active"] is active


def test_introspect_a_token_without_networks_needs_no_address(make_token: MakeToken, introspect: Introspect) -> None:
    assert introspect(make_token()[1], client_ip="nonsense").json()["active"] is True


def test_introspect_says_what_auth_verify_says(make_token: MakeToken, introspect: Introspect, ask: Ask) -> None:
    """Both ways to ask, one judge."""
    for scopes in (["full"], ["tokens:read"], []):
        secret = make_token(scopes=scopes)[1]
        assert introspect(secret).json()["active"] is (ask(f"Bearer {secret}", "any=1").status_code == 204)


# --- Who is told ------------------------------------------------------------------------------


def test_introspect_by_each_way_of_an_oauth_client_is_answered(
    make_token: MakeToken, post_form: PostForm, introspector: str
) -> None:
    token = {"token": make_token()[1]}
    for form, authorization in (
        (token, f"Bearer {introspector}"),
        (token, basic("any client", introspector)),
        (token | {"client_id": "any"}, basic("any", introspector)),
        (token | {"client_id": "any", "client_secret": introspector}, ""),
        (token | {"client_secret": introspector}, ""),
    ):
        assert post_form(PATH, form, authorization=authorization).json()["active"] is True


def test_introspect_without_credentials_is_challenged(make_token: MakeToken, post_form: PostForm) -> None:
    response = post_form(PATH, {"token": make_token()[1], "client_id": "any"})
    assert (response.status_code, response["WWW-Authenticate"]) == (401, 'Bearer realm="tokenportal"')
    assert response.json() == {"error": "invalid_client", "error_description": "Present an access token."}


@pytest.mark.parametrize(
    ("form", "authorization", "error", "challenge"),
    [
        ({}, f"Bearer {NOBODYS_SECRET}", "invalid_token", 'Bearer realm="tokenportal", error="invalid_token"'),
        ({}, basic("any", NOBODYS_SECRET), "invalid_client", 'Basic realm="tokenportal"'),
        ({"client_secret": NOBODYS_SECRET}, "", "invalid_client", 'Bearer realm="tokenportal", error="invalid_token"'),
    ],
)
def test_introspect_with_wrong_credentials_is_401_in_the_same_scheme(
    post_form: PostForm, form: dict[str, str], authorization: str, error: str, challenge: str
) -> None:
    response = post_form(PATH, {"token": "x", **form}, authorization=authorization)
    assert (response.status_code, response.json()["error"]) == (401, error)
    assert response["WWW-Authenticate"].startswith(challenge)
    assert response["Content-Type"] == "application/json"


def test_introspect_with_a_dead_token_of_ones_own_is_told_why(
    make_token: MakeToken, post_form: PostForm, web: Actor, now: datetime
) -> None:
    token, secret = make_token(scopes=["introspect"], may_introspect=True)
    disable_token(token, by=web, now=now)
    response = post_form(PATH, {"token": secret}, authorization=f"Bearer {secret}")
    assert response.json()["error_description"].startswith("The access token was disabled at ")


@pytest.mark.parametrize("scopes", [["full"], ["tokens:read"], []])
def test_introspect_without_the_scope_is_403_even_for_full_access(
    make_token: MakeToken, post_form: PostForm, scopes: list[str]
) -> None:
    _, secret = make_token(scopes=scopes)
    response = post_form(PATH, {"token": secret}, authorization=f"Bearer {secret}")
    assert (response.status_code, response.json()["error"]) == (403, "insufficient_scope")
    assert response["WWW-Authenticate"] == 'Bearer realm="tokenportal", error="insufficient_scope", scope="introspect"'


def test_introspect_with_a_token_of_networks_goes_by_the_callers_own_address(
    make_token: MakeToken, post_form: PostForm
) -> None:
    _, caller = make_token(scopes=["introspect"], may_introspect=True, allowed_networks=["203.0.113.0/24"])
    form = {"token": caller, "client_ip": "203.0.113.7"}
    statuses = [
        post_form(PATH, form, authorization=f"Bearer {caller}", address=address).status_code
        for address in ("203.0.113.7", "198.51.100.1")
    ]
    assert statuses == [200, 403]


def test_introspect_with_too_many_wrong_secrets_is_429_but_those_in_bodies_do_not_count(
    make_token: MakeToken, post_form: PostForm
) -> None:
    form = {"token": NOBODYS_SECRET, "client_secret": NOBODYS_SECRET}
    assert {post_form(PATH, form).status_code for _ in range(WRONG_SECRETS + 1)} == {401}
    wrong = [post_form(PATH, {}, authorization=f"Bearer {NOBODYS_SECRET}") for _ in range(WRONG_SECRETS + 1)]
    assert [response.status_code for response in wrong[-2:]] == [401, 429]
    assert 1 <= int(wrong[-1]["Retry-After"]) <= 60
    assert wrong[-1].json()["error"] == "too_many_requests"
