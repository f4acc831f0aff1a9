"""GET /auth/verify: where the question comes from, and what it never does."""

from io import BytesIO
from typing import Any, NoReturn

import pytest
from django.db import InterfaceError, OperationalError
from django.test import Client
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from accounts.models import User
from tests.conftest import Ask, ClientOf, MakeToken
from tokens.domain import lookup, pending

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


def test_ask_is_one_select_and_sets_nothing(
    make_token: MakeToken, ask: Ask, selects: list[int], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    _, secret = make_token()
    with django_assert_num_queries(0):
        response = ask(f"Bearer {secret}")
    assert len(selects) == 1
    assert not response.cookies


def test_ask_by_a_signed_in_browser_opens_no_session(
    make_token: MakeToken, alice: User, client_of: ClientOf, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    headers, browser = {"authorization": f"Bearer {make_token()[1]}"}, client_of(alice)
    with django_assert_num_queries(0):
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
    assert (response.status_code, response["Retry-After"]) == (503, "5")
    assert not response.has_header("WWW-Authenticate")


def test_ask_carries_a_request_id(ask: Ask) -> None:
    assert ask()["X-Request-Id"] != ask(x_request_id="mine")["X-Request-Id"]


def test_ask_is_noted_as_the_last_use_with_its_true_address_and_agent(
    make_token: MakeToken, ask: Ask, settings: Settings
) -> None:
    settings.TRUSTED_PROXIES = ("10.0.0.0/8",)
    token, secret = make_token()
    ask(f"Bearer {secret}", address="10.0.0.1", x_forwarded_for="203.0.113.7", user_agent="curl/8.5.0")
    pending.flush_all()
    token.refresh_from_db()
    assert token.last_used_at is not None
    assert (token.last_used_address, token.last_used_agent) == ("203.0.113.7", "curl/8.5.0")


@pytest.mark.parametrize(
    ("agent", "kept"),
    [("evil\0agent\x1b[31m", "evilagent[31m"), ("é-" * 150, "é-" * 100), ("", "")],
)
def test_ask_by_an_agent_of_any_name_is_noted_as_one_line(
    make_token: MakeToken, ask: Ask, agent: str, kept: str
) -> None:
    token, secret = make_token()
    assert ask(f"Bearer {secret}", user_agent=agent).status_code == 204
    pending.flush_all()
    token.refresh_from_db()
    assert token.last_used_agent == kept
