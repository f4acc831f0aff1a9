"""GET /auth/verify, asked over HTTP as a proxy asks it: the table of what was presented."""

from base64 import b64encode
from collections.abc import Callable
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any, NoReturn

import pytest
from django.db import InterfaceError, OperationalError
from django.test import Client
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from accounts.actor import Actor
from accounts.models import User
from tests.conftest import Ask, ClientOf, MakeToken
from tests.tokens.conftest import NOBODYS_SECRET
from tokens.domain import lookup
from tokens.domain.lifecycle import delete_token, disable_token, regenerate_token, revoke_token
from tokens.presenting import rfc3339
from tokens.secret_format import checksum

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "BREW"]
DAY = timedelta(days=1)
INVALID = 'Bearer realm="tokenportal", error="invalid_token", error_description="The access token is not valid"'


def basic(credentials: str) -> str:
    return "Basic " + b64encode(credentials.encode()).decode()


def invalid_token(description: str) -> str:
    return f'Bearer realm="tokenportal", error="invalid_token", error_description="{description}"'


# --- Nothing, and what is not a token ---------------------------------------------------------


@pytest.mark.parametrize("authorization", ["", "Digest username=ada", f"Token {NOBODYS_SECRET}", NOBODYS_SECRET])
def test_ask_with_nothing_is_401_without_an_error(ask: Ask, authorization: str) -> None:
    response = ask(authorization)
    assert (response.status_code, response["WWW-Authenticate"]) == (401, 'Bearer realm="tokenportal"')
    assert response.json()["type"] == "urn:tokenportal:problem:unauthenticated"


def test_ask_with_nothing_for_git_challenges_basic(ask: Ask) -> None:
    response = ask(query="challenge=basic")
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == 'Basic realm="tokenportal", charset="UTF-8"'


def test_ask_with_a_wrong_secret_for_git_still_says_invalid(ask: Ask) -> None:
    assert ask(f"Bearer {NOBODYS_SECRET}", "challenge=basic")["WWW-Authenticate"] == INVALID


@pytest.mark.parametrize(
    "authorization",
    [
        "Bearer",
        "Bearer x",
        f"Bearer {NOBODYS_SECRET}",
        f"Bearer {NOBODYS_SECRET[:-1]}y",
        f"Bearer {NOBODYS_SECRET} x",
        "Bearer " + "x" * 65_536,
        "Bearer tp_\0\0\0",
        "Bearer \x80\xff\xfe",
        "Basic",
        "Basic not base64!",
        basic("ada:"),
        basic(f"ada:{NOBODYS_SECRET}"),
        basic("x" * 65_536),
    ],
    ids=lambda value: value[:30],
)
def test_ask_with_what_is_no_secret_gets_one_and_the_same_answer(ask: Ask, authorization: str) -> None:
    response, other = ask(authorization), ask("Bearer anything")
    assert (response.status_code, response["WWW-Authenticate"]) == (401, INVALID)
    assert response.content == other.content
    assert set(response.headers) == set(other.headers)


def test_ask_with_a_secret_in_the_query_is_nothing(make_token: MakeToken, ask: Ask) -> None:
    _, secret = make_token()
    for name in ("access_token", "token", "authorization", "Bearer"):
        assert ask(query=f"any=1&{name}={secret}")["WWW-Authenticate"] == 'Bearer realm="tokenportal"'


@pytest.mark.parametrize(
    "form", ["Bearer {0}, Bearer {0}", "Bearer {0},Basic eDp5", "Basic eDp5, Bearer {0}", "Digest a, Bearer {0}"]
)
def test_ask_with_two_tokens_is_400_that_travels_as_403(make_token: MakeToken, ask: Ask, form: str) -> None:
    response = ask(form.format(make_token()[1]))
    assert (response.status_code, response["X-Error-Status"]) == (403, "400")
    assert 'error="invalid_request"' in response["WWW-Authenticate"]
    assert not any(name.startswith("X-Auth-") for name in response.headers)


