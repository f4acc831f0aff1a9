"""POST /oauth/introspect: what a service learns of a token, and which service learns anything."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NoReturn

import pytest
from django.db import OperationalError
from django.test import Client

from accounts.actor import Actor
from accounts.models import User
from tests.conftest import Ask, MakeToken
from tests.tokens.conftest import NOBODYS_SECRET
from tests.tokens.gateway.conftest import PostForm, basic
from tokens.domain import lookup
from tokens.domain.lifecycle import delete_token, disable_token, regenerate_token, revoke_token
from tokens.presenting import WRONG_SECRETS

if TYPE_CHECKING:
    from tests.conftest import Response

PATH = "/oauth/introspect"
DAY = timedelta(days=1)
Introspect = Callable[..., "Response"]


@pytest.fixture
def introspect(post_form: PostForm, introspector: str) -> Introspect:
    """A service with the right to asks."""

    def ask(token: str, **fields: str) -> "Response":
        return post_form(PATH, {"token": token, **fields}, authorization=f"Bearer {introspector}")

    return ask


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


# --- Bad input --------------------------------------------------------------------------------


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


def test_introspect_says_what_auth_verify_says(make_token: MakeToken, introspect: Introspect, ask: Ask) -> None:
    """Both ways to ask, one judge."""
    for scopes in (["full"], ["tokens:read"], []):
        secret = make_token(scopes=scopes)[1]
        assert introspect(secret).json()["active"] is (ask(f"Bearer {secret}", "any=1").status_code == 204)
