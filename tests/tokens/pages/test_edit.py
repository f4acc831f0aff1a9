"""Changing a token: its secret goes on working, and its end does not move."""

from datetime import datetime, timedelta

import pytest
from django.test import Client
from pytest_django.asserts import assertTemplateNotUsed, assertTemplateUsed

from accounts.actor import Actor
from tests.conftest import MakeToken
from tests.tokens.conftest import Judge, SetPolicy, events, last_event
from tests.tokens.pages.conftest import LIST, NEW, NO_ACCESS, address, edit_fields, htmx, made, secret_in
from tests.tokens.pages.reading import Page
from tokens.domain.lifecycle import delete_token, disable_token, edit_token, revoke_token
from tokens.domain.verification import Outcome
from tokens.errors import TokenGone
from tokens.models import AccessToken


@pytest.fixture
def token(make_token: MakeToken, resources: list[str]) -> AccessToken:
    return make_token(name="ci", description="why", scopes=["registry:read"], allowed_networks=["10.0.0.0/8"])[0]


def test_edit_form_has_the_names_that_people_find_things_by(alices: Client, token: AccessToken) -> None:
    page = Page(alices.get(address("edit", token)))
    assert page.title == "Edit ci · Settings · Token Portal"
    assert page.headings == ["Edit ci"]
    assert {"Name", "Description", "Permissions", "Allowed networks"} <= page.labels.keys()
    assert "Expiration" not in page.labels
    assert {"Save changes", "Cancel"} <= set(page.buttons)


def test_edit_form_starts_from_what_the_token_is(alices: Client, token: AccessToken) -> None:
    form = Page(alices.get(address("edit", token))).form(address("edit", token))
    assert (form["name"], form["description"], form["allowed_networks"]) == (["ci"], ["why"], ["10.0.0.0/8"])
    assert (form["scopes"], form["permission_registry"], form["permission_deployments"]) == (
        ["selected"],
        ["read"],
        [""],
    )


def test_edit_token_sent_as_it_came_changes_nothing(alices: Client, token: AccessToken) -> None:
    before = AccessToken.objects.values().get()
    answer = alices.post(address("edit", token), Page(alices.get(address("edit", token))).form(address("edit", token)))
    assert answer["Location"] == LIST
    assert AccessToken.objects.values().get() | {"updated_at": 0} == before | {"updated_at": 0}


def test_edit_token_changes_what_was_typed_and_says_so(alices: Client, token: AccessToken) -> None:
    typed = edit_fields(token, name="ci-2", description="", scopes="registry:write", allowed_networks="192.0.2.7")
    answer = alices.post(address("edit", token), typed, follow=True)
    assert "ci-2 was changed." in Page(answer).words
    assert (made().name, made().description) == ("ci-2", "")
    assert (made().scopes, made().allowed_networks) == ("registry:read registry:write", ["192.0.2.7/32"])
    assert last_event("token.edited").after["name"] == "ci-2"


def test_edit_token_keeps_its_secret_and_its_end(
    alices: Client, make_token: MakeToken, judge: Judge, now: datetime
) -> None:
    token, secret = make_token(expires_at=now + timedelta(days=3))
    alices.post(address("edit", token), edit_fields(token, name="renamed", expires_in="365"))
    assert made().expires_at == token.expires_at
    assert made().regenerated_at is None
    assert judge(secret) is Outcome.GOOD


def test_edit_token_shows_no_secret(alices: Client, token: AccessToken) -> None:
    answer = alices.post(address("edit", token), edit_fields(token, scopes="none"), follow=True)
    assert "secret-value" not in answer.content.decode()
    assert NO_ACCESS in Page(answer).words


def test_edit_token_refused_keeps_everything_typed(alices: Client, token: AccessToken) -> None:
    typed = edit_fields(token, name="", description="new", scopes="none", allowed_networks="10.0.0.5/8")
    answer = alices.post(address("edit", token), typed)
    form = Page(answer).form(address("edit", token))
    assert answer.status_code == 422
    assert {name: form[name] for name in typed} == {name: [value] for name, value in typed.items()}
    assert "Did you mean 10.0.0.0/8?" in Page(answer).words
    assert made().name == "ci"


@pytest.mark.parametrize("name", ["Other", "OTHER", "ｏther"])
def test_edit_token_with_a_taken_name_is_refused_and_names_the_token_as_it_is(
    alices: Client, token: AccessToken, make_token: MakeToken, name: str
) -> None:
    make_token(name="other")
    answer = alices.post(address("edit", token), edit_fields(token, name=name, scopes="none"))
    assert answer.status_code == 422
    assert "You already have a token with this name." in Page(answer).words
    assert Page(answer).headings[0] == "Edit ci"


def test_edit_token_with_its_own_name_in_another_case_is_done(alices: Client, token: AccessToken) -> None:
    assert alices.post(address("edit", token), edit_fields(token, name="CI", scopes="none")).status_code == 302
    assert made().name == "CI"