# --- A right secret ---------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["Bearer {}", "bearer  {}", "BEARER {}"])
def test_ask_as_bearer_is_204(make_token: MakeToken, ask: Ask, form: str) -> None:
    response = ask(form.format(make_token()[1]))
    assert (response.status_code, response.content) == (204, b"")
    assert response["Cache-Control"] == "no-store"
    assert not response.has_header("WWW-Authenticate")


@pytest.mark.parametrize("form", ["ada:{}", ":{}", "{}:", "{}", "zoë:{}", "x-token-auth:{}"])
def test_ask_as_basic_is_204(make_token: MakeToken, ask: Ask, form: str) -> None:
    assert ask(basic(form.format(make_token()[1]))).status_code == 204


def test_ask_as_basic_with_another_password_is_401(make_token: MakeToken, ask: Ask) -> None:
    assert ask(basic(f"{make_token()[1]}:x-oauth-basic")).status_code == 401


@pytest.mark.parametrize("method", METHODS)
def test_ask_by_every_method_is_answered(make_token: MakeToken, ask: Ask, method: str) -> None:
    assert ask(f"Bearer {make_token()[1]}", method=method).status_code == 204
    assert ask("Bearer x", method=method).status_code == 401


def test_ask_head_has_the_headers_of_get_and_no_body(make_token: MakeToken, ask: Ask) -> None:
    for authorization in (f"Bearer {make_token()[1]}", "Bearer x"):
        get, head = ask(authorization), ask(authorization, method="HEAD")
        assert head.content == b""
        assert set(head.headers) >= {name for name in get.headers if name.startswith(("X-Auth", "WWW"))}


def test_ask_is_told_six_things(make_token: MakeToken, ask: Ask, alice: User) -> None:
    token, secret = make_token(name="ci", scopes=["tokens:write"])
    response = ask(f"Bearer {secret}", "any=1")
    assert {name: value for name, value in response.items() if name.startswith("X-Auth-")} == {
        "X-Auth-User-Id": str(alice.pk),
        "X-Auth-User-Email": "alice@example.com",
        "X-Auth-Token-Id": str(token.pk),
        "X-Auth-Token-Name": "ci",
        "X-Auth-Scopes": "tokens:read tokens:write",
        "X-Auth-Expires-At": rfc3339(token.expires_at),
    }


def test_ask_about_a_service_account_without_address_has_all_six(make_token: MakeToken, ask: Ask) -> None:
    robot = User.objects.create(email="", name="robot", is_service=True)
    response = ask(f"Bearer {make_token(owner=robot)[1]}")
    assert (response.status_code, response["X-Auth-User-Email"]) == (204, "")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("a b  c", "a b  c"),
        ('50 % "off" \\ o\'clock', '50 %25 "off" \\ o\'clock'),
        ("%0d%0aX-Evil: 1", "%250d%250aX-Evil: 1"),
        ("Zoë", "Zo%C3%AB"),
        ("👩‍👧", "%F0%9F%91%A9%E2%80%8D%F0%9F%91%A7"),
        ("a\u00a0b", "a%C2%A0b"),
        ("!#$&'()*+,-./:;<=>?@[]^_`{|}~", "!#$&'()*+,-./:;<=>?@[]^_`{|}~"),
    ],
)
def test_ask_encodes_a_name_byte_by_byte(make_token: MakeToken, ask: Ask, name: str, value: str) -> None:
    response = ask(f"Bearer {make_token(name=name)[1]}")
    assert (response.status_code, response["X-Auth-Token-Name"]) == (204, value)


def test_ask_passes_no_header_of_the_caller_on(make_token: MakeToken, ask: Ask) -> None:
    response = ask(f"Bearer {make_token()[1]}", x_auth_user_id="1", x_auth_scopes="full introspect")
    assert response["X-Auth-Scopes"] == "full"


# --- A dead secret ----------------------------------------------------------------------------


def test_ask_with_an_expired_secret_says_when_and_where_to_renew(
    make_token: MakeToken, ask: Ask, now: datetime
) -> None:
    token, secret = make_token(now=now - 40 * DAY)
    response = ask(f"Bearer {secret}")
    renew = f"http://localhost:8000/settings/tokens/{token.pk}/regenerate/"
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == (
        invalid_token(f"The access token expired at {rfc3339(token.expires_at)}") + f', error_uri="{renew}"'
    )


