"""Confirm it's you: which acts ask again, and that what was typed is kept, but never a secret."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from accounts.actor import Actor
from accounts.models import User
from tests.conftest import PASSWORD, ClientOf, MakeToken
from tests.tokens.conftest import NOBODYS_SECRET, Judge, SetPolicy, events
from tests.tokens.pages.conftest import (
    LIST,
    NEW,
    SELECTED,
    address,
    edit_fields,
    htmx,
    kept_in_sessions,
    made,
    new_fields,
    regenerate_fields,
    secret_in,
)
from tests.tokens.pages.reading import Page
from tokens.domain.lifecycle import disable_token
from tokens.domain.verification import Outcome
from tokens.models import AccessToken

ASKS = "/accounts/reauthenticate/"


@pytest.fixture
def token(make_token: MakeToken, resources: list[str]) -> AccessToken:
    return make_token(name="ci", scopes=["registry:read"], allowed_networks=["10.0.0.0/8"])[0]


def asked(answer: Any) -> str:
    """Where one comes back to after confirming; "" when nothing was asked."""
    where = answer.headers.get("Location") or answer.headers.get("HX-Redirect", "")
    return parse_qs(urlsplit(where).query)["next"][0] if urlsplit(where).path == ASKS else ""


# --- Which acts ask ---------------------------------------------------------------------------


@pytest.mark.parametrize("headers", [{}, htmx(NEW)])
def test_create_token_asks_and_comes_back_with_what_was_typed(
    stale: Client, resources: list[str], headers: dict[str, str]
) -> None:
    typed = new_fields(
        description="why", scopes="selected", permission_registry="write", allowed_networks="10.0.0.0/8\n192.0.2.0/24"
    )
    back = asked(stale.post(NEW, typed, headers=headers))
    form = Page(stale.get(back)).form(NEW)
    assert {name: form[name] for name in typed} == {name: [value] for name, value in typed.items()}
    assert not AccessToken.objects.exists()


def test_create_token_after_confirming_is_made(stale: Client) -> None:
    answer = stale.post(NEW, new_fields())
    back = stale.post(answer["Location"], {"password": PASSWORD})["Location"]
    secret_in(stale.post(NEW, Page(stale.get(back)).form(NEW)))
    assert made().name == "ci-deploy"


def test_create_token_with_a_wrong_password_goes_on_asking(stale: Client) -> None:
    answer = stale.post(NEW, new_fields())
    assert stale.post(answer["Location"], {"password": "wrong"}).status_code == 200
    assert asked(stale.post(NEW, new_fields()))
    assert not AccessToken.objects.exists()


def test_create_token_refused_by_its_form_does_not_ask(stale: Client) -> None:
    assert stale.post(NEW, new_fields(name="")).status_code == 422


def test_forms_and_dialogs_do_not_ask_before_they_are_sent(stale: Client, token: AccessToken) -> None:
    for page in (LIST, NEW, *(address(act, token) for act in ("detail", "edit", "regenerate", "enable", "delete"))):
        assert stale.get(page).status_code == 200


@pytest.mark.parametrize("headers", [{}, htmx()])
def test_regenerate_token_asks_and_comes_back_with_what_was_chosen(
    stale: Client, token: AccessToken, headers: dict[str, str]
) -> None:
    typed = regenerate_fields(token, expires_in="90")
    back = asked(stale.post(address("regenerate", token), typed, headers=headers))
    form = Page(stale.get(back)).form(address("regenerate", token))
    assert (form["expires_in"], form["replaces"]) == (["90"], [str(typed["replaces"])])
    assert token.secrets.count() == 1


@pytest.mark.parametrize("headers", [{}, htmx()])
def test_enable_token_asks(
    stale: Client, token: AccessToken, web: Actor, now: datetime, headers: dict[str, str]
) -> None:
    disable_token(token, by=web, now=now)
    back = asked(stale.post(address("enable", token), headers=headers))
    assert Page(stale.get(back)).headings == ["Enable ci?"]
    assert made().disabled_at is not None


@pytest.mark.parametrize(
    "typed",
    [
        {"scopes": "full"},
        {"scopes": "registry:write"},
        {"scopes": "registry:read,deployments:read"},
        {"scopes": "deployments:read"},
        {"scopes": "tokens:rotate"},
        {"allowed_networks": ""},
        {"allowed_networks": "10.0.0.0/7"},
        {"allowed_networks": "10.0.0.0/8, 192.0.2.0/24"},
        {"allowed_networks": "2001:db8::/32"},
        {"scopes": "none", "allowed_networks": ""},
    ],
)
def test_edit_token_that_widens_it_asks_and_keeps_what_was_typed(
    stale: Client, token: AccessToken, typed: dict[str, str]
) -> None:
    fields = edit_fields(token, name="renamed") | typed
    back = asked(stale.post(address("edit", token), fields))
    assert Page(stale.get(back)).form(address("edit", token))["name"] == ["renamed"]
    assert events(token) == ["token.created"]


def test_edit_token_that_widens_it_after_confirming_is_done(stale: Client, token: AccessToken) -> None:
    answer = stale.post(address("edit", token), edit_fields(token, scopes="full"))
    back = stale.post(answer["Location"], {"password": PASSWORD})["Location"]
    stale.post(address("edit", token), Page(stale.get(back)).form(address("edit", token)))
    assert made().scopes == "full"


@pytest.mark.parametrize(
    "typed",
    [
        {"name": "renamed"},
        {"description": "why"},
        {"scopes": "none"},
        {"allowed_networks": "10.1.0.0/16"},
        {"allowed_networks": "10.0.0.0/9, 10.128.0.0/9"},
    ],
)
def test_edit_token_that_narrows_or_renames_it_does_not_ask(
    stale: Client, token: AccessToken, typed: dict[str, str]
) -> None:
    assert stale.post(address("edit", token), edit_fields(token) | typed)["Location"] == LIST
    assert events(token) == ["token.created", "token.edited"]


def test_edit_token_from_full_access_to_some_does_not_ask(
    stale: Client, make_token: MakeToken, resources: list[str]
) -> None:
    token, _ = make_token(scopes=["full"])
    assert stale.post(address("edit", token), edit_fields(token, scopes="registry:write"))["Location"] == LIST


def test_edit_token_with_introspect_kept_does_not_ask(
    stale: Client, make_token: MakeToken, resources: list[str]
) -> None:
    token, _ = make_token(scopes=["introspect", "registry:read"], may_introspect=True)
    form = Page(stale.get(address("edit", token))).form(address("edit", token))
    assert stale.post(address("edit", token), form | {"name": "renamed"})["Location"] == LIST


@pytest.mark.parametrize("act", ["disable", "delete", "dismiss"])
def test_act_that_takes_away_does_not_ask(stale: Client, token: AccessToken, act: str) -> None:
    assert stale.post(address(act, token))["Location"] == LIST
    assert events(token)[-1] != "token.created"


@pytest.mark.parametrize("act", ["disable", "delete"])
def test_act_on_several_that_takes_away_does_not_ask(stale: Client, token: AccessToken, act: str) -> None:
    assert stale.post(SELECTED, {"act": act, "selected": [token.pk]})["Location"] == LIST


# --- How long a check counts --------------------------------------------------------------------


def test_create_token_where_the_policy_counts_a_check_for_longer_does_not_ask(
    stale: Client, set_policy: SetPolicy
) -> None:
    set_policy(recheck_minutes=60)
    secret_in(stale.post(NEW, new_fields()))


def test_create_token_where_the_policy_counts_a_check_for_a_minute_asks_after_it(
    alices: Client, set_policy: SetPolicy, grow_stale: Callable[[Client], Client]
) -> None:
    set_policy(recheck_minutes=1)
    secret_in(alices.post(NEW, new_fields()))
    assert asked(grow_stale(alices).post(NEW, new_fields(name="another", form_key="another")))


def test_create_token_in_a_session_without_any_check_asks(client: Client, alice: User) -> None:
    client.force_login(alice)
    assert asked(client.post(NEW, new_fields()))


# --- What is kept -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed",
    [
        {"act": "<secret>"},
        {"act": "x <secret> y"},
        {"<secret>": "1"},
        {"before <secret> after": ""},
        {"permission_<secret>": "read"},
    ],
)
def test_enable_token_that_asks_keeps_no_secret(
    stale: Client, token: AccessToken, web: Actor, now: datetime, typed: dict[str, str]
) -> None:
    disable_token(token, by=web, now=now)
    fields = {
        name.replace("<secret>", NOBODYS_SECRET): value.replace("<secret>", NOBODYS_SECRET)
        for name, value in typed.items()
    }
    back = asked(stale.post(address("enable", token), fields))
    assert NOBODYS_SECRET[10:] not in kept_in_sessions() + back
    assert NOBODYS_SECRET[10:] not in stale.get(back).content.decode()


@pytest.mark.parametrize("field", ["name", "description", "allowed_networks", "expires_on", "form_key", "other"])
def test_create_token_with_a_secret_is_refused_before_it_asks(stale: Client, field: str) -> None:
    answer = stale.post(NEW, new_fields(**{field: f"x {NOBODYS_SECRET}"}))
    assert answer.status_code == 422
    assert NOBODYS_SECRET[10:] not in kept_in_sessions() + answer.content.decode()


def test_create_token_that_asks_does_not_keep_the_csrf_token(stale: Client) -> None:
    stale.post(NEW, new_fields(csrfmiddlewaretoken="x" * 64))
    assert "x" * 64 not in kept_in_sessions()


def test_typed_form_is_given_back_at_its_own_address_alone(stale: Client, token: AccessToken) -> None:
    back = asked(stale.post(NEW, new_fields(name="typed")))
    query = urlsplit(back).query
    assert "typed" not in stale.get(f"{address('edit', token)}?{query}").content.decode()
    assert "typed" in stale.get(back).content.decode()


def test_typed_form_is_given_back_to_nobody_else(stale: Client, client_of: ClientOf, bob: User) -> None:
    back = asked(stale.post(NEW, new_fields(name="typed")))
    assert "typed" not in client_of(bob).get(back).content.decode()


@pytest.mark.parametrize("key", ["", "x", "../", "\0", "<script>", NOBODYS_SECRET])
def test_form_resumed_from_nothing_is_empty(stale: Client, key: str) -> None:
    stale.post(NEW, new_fields(name="typed"))
    answer = stale.get(NEW, {"resume": key})
    assert Page(answer).form(NEW)["name"] == [""]
    assert NOBODYS_SECRET not in answer.content.decode()


def test_regenerate_after_confirming_replaces_the_secret_that_was_seen(
    stale: Client, token: AccessToken, judge: Judge
) -> None:
    answer = stale.post(address("regenerate", token), regenerate_fields(token))
    back = stale.post(answer["Location"], {"password": PASSWORD})["Location"]
    form = Page(stale.get(back)).form(address("regenerate", token))
    secret = secret_in(stale.post(address("regenerate", token), form))
    assert judge(secret, address="10.0.0.1") is Outcome.GOOD
    assert stale.post(address("regenerate", token), form).status_code == 409
