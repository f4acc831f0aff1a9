"""GET /auth/verify, asked over HTTP as a proxy asks it: the table of what was presented."""

from base64 import b64encode
from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.actor import Actor
from accounts.models import User
from tests.conftest import Ask, MakeToken
from tests.tokens.conftest import NOBODYS_SECRET
from tokens.domain.lifecycle import delete_token, disable_token, regenerate_token, revoke_token
from tokens.gateway.forward_auth import header_safe
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


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", ""),
        (" ", "%20"),
        ("  a  b ", "%20%20a  b%20"),
        (" é", "%20%C3%A9"),
        ("a\n", "a%0A"),
        ("a\x7f", "a%7F"),
        ("a\tb", "a%09b"),
    ],
)
def test_header_safe_encodes_what_a_proxy_might_trim_or_split(text: str, value: str) -> None:
    assert header_safe(text) == value


@given(st.text())
def test_header_safe_of_any_text_is_one_visible_line_that_decodes_to_it(text: str) -> None:
    value = header_safe(text)
    assert value.isascii()
    assert value.isprintable()
    assert value == value.strip()
    assert unquote(value) == text


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


@pytest.mark.parametrize("bend", [str.lower, str.upper, str.swapcase, "{}%00".format, "x{}".format, "{}=".format])
def test_ask_with_the_secret_bent_is_401(make_token: MakeToken, ask: Ask, bend: Callable[[str], str]) -> None:
    _, secret = make_token()
    assert ask(f"Bearer {bend(secret)}").status_code == 401
