"""Confirm it's you."""

from datetime import timedelta
from typing import cast
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.http import HttpRequest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.recheck import count_as_check, recently_checked, require_recheck
from accounts.requests import PortalRequest
from tests.accounts.conftest import SignIn, Submit, is_signed_in
from tests.conftest import PASSWORD, ClientOf, Response
from tokens.secret_format import make_secret

pytestmark = pytest.mark.urls("tests.accounts.recheck_urls")
TYPED = {"name": "ci", "scopes": ["a:read", "b:write"], "empty": ""}


@pytest.fixture
def unchecked(client: Client, alice: User) -> Client:
    """Alice's, signed in so long ago that nobody remembers how."""
    client.force_login(alice)
    return client


def back_to(answer: Response) -> str:
    """Where the page that asks leads afterwards."""
    address = answer.headers.get("Location") or answer.headers["HX-Redirect"]
    return parse_qs(urlsplit(address).query)["next"][0]


@pytest.mark.parametrize(("minutes", "answered"), [(14, b"done"), (15, b""), (16, b"")])
def test_act_so_long_after_sign_in_is_done_or_asks(
    alice: User, sign_in: SignIn, submit: Submit, minutes: int, answered: bytes
) -> None:
    start = timezone.now()
    with time_machine.travel(start, tick=False):
        client = sign_in(alice)
    with time_machine.travel(start + timedelta(minutes=minutes), tick=False):
        assert submit(client, "/form/", **TYPED).content == answered


def test_act_asks_as_often_as_the_caller_says(alice: User, sign_in: SignIn, submit: Submit) -> None:
    client = sign_in(alice)
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        assert submit(client, "/form/").content == b"done"
        assert back_to(submit(client, "/act/")).startswith("/form/?tab=2&resume=")


def test_act_after_confirming_comes_back_with_what_was_typed(unchecked: Client, submit: Submit) -> None:
    asked = submit(unchecked, "/form/", **TYPED)
    assert asked["Location"].startswith(reverse("account_reauthenticate") + "?next=")
    back = submit(unchecked, asked["Location"], password=PASSWORD)["Location"]
    assert back == back_to(asked)
    assert unchecked.get(back).json() == {"name": ["ci"], "scopes": ["a:read", "b:write"], "empty": [""]}
    assert submit(unchecked, "/form/", **TYPED).content == b"done"


def test_act_with_wrong_password_goes_on_asking(unchecked: Client, submit: Submit) -> None:
    asked = submit(unchecked, "/form/", **TYPED)
    assert submit(unchecked, asked["Location"], password="wrong").status_code == 200
    assert submit(unchecked, "/form/").status_code == 302


def test_act_by_htmx_is_led_there_as_a_whole_page(unchecked: Client) -> None:
    answer = unchecked.post("/form/", TYPED, headers={"hx-request": "true"})
    assert answer.status_code == 200
    assert answer["HX-Redirect"].startswith(reverse("account_reauthenticate"))
    assert unchecked.get(back_to(answer)).json()["name"] == ["ci"]


def test_page_that_asks_by_get_keeps_nothing(unchecked: Client) -> None:
    answer = unchecked.get("/act/?x=1")
    assert back_to(answer) == "/form/?tab=2"
    assert "recheck_input" not in unchecked.session


def test_kept_input_holds_no_secret(unchecked: Client, submit: Submit) -> None:
    typed = {"name": ["fine", "a secret"], "password": "hush", "csrfmiddlewaretoken": "x" * 32}
    back = back_to(submit(unchecked, "/form/", **typed))
    assert unchecked.get(back).json() == {"name": ["fine"]}
    stored = str([session.get_decoded() for session in Session.objects.all()])
    assert "fine" in stored
    assert not any(hidden in stored for hidden in ("a secret", "a+secret", "hush", "x" * 32))


def test_kept_input_is_forgotten_after_a_quarter_of_an_hour(unchecked: Client, submit: Submit) -> None:
    back = back_to(submit(unchecked, "/form/", **TYPED))
    with time_machine.travel(timezone.now() + timedelta(minutes=15, seconds=1)):
        assert unchecked.get(back).json() is None


def test_kept_input_is_for_its_own_page_alone(unchecked: Client, submit: Submit) -> None:
    assert unchecked.get("/form/?resume=").json() is None
    assert unchecked.get("/form/?resume=nothing").json() is None
    back = back_to(submit(unchecked, "/form/", **TYPED))
    session = unchecked.session
    session["recheck_input"][back.partition("=")[2]]["path"] = "/elsewhere/"
    session.save()
    assert unchecked.get(back).json() is None


