"""Disable, enable, delete: each asks by GET and acts by POST."""

from datetime import datetime, timedelta

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from pytest_django.asserts import assertTemplateNotUsed, assertTemplateUsed

from accounts.actor import Actor
from tests.conftest import MakeToken
from tests.tokens.conftest import Judge, SetPolicy, events
from tests.tokens.pages.conftest import DAY, LIST, address, htmx, made
from tests.tokens.pages.reading import Page
from tokens.domain.lifecycle import disable_token, revoke_token
from tokens.domain.verification import Outcome
from tokens.errors import TokenGone
from tokens.models import AccessToken, TokenSecret

Made = tuple[AccessToken, str]


@pytest.fixture
def ci(make_token: MakeToken) -> Made:
    return make_token(name="ci")


@pytest.fixture
def off(ci: Made, web: Actor, now: datetime) -> Made:
    """The same token, disabled by its owner."""
    disable_token(ci[0], by=web, now=now)
    return ci


# --- Asking -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("act", "sentence"),
    [
        ("disable", "Whatever uses it will stop working until you enable it again."),
        ("delete", "Whatever uses it will stop working, and it can't be recovered."),
    ],
)
@pytest.mark.parametrize("headers", [{}, htmx()])
def test_dialog_of_an_act_has_the_names_that_people_find_things_by(
    alices: Client, ci: Made, act: str, sentence: str, headers: dict[str, str]
) -> None:
    page = Page(alices.get(address(act, ci[0]), headers=headers))
    assert page.headings == [f"{act.capitalize()} ci?"]
    assert {f"{act.capitalize()} token", "Cancel"} <= set(page.buttons)
    assert sentence in page.words
    assert "Never used" in page.words
    assert page.form(address(act, ci[0])) == {}


def test_dialog_of_enable_names_the_token_and_its_end(alices: Client, off: Made) -> None:
    page = Page(alices.get(address("enable", off[0])))
    assert page.headings == ["Enable ci?"]
    assert {"Enable token", "Cancel"} <= set(page.buttons)


@pytest.mark.parametrize("act", ["disable", "delete", "dismiss", "edit", "regenerate"])
def test_dialog_by_htmx_is_the_fragment_and_pushes_no_address(alices: Client, ci: Made, act: str) -> None:
    answer = alices.get(address(act, ci[0]), headers=htmx())
    assertTemplateUsed(answer, f"tokens/_{act}.html")
    assertTemplateNotUsed(answer, "base.html")
    assert answer["HX-Push-Url"] == "false"
    assert {"HX-Request", "HX-Target"} <= {name.strip() for name in answer["Vary"].split(",")}


@pytest.mark.parametrize("act", ["disable", "delete"])
def test_dialog_of_a_token_in_use_says_when_and_from_where(alices: Client, ci: Made, act: str, now: datetime) -> None:
    agent = "curl/8.5.0 " + "x" * 100
    AccessToken.objects.update(
        last_used_at=now - timedelta(minutes=4), last_used_address="203.0.113.7", last_used_agent=agent
    )
    words = Page(alices.get(address(act, ci[0]))).words
    assert "Used 4 minutes ago" in words
    assert "from 203.0.113.7 (curl/8.5.0 " in words
    assert "x" * 60 not in words


@pytest.mark.parametrize("act", ["disable", "delete", "dismiss"])
@pytest.mark.parametrize("method", ["get", "head"])
def test_act_by_get_or_head_changes_nothing(alices: Client, ci: Made, judge: Judge, act: str, method: str) -> None:
    assert getattr(alices, method)(address(act, ci[0])).status_code == 200
    assert events(made()) == ["token.created"]
    assert judge(ci[1]) is Outcome.GOOD


# --- Doing ------------------------------------------------------------------------------------


def test_disable_token_stops_it_and_says_so(alices: Client, ci: Made, judge: Judge) -> None:
    answer = alices.post(address("disable", ci[0]), follow=True)
    assert answer.redirect_chain == [(LIST, 302)]
    assert "ci was disabled." in Page(answer).words
    assert "Enable" in Page(answer).links
    assert judge(ci[1]) is Outcome.DISABLED


def test_disable_token_twice_is_done_once(alices: Client, ci: Made) -> None:
    for _ in range(2):
        assert alices.post(address("disable", ci[0])).status_code == 302
    assert events(ci[0]) == ["token.created", "token.disabled"]


def test_enable_token_lets_the_same_secret_in_again(alices: Client, off: Made, judge: Judge) -> None:
    answer = alices.post(address("enable", off[0]), follow=True)
    assert "ci was enabled." in Page(answer).words
    assert judge(off[1]) is Outcome.GOOD
    assert made().expires_at == off[0].expires_at