# --- Permissions that no form gives -----------------------------------------------------------


@pytest.mark.parametrize(
    "scopes",
    [
        ["introspect"],
        ["introspect", "registry:read"],
        ["tokens:rotate"],
        ["tokens:read", "tokens:rotate"],
        ["introspect", "tokens:read", "tokens:rotate", "registry:write"],
    ],
)
def test_edit_token_sent_as_it_came_keeps_introspect_and_rotate(
    alices: Client, make_token: MakeToken, resources: list[str], scopes: list[str]
) -> None:
    token, _ = make_token(scopes=scopes, may_introspect=True)
    page = Page(alices.get(address("edit", token)))
    alices.post(address("edit", token), page.form(address("edit", token)) | {"name": "renamed"})
    assert (made().name, made().scopes) == ("renamed", token.scopes)


def test_edit_token_keeps_introspect_when_another_permission_is_added(
    alices: Client, make_token: MakeToken, resources: list[str]
) -> None:
    token, _ = make_token(scopes=["introspect"], may_introspect=True)
    alices.post(address("edit", token), edit_fields(token, scopes="selected", permission_registry="read"))
    assert made().scopes == "introspect registry:read"


@pytest.mark.parametrize("scopes", ["introspect", "selected introspect:read"])
def test_edit_token_never_gains_introspect(alices: Client, token: AccessToken, scopes: str) -> None:
    assert alices.post(address("edit", token), edit_fields(token, scopes=scopes)).status_code == 422
    assert made().scopes == "registry:read"


def test_edit_token_with_full_access_keeps_it_where_the_policy_gives_no_more(
    alices: Client, make_token: MakeToken, set_policy: SetPolicy
) -> None:
    token, _ = make_token()
    set_policy(full_access_allowed=False)
    alices.post(address("edit", token), edit_fields(token, name="renamed"))
    assert (made().name, made().scopes) == ("renamed", "full")


def test_edit_token_gains_no_full_access_where_the_policy_forbids_it(
    alices: Client, token: AccessToken, set_policy: SetPolicy
) -> None:
    set_policy(full_access_allowed=False)
    page = Page(alices.get(address("edit", token)))
    assert "Full access" not in page.labels
    assert alices.post(address("edit", token), edit_fields(token, scopes="full")).status_code == 422
    assert made().scopes == "registry:read"


# --- Changed or gone in the meantime ------------------------------------------------------------


@pytest.fixture
def changed_elsewhere(token: AccessToken, web: Actor, now: datetime) -> AccessToken:
    """The token as another tab saw it before this change."""
    edit_token(
        token, name="ci", description="theirs", scopes=[], allowed_networks=[], by=web, now=now + timedelta(seconds=1)
    )
    return token


def test_edit_token_sent_twice_says_twice_that_it_was_changed(alices: Client, make_token: MakeToken) -> None:
    token, _ = make_token()
    typed = edit_fields(token, name="desktop")
    for _ in range(2):
        answer = alices.post(address("edit", token), typed, follow=True)
        assert "desktop was changed." in Page(answer).words


@pytest.mark.parametrize("headers", [{}, htmx()])
def test_edit_token_changed_elsewhere_is_not_overwritten_and_keeps_what_was_typed(
    alices: Client, changed_elsewhere: AccessToken, headers: dict[str, str]
) -> None:
    typed = edit_fields(
        changed_elsewhere, name="mine", description="mine", scopes="selected", permission_registry="read"
    )
    answer = alices.post(address("edit", changed_elsewhere), typed, headers=headers)
    form = Page(answer).form(address("edit", changed_elsewhere))
    assert answer.status_code == 409
    assert "This token was changed in the meantime." in Page(answer).words
    assert (form["name"], form["description"], form["permission_registry"]) == (["mine"], ["mine"], ["read"])
    assert made().description == "theirs"


def test_edit_token_changed_elsewhere_saved_again_is_overwritten_knowingly(
    alices: Client, changed_elsewhere: AccessToken
) -> None:
    typed = edit_fields(changed_elsewhere, description="mine", scopes="none", allowed_networks="")
    again = Page(alices.post(address("edit", changed_elsewhere), typed)).form(address("edit", changed_elsewhere))
    assert alices.post(address("edit", changed_elsewhere), again).status_code == 302
    assert made().description == "mine"


@pytest.mark.parametrize("version", [None, "", "x", "2026", "0001-01-01", "9" * 5000, "2026-12-01T10:00:00", "\0"])
def test_edit_token_without_a_good_version_is_refused(alices: Client, token: AccessToken, version: str | None) -> None:
    typed = edit_fields(token, name="renamed", scopes="none", version=version)
    answer = alices.post(address("edit", token), {name: value for name, value in typed.items() if value is not None})
    assert answer.status_code in (409, 422)
    assert made().name == "ci"