def test_ask_with_a_replaced_secret_says_when(make_token: MakeToken, ask: Ask, web: Actor, now: datetime) -> None:
    token, old = make_token()
    _, new = regenerate_token(token, expires_at=now + DAY, by=web, now=now)
    response = ask(f"Bearer {old}")
    assert response["WWW-Authenticate"] == invalid_token(f"The access token was replaced at {rfc3339(now)}")
    assert (response.status_code, ask(f"Bearer {new}").status_code) == (401, 204)


def test_ask_with_a_disabled_secret_says_since_when(make_token: MakeToken, ask: Ask, web: Actor, now: datetime) -> None:
    token, secret = make_token()
    disable_token(token, by=web, now=now)
    response = ask(f"Bearer {secret}")
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == invalid_token(f"The access token was disabled at {rfc3339(now)}")


def test_ask_with_a_revoked_secret_says_when_and_the_code_but_not_the_reason(
    make_token: MakeToken, ask: Ask, web: Actor, now: datetime
) -> None:
    token, secret = make_token()
    revoke_token(token, code="leak", reason='found"', by=web, now=now)
    response = ask(f"Bearer {secret}")
    assert response["WWW-Authenticate"] == invalid_token(f"The access token was revoked at {rfc3339(now)} (leak)")
    assert b"found" not in response.content


def test_ask_with_the_secret_of_a_deactivated_owner_says_since_when(
    make_token: MakeToken, ask: Ask, alice: User, now: datetime
) -> None:
    _, secret = make_token()
    User.objects.filter(pk=alice.pk).update(deactivated_at=now)
    challenge = ask(f"Bearer {secret}")["WWW-Authenticate"]
    assert challenge == invalid_token(f"The owner of the access token was deactivated at {rfc3339(now)}")


def test_ask_with_a_deleted_secret_is_as_with_an_unknown_one(
    make_token: MakeToken, ask: Ask, web: Actor, now: datetime
) -> None:
    token, secret = make_token()
    delete_token(token, by=web, now=now)
    assert ask(f"Bearer {secret}")["WWW-Authenticate"] == INVALID


def test_ask_one_character_off_learns_nothing_of_a_dead_one(
    make_token: MakeToken, ask: Ask, web: Actor, now: datetime
) -> None:
    token, secret = make_token()
    revoke_token(token, code="leak", reason="", by=web, now=now)
    unchecked = secret[:10] + ("a" if secret[10] != "a" else "b") + secret[11:43]
    assert ask(f"Bearer {unchecked}{checksum(unchecked)}")["WWW-Authenticate"] == INVALID


# --- Scopes -----------------------------------------------------------------------------------

GRANTED = {
    "none": [],
    "full": ["full"],
    "read": ["deployments:read"],
    "write": ["deployments:write"],
    "both": ["deployments:read", "registry:read"],
    "introspect": ["introspect"],
}