def test_enable_token_twice_is_done_once(alices: Client, off: Made) -> None:
    for _ in range(2):
        assert alices.post(address("enable", off[0])).status_code == 302
    assert events(off[0])[-2:] == ["token.disabled", "token.enabled"]


def test_enable_token_that_is_on_changes_nothing(alices: Client, ci: Made, judge: Judge) -> None:
    assert alices.post(address("enable", ci[0])).status_code == 302
    assert events(ci[0]) == ["token.created"]


def test_delete_token_takes_it_and_its_secrets_away(alices: Client, ci: Made, judge: Judge) -> None:
    answer = alices.post(address("delete", ci[0]), follow=True)
    assert "ci was deleted." in Page(answer).words
    assert judge(ci[1]) is Outcome.UNKNOWN
    assert not TokenSecret.objects.exists()
    assert events(ci[0]) == ["token.created", "token.deleted"]


def test_delete_token_twice_finds_it_once(alices: Client, ci: Made) -> None:
    assert alices.post(address("delete", ci[0])).status_code == 302
    assert alices.post(address("delete", ci[0])).status_code == 404


def test_delete_token_says_so_once(alices: Client, ci: Made) -> None:
    alices.post(address("delete", ci[0]))
    assert "ci was deleted." in Page(alices.get(LIST)).words
    assert "ci was deleted." not in Page(alices.get(LIST)).words


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "a&b", "'\"", "{{ secret }}"])
def test_act_on_a_token_named_like_markup_shows_it_as_text(alices: Client, make_token: MakeToken, name: str) -> None:
    token, _ = make_token(name=name)
    assert Page(alices.get(address("disable", token))).headings == [f"Disable {name}?"]
    answer = alices.post(address("disable", token), follow=True)
    assert f"{name} was disabled." in Page(answer).words
    assert "<script>alert" not in answer.content.decode()


# --- What can't be done -------------------------------------------------------------------------


