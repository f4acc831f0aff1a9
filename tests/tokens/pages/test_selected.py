"""Several at once."""

from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from pytest_django.asserts import assertTemplateNotUsed, assertTemplateUsed

from accounts.actor import Actor
from accounts.models import AuditEvent, User
from tests.conftest import ClientOf, MakeToken
from tests.tokens.conftest import NOBODYS_SECRET, events
from tests.tokens.pages.conftest import LIST, SELECTED, htmx
from tests.tokens.pages.reading import Page
from tokens.domain.lifecycle import disable_token, revoke_token
from tokens.errors import TokenGone
from tokens.models import AccessToken
from tokens.pages.selected import _ACTS

ACTS = [("disable", "disabled"), ("delete", "deleted")]


@pytest.fixture
def three(make_token: MakeToken) -> list[AccessToken]:
    return [make_token(name=name)[0] for name in ("one", "two", "three")]


def ticked(act: str, tokens: list[AccessToken]) -> dict[str, Any]:
    return {"act": act, "selected": [token.pk for token in tokens]}


def left() -> set[str]:
    """The names of those that are neither deleted nor disabled."""
    return set(AccessToken.objects.filter(disabled_at=None).values_list("name", flat=True))


def test_list_has_a_tick_box_for_each_and_buttons_for_all(alices: Client, three: list[AccessToken]) -> None:
    answer = alices.get(LIST)
    for token in three:
        assert f'aria-label="Select {token.name}"' in answer.content.decode()
    assert {"Disable", "Delete"} <= set(Page(answer).buttons)


@pytest.mark.parametrize("act", ["disable", "delete"])
@pytest.mark.parametrize("headers", [{}, htmx()])
def test_dialog_for_several_names_each_and_changes_nothing(
    alices: Client, three: list[AccessToken], act: str, headers: dict[str, str]
) -> None:
    page = Page(alices.get(SELECTED, ticked(act, three[:2]), headers=headers))
    assert page.headings == [f"{act.capitalize()} 2 tokens?"]
    assert {f"{act.capitalize()} tokens", "Cancel"} <= set(page.buttons)
    assert [name for name in ("one", "two", "three") if f"{name} tp_" in page.words] == ["one", "two"]
    assert left() == {"one", "two", "three"}


def test_dialog_for_one_speaks_of_one(alices: Client, three: list[AccessToken]) -> None:
    assert Page(alices.get(SELECTED, ticked("delete", three[:1]))).headings == ["Delete 1 token?"]


@pytest.mark.parametrize(("act", "done"), ACTS)
def test_act_on_several_sent_as_asked_is_done_to_them_alone(
    alices: Client, three: list[AccessToken], act: str, done: str
) -> None:
    form = Page(alices.get(SELECTED, ticked(act, three[:2]))).form(SELECTED)
    answer = alices.post(SELECTED, form, follow=True)
    assert answer.redirect_chain == [(LIST, 302)]
    assert f"2 tokens {done}." in Page(answer).words
    assert left() == {"three"}


@pytest.mark.parametrize(("act", "done"), ACTS)
def test_act_on_one_ticked_says_token(alices: Client, three: list[AccessToken], act: str, done: str) -> None:
    answer = alices.post(SELECTED, ticked(act, three[:1]), follow=True)
    assert f"1 token {done}." in Page(answer).words


def test_act_on_several_is_recorded_for_each(alices: Client, three: list[AccessToken]) -> None:
    alices.post(SELECTED, ticked("disable", three))
    assert all(events(token) == ["token.created", "token.disabled"] for token in three)


@pytest.mark.parametrize("act", ["disable", "delete"])
def test_act_on_somebody_elses_among_mine_leaves_theirs(
    client_of: ClientOf, bob: User, three: list[AccessToken], make_token: MakeToken, act: str
) -> None:
    own, _ = make_token(owner=bob, name="bobs")
    browser = client_of(bob)
    assert "one" not in Page(browser.get(SELECTED, ticked(act, [*three, own]))).words.split()
    assert "1 token " in Page(browser.post(SELECTED, ticked(act, [*three, own]), follow=True)).words
    assert left() == {"one", "two", "three"}