@pytest.mark.usefixtures("resources")
@pytest.mark.parametrize(
    ("query", "passing"),
    [
        # Without a question, full access alone.
        ("", "full"),
        ("any=0", "full"),
        ("any=", "full"),
        ("any", "full"),
        ("any=true", "full"),
        ("any=1&any=0", "full"),
        ("unknown=1", "full"),
        ("SCOPE=deployments:read", "full"),
        ("scope[]=deployments:read", "full"),
        # Any scope will do, but not none.
        ("any=1", "full read write both introspect"),
        # Named scopes are all needed.
        ("scope=deployments:read", "full read write both"),
        ("scope=deployments%3Aread", "full read write both"),
        ("scope=deployments:write", "full write"),
        ("scope=deployments:read&scope=registry:read", "full both"),
        ("scope=deployments:read+registry:read", "full both"),
        ("scope=deployments:read%20registry:read", "full both"),
        ("scope=deployments:read,registry:read", "full"),
        ("scope=deployments:read;registry:read", "full"),
        ("scope=deployments:read&scope=", "full"),
        ("scope=", "full"),
        ("scope", "full"),
        ("scope=+", "full"),
        ("scope=full", "full"),
        ("scope=any", "full"),
        ("scope=nobody:registered", "full"),
        ("scope=deployments", "full"),
        ("scope=Deployments:read", "full"),
        ("scope=introspect", "introspect"),
        ("scope=introspect&scope=deployments:read", ""),
        # A resource needs read or write by the method, which is not known here.
        ("resource=deployments", "full write"),
        ("resource=", "full"),
        ("resource", "full"),
        ("resource=nobody", "full"),
        ("resource=deployments&resource=registry", "full"),
        ("resource=deployments:read", "full"),
        ("resource=introspect", "full"),
        # Both given: both must hold.
        ("resource=deployments&scope=registry:read", "full"),
        ("any=1&scope=deployments:write", "full write"),
        ("any=1&resource=deployments", "full write"),
        ("any=1&scope=", "full"),
    ],
)
def test_ask_with_a_question_about_scopes_lets_the_right_ones_pass(
    make_token: MakeToken, ask: Ask, query: str, passing: str
) -> None:
    secrets = {name: make_token(scopes=scopes, may_introspect=True)[1] for name, scopes in GRANTED.items()}
    answers = {name: ask(f"Bearer {secret}", query).status_code for name, secret in secrets.items()}
    assert answers == {name: 204 if name in passing.split() else 403 for name in GRANTED}


def test_ask_without_the_scope_is_told_which(make_token: MakeToken, ask: Ask) -> None:
    response = ask(f"Bearer {make_token(scopes=[])[1]}", "scope=deployments:write")
    assert response.status_code == 403
    assert response["WWW-Authenticate"] == (
        'Bearer realm="tokenportal", error="insufficient_scope", scope="deployments:write"'
    )
    assert response.json()["type"] == "urn:tokenportal:problem:insufficient_scope"


@pytest.mark.parametrize(
    "scope", ["%22", "%5C", "%22%0D%0AX-Evil:%201", "a%00b", "%C3%A9", "%FF", "x" * 101, "%22,+a="]
)
def test_ask_for_a_scope_that_breaks_headers_is_not_repeated(make_token: MakeToken, ask: Ask, scope: str) -> None:
    response = ask(f"Bearer {make_token(scopes=['tokens:read'])[1]}", f"scope={scope}")
    assert response.status_code == 403
    assert response["WWW-Authenticate"] == (
        'Bearer realm="tokenportal", error="insufficient_scope", '
        'error_description="The access token does not have the permissions that this needs"'
    )
    assert not response.has_header("X-Evil")


def test_ask_for_scopes_on_two_lines_stays_on_one(make_token: MakeToken, ask: Ask) -> None:
    response = ask(f"Bearer {make_token(scopes=['tokens:read'])[1]}", "scope=a%0D%0AX-Evil:1")
    assert 'scope="a X-Evil:1"' in response["WWW-Authenticate"]


def test_ask_with_a_flood_of_questions_is_400_that_travels_as_403(make_token: MakeToken, ask: Ask) -> None:
    response = ask(f"Bearer {make_token()[1]}", "&".join(["scope=a"] * 51))
    assert (response.status_code, response["X-Error-Status"]) == (403, "400")
    assert ask(f"Bearer {make_token()[1]}", "&".join(["scope=a"] * 50)).status_code == 204