@pytest.mark.parametrize("act", ["disable", "enable"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_act_on_a_revoked_token_is_refused(alices: Client, ci: Made, web: Actor, act: str, method: str) -> None:
    revoke_token(ci[0], code="leak", reason="", by=web, now=ci[0].created_at)
    for headers in ({}, htmx()):
        answer = getattr(alices, method)(address(act, ci[0]), headers=headers)
        assert answer.status_code == 409
        assert Page(answer).headings == ["ci was not changed"]
        assert "This token was revoked for good." in Page(answer).words
        assert Page(answer).links["Back to the list"] == LIST


def test_delete_token_that_was_revoked_is_done(alices: Client, ci: Made, web: Actor, now: datetime) -> None:
    revoke_token(ci[0], code="leak", reason="", by=web, now=now)
    assert alices.post(address("delete", ci[0])).status_code == 302
    assert not AccessToken.objects.exists()


@pytest.mark.parametrize("method", ["get", "post"])
def test_enable_token_that_an_administrator_disabled_is_refused(
    alices: Client, ci: Made, web: Actor, now: datetime, method: str
) -> None:
    disable_token(ci[0], by=web, now=now, disabled_by="administrator")
    answer = getattr(alices, method)(address("enable", ci[0]))
    assert answer.status_code == 409
    assert "An administrator disabled this token." in Page(answer).words
    assert made().disabled_by == "administrator"


def test_disable_token_that_an_administrator_disabled_leaves_it_to_them(
    alices: Client, ci: Made, web: Actor, now: datetime
) -> None:
    disable_token(ci[0], by=web, now=now, disabled_by="administrator")
    alices.post(address("disable", ci[0]))
    assert made().disabled_by == "administrator"


def test_enable_token_past_the_limit_is_refused(
    alices: Client, off: Made, make_token: MakeToken, set_policy: SetPolicy
) -> None:
    make_token()
    set_policy(tokens_per_owner=1)
    answer = alices.post(address("enable", off[0]))
    assert answer.status_code == 409
    assert "Delete one that you don't need" in Page(answer).words


@pytest.mark.parametrize("act", ["disable", "delete"])
def test_act_on_a_token_deleted_in_that_very_moment_says_so(
    alices: Client, ci: Made, act: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_late(deleted: AccessToken, **_: object) -> None:
        raise TokenGone

    monkeypatch.setattr(f"tokens.pages.views.lifecycle.{act}_token", too_late)
    answer = alices.post(address(act, ci[0]))
    assert answer.status_code == 409
    assert "This token was deleted in the meantime." in Page(answer).words


# --- htmx -------------------------------------------------------------------------------------


@pytest.mark.parametrize("act", ["disable", "enable"])
def test_act_by_htmx_on_the_list_swaps_the_row_and_closes_the_dialog(alices: Client, off: Made, act: str) -> None:
    answer = alices.post(address(act, off[0]), headers=htmx())
    assertTemplateUsed(answer, "tokens/_row.html")
    assertTemplateNotUsed(answer, "tokens/_results.html")
    assert "closeDialog" in str(answer.headers)
    assert answer["HX-Push-Url"] == "false"
    assert f"ci was {act}d." in Page(answer).words


def test_act_by_htmx_leaves_no_message_for_the_next_page(alices: Client, ci: Made) -> None:
    answer = alices.post(address("disable", ci[0]), headers=htmx())
    assert list(get_messages(answer.wsgi_request)) == []
    assert "ci was disabled." not in Page(alices.get(LIST)).words


def test_delete_token_by_htmx_swaps_the_whole_list(alices: Client, ci: Made, make_token: MakeToken) -> None:
    make_token(name="other")
    answer = alices.post(address("delete", ci[0]), headers=htmx())
    assertTemplateUsed(answer, "tokens/_results.html")
    assert "other" in Page(answer).links
    assert "ci" not in Page(answer).links
    assert "ci was deleted." in Page(answer).words


def test_delete_last_token_by_htmx_shows_the_empty_list(alices: Client, ci: Made) -> None:
    page = Page(alices.post(address("delete", ci[0]), headers=htmx()))
    assert "No access tokens yet" in page.headings


def test_act_by_htmx_in_a_filtered_list_keeps_what_was_asked(alices: Client, ci: Made, make_token: MakeToken) -> None:
    for number in range(27):
        make_token(name=f"ci {number:02}")
    answer = alices.post(address("delete", ci[0]), headers=htmx(f"{LIST}?q=ci&state=active&sort=-name&page=1"))
    links = Page(answer).links
    assert links["Next"] == "?q=ci&state=active&sort=-name&page=2"
    assert "ci 26" in links
    assert "ci 00" not in links


def test_delete_token_by_htmx_on_the_last_page_shows_the_one_before(alices: Client, make_token: MakeToken) -> None:
    tokens = [make_token()[0] for _ in range(26)]
    answer = alices.post(address("delete", tokens[0]), headers=htmx(f"{LIST}?page=2"))
    assert tokens[1].name in Page(answer).links
    assert tokens[25].name in Page(answer).links


@pytest.mark.parametrize("act", ["disable", "enable"])
def test_act_by_htmx_on_the_tokens_page_shows_that_anew(alices: Client, off: Made, act: str) -> None:
    own = address("detail", off[0])
    answer = alices.post(address(act, off[0]), headers=htmx(own))
    assert answer["HX-Redirect"] == own
    assert f"ci was {act}d." in Page(alices.get(own)).words


def test_delete_token_by_htmx_on_its_page_leads_to_the_list(alices: Client, ci: Made) -> None:
    answer = alices.post(address("delete", ci[0]), headers=htmx(address("detail", ci[0])))
    assert answer["HX-Redirect"] == LIST


@pytest.mark.parametrize(
    "current",
    ["http://testserver//evil.example/", "https://evil.example/", "//evil.example/x", "javascript:alert(1)", "", "x"],
)
def test_act_by_htmx_on_an_odd_page_leads_to_the_list(alices: Client, ci: Made, current: str) -> None:
    headers = htmx() | {"HX-Current-URL": current}
    assert alices.post(address("disable", ci[0]), headers=headers)["HX-Redirect"] == LIST


@pytest.mark.parametrize("current", ["http://[", "http://testserver:x/", "%", "\\", "http://testserver/\udcff"])
def test_act_by_htmx_with_a_broken_address_is_done(alices: Client, ci: Made, current: str) -> None:
    answer = alices.post(
        address("disable", ci[0]), headers=htmx() | {"HX-Current-URL": current.encode("utf-8", "replace").decode()}
    )
    assert answer.status_code == 200
    assert made().disabled_at is not None


def test_act_by_htmx_elsewhere_than_in_the_dialog_answers_as_to_a_browser(alices: Client, ci: Made) -> None:
    answer = alices.post(address("disable", ci[0]), headers=htmx(target="main"))
    assert answer["Location"] == LIST


def test_disable_token_that_has_expired_is_done(alices: Client, ci: Made, now: datetime) -> None:
    AccessToken.objects.update(created_at=now - 30 * DAY, expires_at=now - DAY)
    assert alices.post(address("disable", ci[0])).status_code == 302
    assert made().disabled_at is not None