@pytest.mark.parametrize("act", ["disable", "delete"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_act_on_somebody_elses_alone_is_as_on_none(
    client_of: ClientOf, bob: User, three: list[AccessToken], act: str, method: str
) -> None:
    answer = getattr(client_of(bob), method)(SELECTED, ticked(act, three))
    assert answer.status_code == 422
    assert Page(answer).headings == ["Nothing is ticked"]
    assert len(left()) == 3


def test_disable_several_with_a_revoked_one_among_them_disables_the_others_and_says_so(
    alices: Client, three: list[AccessToken], web: Actor, now: datetime
) -> None:
    revoke_token(three[0], code="leak", reason="", by=web, now=now)
    answer = alices.post(SELECTED, ticked("disable", three), follow=True)
    assert "2 tokens disabled. 1 can't be." in Page(answer).words
    assert events(three[0])[-1] == "token.revoked"


@pytest.mark.parametrize(("act", "name"), ACTS)
def test_act_takes_them_in_the_order_in_which_everybody_locks(
    alices: Client, three: list[AccessToken], act: str, name: str
) -> None:
    alices.post(SELECTED, ticked(act, three[::-1]))
    acted_on = AuditEvent.objects.filter(kind=f"token.{name}").order_by("pk").values_list("subject_id", flat=True)
    assert list(acted_on) == [token.pk for token in three]


def test_disable_only_revoked_ones_says_that_none_was(
    alices: Client, three: list[AccessToken], web: Actor, now: datetime
) -> None:
    revoke_token(three[0], code="leak", reason="", by=web, now=now)
    answer = alices.post(SELECTED, ticked("disable", three[:1]), follow=True)
    assert "0 tokens disabled. 1 can't be." in Page(answer).words


def test_delete_several_with_a_revoked_one_among_them_deletes_all(
    alices: Client, three: list[AccessToken], web: Actor, now: datetime
) -> None:
    revoke_token(three[0], code="leak", reason="", by=web, now=now)
    assert "3 tokens deleted." in Page(alices.post(SELECTED, ticked("delete", three), follow=True)).words
    assert not AccessToken.objects.exists()


def test_disable_several_that_are_off_already_records_nothing_more(
    alices: Client, three: list[AccessToken], web: Actor, now: datetime
) -> None:
    disable_token(three[0], by=web, now=now, disabled_by="administrator")
    alices.post(SELECTED, ticked("disable", three))
    assert AccessToken.objects.get(pk=three[0].pk).disabled_by == "administrator"
    assert events(three[0]) == ["token.created", "token.disabled"]


def test_delete_several_with_one_gone_in_that_very_moment_deletes_the_others(
    alices: Client, three: list[AccessToken], monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_late(token: AccessToken, **_: object) -> None:
        if token.name == "one":
            raise TokenGone
        token.delete()

    monkeypatch.setitem(_ACTS, "delete", (too_late, "deleted"))
    assert "2 tokens deleted. 1 can't be." in Page(alices.post(SELECTED, ticked("delete", three), follow=True)).words


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"act": "delete"},
        {"act": "", "selected": "own"},
        {"act": "enable", "selected": "own"},
        {"act": "DELETE", "selected": "own"},
        {"act": "__class__", "selected": "own"},
        {"act": NOBODYS_SECRET, "selected": "own"},
        *(
            {"act": "delete", "selected": odd}
            for odd in ("", "x", "-1", "0", "1.5", "²", "٧", "\0", "9" * 18, "9" * 5000)
        ),
        {"act": "delete", "selected": NOBODYS_SECRET},
    ],
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_act_on_nothing_or_an_unknown_act_changes_nothing(
    alices: Client, three: list[AccessToken], sent: dict[str, str], method: str
) -> None:
    if sent.get("selected") == "own":
        sent = sent | {"selected": str(three[0].pk)}
    answer = getattr(alices, method)(SELECTED, sent)
    assert answer.status_code == 422
    assert "Nothing is ticked" in Page(answer).headings
    assert NOBODYS_SECRET not in answer.content.decode()
    assert len(left()) == 3


def test_act_on_one_ticked_twice_is_done_once(alices: Client, three: list[AccessToken]) -> None:
    answer = alices.post(SELECTED, ticked("delete", [three[0], three[0]]), follow=True)
    assert "1 token deleted." in Page(answer).words


def test_act_on_thousands_of_ids_is_answered(alices: Client, three: list[AccessToken]) -> None:
    ids = [token.pk for token in three] + list(range(10**6, 10**6 + 900))
    assert alices.post(SELECTED, {"act": "delete", "selected": ids}).status_code == 302
    assert not AccessToken.objects.exists()


def test_act_on_several_twice_finds_them_once(alices: Client, three: list[AccessToken]) -> None:
    assert alices.post(SELECTED, ticked("delete", three)).status_code == 302
    assert alices.post(SELECTED, ticked("delete", three)).status_code == 422


@pytest.mark.parametrize(("act", "done"), ACTS)
def test_act_on_several_by_htmx_swaps_the_list_and_closes_the_dialog(
    alices: Client, three: list[AccessToken], act: str, done: str
) -> None:
    answer = alices.post(SELECTED, ticked(act, three), headers=htmx(f"{LIST}?sort=name"))
    assertTemplateUsed(answer, "tokens/_results.html")
    assertTemplateNotUsed(answer, "base.html")
    assert "closeDialog" in str(answer.headers)
    assert f"3 tokens {done}." in Page(answer).words