def test_kept_input_is_never_somebody_elses(unchecked: Client, submit: Submit, bob: User) -> None:
    back = back_to(submit(unchecked, "/form/", **TYPED))
    kept = unchecked.session["recheck_input"]
    unchecked.force_login(bob)
    session = unchecked.session
    session["recheck_input"] = kept
    session.save()
    assert unchecked.get(back).json() is None


def test_kept_input_is_few_and_small(unchecked: Client, submit: Submit) -> None:
    backs = [back_to(submit(unchecked, "/form/", name=str(number))) for number in range(7)]
    assert [unchecked.get(back).json() for back in backs[:2]] == [None, None]
    assert [unchecked.get(back).json()["name"] for back in backs[2:]] == [["2"], ["3"], ["4"], ["5"], ["6"]]
    assert back_to(submit(unchecked, "/form/", name="x" * 20_001)) == "/form/"


def test_act_of_account_without_password_signs_in_again(
    unchecked: Client, submit: Submit, sign_in: SignIn, alice: User
) -> None:
    alice.set_unusable_password()
    alice.save()
    unchecked.force_login(alice)
    asked = submit(unchecked, "/form/", **TYPED)
    assert asked["Location"].startswith(reverse("account_login") + "?next=")
    assert not is_signed_in(unchecked)
    kept = unchecked.session["recheck_input"]
    assert [entry["user"] for entry in kept.values()] == [alice.pk]


def test_act_after_the_session_has_ended_comes_back_with_what_was_typed(
    client: Client, submit: Submit, alice: User
) -> None:
    asked = submit(client, "/door/", **TYPED)
    back = submit(client, asked["Location"], login=alice.email, password=PASSWORD)["Location"]
    assert back.startswith("/door/?resume=")
    assert client.get(back).json()["name"] == ["ci"]


@pytest.mark.parametrize(
    ("headers", "back"),
    [
        ({}, "/door/?x=1"),
        ({"hx-request": "true"}, "/door/?x=1"),
        ({"hx-request": "true", "hx-current-url": "http://["}, "/door/?x=1"),
        ({"hx-request": "true", "hx-current-url": "http://testserver/form/?page=2"}, "/form/"),
    ],
)
@pytest.mark.django_db
def test_page_after_the_session_has_ended_leads_back_to_a_whole_page(
    client: Client, headers: dict[str, str], back: str
) -> None:
    assert back_to(client.get("/door/?x=1", headers=headers)) == back


@pytest.mark.parametrize("headers", [{}, {"hx-request": "true"}])
@pytest.mark.parametrize("where", ["/door/", "/settings/tokens/", "/settings/tokens/new/"])
@pytest.mark.django_db
def test_page_with_a_secret_in_its_address_leads_back_to_it_without(
    client: Client, where: str, headers: dict[str, str]
) -> None:
    secret = make_secret("tp_")
    for query in (f"q={secret}", f"x=1&name=a+{secret}", f"{secret}=1", f"q=tp%5f{secret[3:]}"):
        asked = client.get(f"{where}?{query}", headers=headers)
        assert back_to(asked) == where
        assert secret[3:] not in str(asked.headers)


def test_act_with_a_secret_in_its_address_comes_back_without(unchecked: Client, submit: Submit) -> None:
    asked = submit(unchecked, f"/form/?x={make_secret('tp_')}", **TYPED)
    assert back_to(asked).startswith("/form/?resume=")
    assert unchecked.get(back_to(asked)).json()["name"] == ["ci"]


def test_recently_checked_of_account_without_password_needs_a_sign_in(alice: User, client_of: ClientOf) -> None:
    alice.set_unusable_password()
    alice.save()
    request = client_of(alice).get("/form/").wsgi_request
    assert recently_checked(request, minutes=15)
    del request.session["account_authentication_methods"]
    assert not recently_checked(request, minutes=15)


def test_act_of_nobody_leads_to_sign_in(client_request: HttpRequest) -> None:
    assert not recently_checked(client_request, minutes=15)
    answer = require_recheck(cast(PortalRequest, client_request), minutes=15, keep=lambda _name, _value: True)
    assert answer is not None
    assert answer["Location"].startswith(reverse("account_login"))


def test_count_as_check_without_a_record_of_how_counts_nothing(client_request: HttpRequest) -> None:
    count_as_check(client_request)
    assert not recently_checked(client_request, minutes=15)


def test_recently_checked_does_not_take_somebody_elses_check(alice: User, bob: User, client_of: ClientOf) -> None:
    request = client_of(alice).get("/form/").wsgi_request
    request.user = bob
    assert not recently_checked(request, minutes=15)