@pytest.mark.usefixtures("resources")
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"x_forwarded_method": "GET"}, 204),
        ({"x_forwarded_method": "HEAD"}, 204),
        ({"x_forwarded_method": "OPTIONS"}, 204),
        ({"x_original_method": "GET"}, 204),
        ({"x_original_method": "GET", "x_forwarded_method": "GET"}, 204),
        ({"x_forwarded_method": "POST"}, 403),
        ({"x_forwarded_method": "PUT"}, 403),
        ({"x_forwarded_method": "DELETE"}, 403),
        ({"x_forwarded_method": "TRACE"}, 403),
        ({"x_forwarded_method": "PROPFIND"}, 403),
        ({"x_forwarded_method": "get"}, 403),
        ({"x_forwarded_method": ""}, 403),
        ({"x_forwarded_method": "GET, GET"}, 403),
        ({"x_forwarded_method": "GET,POST"}, 403),
        ({"x_forwarded_method": "GET", "x_original_method": "POST"}, 403),
        ({"x_forwarded_method": "POST", "x_original_method": "GET"}, 403),
        ({"x_forwarded_method": "GET", "x_original_method": "HEAD"}, 403),
        ({"x_http_method_override": "GET"}, 403),
    ],
    ids=str,
)
def test_ask_for_a_resource_reads_only_by_a_method_that_reads(
    make_token: MakeToken, ask: Ask, headers: dict[str, str], status: int
) -> None:
    reader, writer = make_token(scopes=["deployments:read"])[1], make_token(scopes=["deployments:write"])[1]
    assert ask(f"Bearer {reader}", "resource=deployments", **headers).status_code == status
    assert ask(f"Bearer {writer}", "resource=deployments", **headers).status_code == 204


@pytest.mark.usefixtures("resources")
@pytest.mark.parametrize("method", METHODS)
def test_ask_for_a_resource_does_not_go_by_its_own_method(make_token: MakeToken, ask: Ask, method: str) -> None:
    authorization = f"Bearer {make_token(scopes=['deployments:read'])[1]}"
    assert ask(authorization, "resource=deployments", method=method).status_code == 403
    assert ask(authorization, "resource=deployments", method=method, x_original_method="GET").status_code == 204


# --- Networks ---------------------------------------------------------------------------------


@pytest.fixture
def _proxies(settings: Settings) -> None:
    settings.TRUSTED_PROXIES = ("10.0.0.0/8",)


@pytest.mark.usefixtures("_proxies")
@pytest.mark.parametrize(
    ("address", "forwarded", "status"),
    [
        ("203.0.113.7", "", 204),
        ("::ffff:203.0.113.7", "", 204),
        ("203.0.114.7", "", 403),
        ("2001:db8::7", "", 403),
        # A proxy that nobody declared stands in between, even if it is itself inside.
        ("203.0.113.7", "203.0.113.8", 403),
        ("203.0.113.7", "unknown", 403),
        # A trusted proxy passed it on.
        ("10.0.0.1", "203.0.113.7", 204),
        ("10.0.0.1", "198.51.100.66, 203.0.113.7", 204),
        ("10.0.0.1", "203.0.113.7, 10.9.9.9", 204),
        ("10.0.0.1", "203.0.113.7, 198.51.100.66", 403),
        ("10.0.0.1", "203.0.113.7, unknown", 403),
        ("10.0.0.1", "203.0.113.7,", 403),
        ("10.0.0.1", "", 403),
        ("", "", 403),
    ],
)
def test_ask_with_a_token_of_networks_goes_by_the_true_address(
    make_token: MakeToken, ask: Ask, address: str, forwarded: str, status: int
) -> None:
    _, secret = make_token(allowed_networks=["203.0.113.0/24"])
    headers = {"x_forwarded_for": forwarded} if forwarded else {}
    assert ask(f"Bearer {secret}", address=address, **headers).status_code == status


def test_ask_from_elsewhere_is_told_that_the_address_is_not_allowed(make_token: MakeToken, ask: Ask) -> None:
    _, secret = make_token(allowed_networks=["203.0.113.0/24"])
    response = ask(f"Bearer {secret}", address="198.51.100.1")
    assert response["WWW-Authenticate"] == (
        'Bearer realm="tokenportal", error="insufficient_scope", '
        'error_description="The access token is not allowed from this address"'
    )
    assert b"203.0.113" not in response.content


def test_ask_from_elsewhere_without_the_scope_hears_of_the_address_first(make_token: MakeToken, ask: Ask) -> None:
    _, secret = make_token(scopes=[], allowed_networks=["203.0.113.0/24"])
    assert "not allowed from this address" in ask(f"Bearer {secret}")["WWW-Authenticate"]


def test_ask_through_an_unknown_proxy_without_networks_is_204(make_token: MakeToken, ask: Ask) -> None:
    assert ask(f"Bearer {make_token()[1]}", x_forwarded_for="198.51.100.1").status_code == 204


