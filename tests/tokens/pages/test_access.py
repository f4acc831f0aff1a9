"""Whose tokens these are: somebody else's are not there, nobody signs in first, and no form comes without its token."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from accounts.models import User
from tests.conftest import PASSWORD, ClientOf, MakeToken
from tests.tokens.conftest import NOBODYS_SECRET
from tests.tokens.pages.conftest import (
    LIST,
    NEW,
    SELECTED,
    address,
    edit_fields,
    htmx,
    kept_in_sessions,
    new_fields,
    regenerate_fields,
)
from tests.tokens.pages.reading import Page
from tokens.models import AccessToken

ACTS = ["detail", "edit", "regenerate", "delete", "disable", "enable", "dismiss"]


@pytest.fixture
def token(make_token: MakeToken) -> AccessToken:
    return make_token(name="alices-own")[0]


def fields_for(act: str, token: AccessToken) -> dict[str, Any]:
    """What a browser would send for an act."""
    if act == "edit":
        return edit_fields(token, name="taken over")
    return regenerate_fields(token) if act == "regenerate" else {}


def everything() -> list[Any]:
    return list(AccessToken.objects.order_by("pk").values())


# --- Somebody else's, and none ------------------------------------------------------------------


@pytest.mark.parametrize("headers", [{}, htmx()])
@pytest.mark.parametrize("act", ACTS)
def test_act_on_somebody_elses_token_is_as_on_none(
    client_of: ClientOf, bob: User, token: AccessToken, act: str, headers: dict[str, str]
) -> None:
    before, browser, fields = everything(), client_of(bob), fields_for(act, token)
    for method in (browser.get, browser.post, browser.head):
        theirs, none = (method(address(act, pk), fields, headers=headers) for pk in (token.pk, token.pk + 1))
        assert theirs.status_code == none.status_code == 404
        assert Page(theirs).words == Page(none).words
        assert "alices-own" not in theirs.content.decode()
    assert everything() == before


@pytest.mark.parametrize("pk", ["0", "9" * 18, str(2**63 - 1), str(2**63), "9" * 30, "9" * 5000, "-1", "x", "1.0", "٧"])
def test_act_on_an_odd_id_is_not_found(alices: Client, pk: str) -> None:
    for act in ("", "edit/", "regenerate/", "delete/", "disable/", "enable/", "dismiss/"):
        for method in (alices.get, alices.post):
            assert method(f"{LIST}{pk}/{act}").status_code == 404, act


def test_page_of_no_token_says_so_and_leads_back(alices: Client) -> None:
    page = Page(alices.get(address("edit", 999)))
    assert page.headings == ["There is no such token"]
    assert page.links["Back to the list"] == LIST


@pytest.mark.parametrize("name", ["expires_in=7", "name=", "name=%00&description=%00", f"name={NOBODYS_SECRET}"])
def test_edit_of_no_token_with_odd_fields_is_not_found(alices: Client, name: str) -> None:
    answer = alices.post(address("edit", 999), name, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 404
    assert NOBODYS_SECRET not in answer.content.decode()


@pytest.mark.parametrize("method", ["put", "patch", "delete", "options"])
def test_page_by_another_method_is_not_allowed(alices: Client, token: AccessToken, method: str) -> None:
    before = everything()
    for path in (LIST, NEW, SELECTED, *(address(act, token) for act in ACTS)):
        assert getattr(alices, method)(path).status_code == 405
    assert everything() == before


# --- Nobody -----------------------------------------------------------------------------------


@pytest.mark.parametrize("act", ACTS)
def test_act_by_nobody_leads_to_sign_in_whether_the_token_is_there_or_not(
    client: Client, token: AccessToken, act: str
) -> None:
    before = everything()
    for pk in (token.pk, token.pk + 1):
        assert client.get(address(act, pk))["Location"] == f"/accounts/login/?next={address(act, pk)}"
        assert client.post(address(act, pk), fields_for(act, token))["Location"].startswith("/accounts/login/?next=")
    assert everything() == before


@pytest.mark.parametrize("path", [LIST, NEW, SELECTED])
def test_page_for_nobody_leads_to_sign_in(client: Client, db: None, path: str) -> None:
    assert client.get(path)["Location"] == f"/accounts/login/?next={path}"


def test_act_by_htmx_after_the_session_has_ended_leads_to_sign_in_as_a_whole_page(
    client: Client, token: AccessToken
) -> None:
    answer = client.post(address("delete", token), headers=htmx())
    assert answer.status_code == 200
    assert answer["HX-Redirect"].startswith("/accounts/login/?next=")
    assert answer.content == b""


def test_dialog_by_htmx_after_the_session_has_ended_comes_back_to_the_page(client: Client, token: AccessToken) -> None:
    answer = client.get(address("delete", token), headers=htmx(f"{LIST}?q=ci"))
    assert answer["HX-Redirect"] == f"/accounts/login/?next={LIST}"


def test_search_by_htmx_after_the_session_has_ended_leads_to_the_same_search_as_a_page(
    client: Client, db: None
) -> None:
    answer = client.get(f"{LIST}?q=ci", headers=htmx(target="results"))
    assert answer["HX-Redirect"] == f"{LIST}?q=ci"


def test_summary_by_htmx_after_the_session_has_ended_leaves_the_form_as_it_is(client: Client, db: None) -> None:
    answer = client.get(NEW, {"expires_in": "7"}, headers=htmx(NEW, target="summary"))
    assert (answer.status_code, answer.content) == (204, b"")


def test_create_token_after_the_session_has_ended_finds_what_was_typed(alice: User) -> None:
    client = Client()
    asked = client.post(NEW, new_fields(name="typed for long", expires_in="90"))
    signed_in = client.post(asked["Location"], {"login": alice.email, "password": PASSWORD})
    form = Page(client.get(signed_in["Location"])).form(NEW)
    assert (form["name"], form["expires_in"], form["form_key"]) == (["typed for long"], ["90"], ["a form key"])


def test_create_token_after_the_session_has_ended_keeps_no_secret(client: Client, db: None) -> None:
    answer = client.post(NEW, new_fields(name="kept", description=f"x {NOBODYS_SECRET}") | {NOBODYS_SECRET: "1"})
    assert "resume" in parse_qs(urlsplit(answer["Location"]).query)["next"][0]
    assert "kept" in kept_in_sessions()
    assert NOBODYS_SECRET[10:] not in kept_in_sessions() + str(answer.headers)


def test_page_for_somebody_deactivated_leads_to_sign_in(client_of: ClientOf, alice: User, token: AccessToken) -> None:
    browser = client_of(alice)
    User.objects.update(deactivated_at=token.created_at)
    for path in (LIST, NEW, address("detail", token)):
        assert browser.get(path)["Location"].startswith("/accounts/login/")


# --- Forged forms -----------------------------------------------------------------------------


@pytest.mark.parametrize("act", ["edit", "regenerate", "delete", "disable", "enable", "dismiss"])
def test_act_without_csrf_token_is_refused(alices: Client, token: AccessToken, act: str) -> None:
    before = everything()
    alices.handler.enforce_csrf_checks = True
    assert alices.post(address(act, token), fields_for(act, token)).status_code == 403
    assert everything() == before


@pytest.mark.parametrize("path", [NEW, SELECTED])
def test_form_without_csrf_token_is_refused_and_repeats_nothing(alices: Client, token: AccessToken, path: str) -> None:
    before = everything()
    alices.handler.enforce_csrf_checks = True
    answer = alices.post(path, new_fields(name=NOBODYS_SECRET, act="delete", selected=token.pk))
    assert answer.status_code == 403
    assert NOBODYS_SECRET not in answer.content.decode()
    assert everything() == before


def test_form_with_its_csrf_token_is_taken(alices: Client, token: AccessToken) -> None:
    alices.handler.enforce_csrf_checks = True
    given = Page(alices.get(address("delete", token))).forms[address("delete", token)]
    assert alices.post(address("delete", token), given).status_code == 302
    assert not AccessToken.objects.exists()


# --- Headers ----------------------------------------------------------------------------------


def test_pages_are_under_the_strict_policy_and_never_framed(alices: Client, token: AccessToken) -> None:
    for path in (LIST, NEW, address("detail", token), address("edit", 999)):
        answer = alices.get(path)
        assert "default-src 'none'" in answer["Content-Security-Policy"]
        assert "unsafe" not in answer["Content-Security-Policy"]
        assert answer["X-Frame-Options"] == "DENY"