@pytest.mark.parametrize("headers", [{}, htmx()])
def test_edit_token_deleted_elsewhere_says_so_and_keeps_what_was_typed(
    alices: Client, token: AccessToken, web: Actor, now: datetime, headers: dict[str, str]
) -> None:
    typed = edit_fields(token, name="mine", scopes="selected", permission_registry="write")
    delete_token(token, by=web, now=now)
    answer = alices.post(address("edit", token), typed, headers=headers)
    form = Page(answer).form(NEW)
    assert answer.status_code == 404
    assert "It was deleted in the meantime." in Page(answer).words
    assert (form["name"], form["scopes"], form["permission_registry"]) == (["mine"], ["selected"], ["write"])
    assert form["allowed_networks"] == ["10.0.0.0/8"]


def test_edit_token_deleted_elsewhere_can_be_made_anew(
    alices: Client, token: AccessToken, web: Actor, now: datetime
) -> None:
    delete_token(token, by=web, now=now)
    gone = alices.post(address("edit", token), edit_fields(token, scopes="registry:write"))
    assert "can write Registry." in Page(gone).words
    secret_in(alices.post(NEW, Page(gone).form(NEW)))
    assert (made().name, made().scopes) == ("ci", "registry:read registry:write")


def test_edit_token_deleted_elsewhere_keeps_no_full_access(
    alices: Client, token: AccessToken, web: Actor, now: datetime
) -> None:
    delete_token(token, by=web, now=now)
    gone = alices.post(address("edit", token), edit_fields(token, scopes="full"))
    assert Page(gone).form(NEW)["scopes"] == ["none"]


def test_edit_token_deleted_in_that_very_moment_says_so_and_keeps_what_was_typed(
    alices: Client, token: AccessToken, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_late(deleted: AccessToken, **_: object) -> None:
        raise TokenGone

    monkeypatch.setattr("tokens.pages.views.lifecycle.edit_token", too_late)
    answer = alices.post(address("edit", token), edit_fields(token, name="mine", scopes="none"))
    assert "This token was deleted in the meantime." in Page(answer).words
    assert "mine" in str(answer.content)


@pytest.mark.parametrize("act", ["disable", "revoke"])
def test_edit_token_that_is_off_or_ended_is_still_possible(
    alices: Client, token: AccessToken, web: Actor, now: datetime, act: str
) -> None:
    if act == "disable":
        disable_token(token, by=web, now=now)
    else:
        revoke_token(token, code="leak", reason="", by=web, now=now)
    token.refresh_from_db()
    assert alices.post(address("edit", token), edit_fields(token, name="renamed", scopes="none")).status_code == 302
    assert made().name == "renamed"


# --- htmx -------------------------------------------------------------------------------------


def test_edit_form_by_htmx_is_the_dialog_alone(alices: Client, token: AccessToken) -> None:
    answer = alices.get(address("edit", token), headers=htmx())
    assertTemplateUsed(answer, "tokens/_edit.html")
    assertTemplateNotUsed(answer, "base.html")
    assert Page(answer).headings == ["Edit ci"]
    assert "HX-Request" in answer["Vary"]


def test_edit_token_by_htmx_swaps_the_row_and_says_so(alices: Client, token: AccessToken) -> None:
    answer = alices.post(address("edit", token), edit_fields(token, name="ci-2", scopes="none"), headers=htmx())
    assertTemplateUsed(answer, "tokens/_row.html")
    assert "ci-2 was changed." in Page(answer).words
    assert "closeDialog" in str(answer.headers)
    assert f'id="token-{token.pk}"' in answer.content.decode()


def test_edit_token_by_htmx_in_a_filtered_list_swaps_all_of_it(alices: Client, token: AccessToken) -> None:
    # Not by its name: one hint in 640 has the letters "ci".
    fields = edit_fields(token, description="other", scopes="none")
    answer = alices.post(address("edit", token), fields, headers=htmx(f"{LIST}?q=why"))
    assertTemplateUsed(answer, "tokens/_results.html")
    assert "Nothing matches" in Page(answer).headings


def test_edit_token_by_htmx_on_its_own_page_shows_that_anew(alices: Client, token: AccessToken) -> None:
    own = address("detail", token)
    answer = alices.post(address("edit", token), edit_fields(token, scopes="none"), headers=htmx(own))
    assert answer["HX-Redirect"] == own
    assert "ci was changed." in Page(alices.get(own)).words


def test_edit_summary_follows_the_form(alices: Client, token: AccessToken) -> None:
    query = {"scopes": "selected", "permission_registry": "write"}
    answer = alices.get(address("edit", token), query, headers=htmx(target="summary"))
    assert Page(answer).words.endswith("; can write Registry.")
    assert "<" not in answer.content.decode()
    assert events(token) == ["token.created"]