@pytest.mark.usefixtures("_proxies")
def test_ask_with_an_endless_address_from_a_trusted_proxy_is_answered(make_token: MakeToken, ask: Ask) -> None:
    forwarded = "fe80::1%" + "x" * 5000
    assert ask(f"Bearer {make_token()[1]}", address="10.0.0.1", x_forwarded_for=forwarded).status_code == 204


# --- What it never does -----------------------------------------------------------------------


@pytest.mark.parametrize("host", ["portal.internal:8080", "evil.example", "bad host!", "", "[::1"])
def test_ask_under_any_host_is_answered(make_token: MakeToken, ask: Ask, host: str) -> None:
    assert ask(f"Bearer {make_token()[1]}", host=host).status_code == 204


def test_ask_where_people_are_sent_to_https_is_not_redirected(
    make_token: MakeToken, ask: Ask, settings: Settings
) -> None:
    settings.SECURE_SSL_REDIRECT = True
    assert ask(f"Bearer {make_token()[1]}").status_code == 204
    assert ask().status_code == 401


def test_ask_by_a_signed_in_browser_is_nothing(alice: User, client_of: ClientOf) -> None:
    response = client_of(alice).get("/auth/verify?any=1")
    assert (response.status_code, response["WWW-Authenticate"]) == (401, 'Bearer realm="tokenportal"')
    assert not response.cookies


def test_ask_without_a_csrf_token_is_answered(make_token: MakeToken) -> None:
    client = Client(enforce_csrf_checks=True)
    response = client.post("/auth/verify", headers={"authorization": f"Bearer {make_token()[1]}"})
    assert response.status_code == 204


class UnreadableClient(Client):
    """A client whose body can't be read."""

    def request(self, **request: Any) -> Any:
        class Unreadable(BytesIO):
            def read(self, *_args: object) -> NoReturn:
                raise AssertionError("the body was read")

            readline = read

        return super().request(**request | {"wsgi.input": Unreadable(), "CONTENT_LENGTH": "9999999999"})


def test_ask_with_a_body_never_reads_it(make_token: MakeToken) -> None:
    headers = {"authorization": f"Bearer {make_token()[1]}"}
    response = UnreadableClient().post("/auth/verify", {"token": "x"}, headers=headers)
    assert response.status_code == 204


def test_ask_is_one_query_and_sets_nothing(
    make_token: MakeToken, ask: Ask, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    _, secret = make_token()
    with django_assert_num_queries(1):
        response = ask(f"Bearer {secret}")
    assert not response.cookies


@pytest.mark.xfail(reason="the middleware of time zones opens the session of whoever sends a cookie")
def test_ask_by_a_signed_in_browser_opens_no_session(
    make_token: MakeToken, alice: User, client_of: ClientOf, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    headers, browser = {"authorization": f"Bearer {make_token()[1]}"}, client_of(alice)
    with django_assert_num_queries(1):
        assert browser.get("/auth/verify", headers=headers).status_code == 204


@pytest.mark.parametrize("failure", [OperationalError("gone"), InterfaceError("closed")], ids=repr)
def test_ask_without_a_database_is_503_and_neither_yes_nor_no(
    make_token: MakeToken, ask: Ask, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    def fail(_secret: str) -> NoReturn:
        raise failure

    _, secret = make_token()
    monkeypatch.setattr(lookup, "find", fail)
    response = ask(f"Bearer {secret}")
    assert response.status_code == 503
    assert not response.has_header("WWW-Authenticate")


def test_ask_carries_a_request_id(ask: Ask) -> None:
    assert ask()["X-Request-Id"] != ask(x_request_id="mine")["X-Request-Id"]


@pytest.mark.parametrize("bend", [str.lower, str.upper, str.swapcase, "{}%00".format, "x{}".format, "{}=".format])
def test_ask_with_the_secret_bent_is_401(make_token: MakeToken, ask: Ask, bend: Callable[[str], str]) -> None:
    _, secret = make_token()
    assert ask(f"Bearer {bend(secret)}").status_code == 401
