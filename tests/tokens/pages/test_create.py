"""Making a token: the form, the secret that is shown once, and never twice."""

from datetime import datetime, timedelta
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest
from django.db.models import F
from django.test import Client
from pytest_django.asserts import assertTemplateUsed

from accounts.models import User
from tests.conftest import ClientOf, MakeToken
from tests.tokens.conftest import Judge, SetPolicy, last_event
from tests.tokens.pages.conftest import (
    LIST,
    NEW,
    NO_ACCESS,
    address,
    htmx,
    kept_in_sessions,
    made,
    new_fields,
    secret_in,
)
from tests.tokens.pages.reading import Page
from tokens.domain.verification import Outcome
from tokens.models import AccessToken, RequestKey


def test_new_form_has_the_names_that_people_find_things_by(alices: Client, resources: list[str]) -> None:
    page = Page(alices.get(NEW))
    assert page.title == "New Access Token · Settings · Token Portal"
    assert page.headings == ["New Access Token"]
    assert {"Name", "Description", "Expiration", "Permissions", "Allowed networks"} <= page.labels.keys()
    assert {"No access", "Full access", "Selected permissions"} <= page.labels.keys()
    assert {"Create Access Token", "Cancel"} <= set(page.buttons)
    assert {"Deployments", "Registry"} < {word.rstrip(",") for word in page.words.split()}
    assert page.choices["expires_in"][-1] == "Custom date"


def test_new_form_starts_without_access_and_with_thirty_days(alices: Client, resources: list[str]) -> None:
    page = Page(alices.get(NEW))
    form = page.form(NEW)
    assert (form["name"], form["description"], form["allowed_networks"]) == ([""], [""], [""])
    assert (form["scopes"], form["expires_in"], form["expires_on"]) == (["none"], ["30"], [""])
    assert form["permission_deployments"] == [""]
    assert NO_ACCESS in page.words
    assert "out of code" in page.words or "never in code" in page.words


def test_new_form_carries_another_form_key_each_time(alices: Client) -> None:
    keys = {Page(alices.get(NEW)).form(NEW)["form_key"][0] for _ in range(3)}
    assert len(keys) == 3
    assert all(len(key) >= 32 for key in keys)


def test_create_token_from_the_form_as_it_came_needs_but_a_name(alices: Client, alice: User, judge: Judge) -> None:
    form = Page(alices.get(NEW)).form(NEW)
    secret = secret_in(alices.post(NEW, form | {"name": "ci-deploy"}))
    assert made().owner == alice
    assert (made().name, made().scopes, made().allowed_networks) == ("ci-deploy", "", [])
    assert judge(secret) is Outcome.INSUFFICIENT_SCOPE


def test_create_token_shows_the_secret_with_words_and_ways_to_use_it(alices: Client, judge: Judge) -> None:
    answer = alices.post(NEW, new_fields())
    secret, page = secret_in(answer), Page(answer)
    assert answer.status_code == 200
    assert "Your new access token" in page.headings
    assert page.labels["Access token"] == "secret-value"
    assert {"Copy", "I have saved it"} <= set(page.buttons)
    assert "Copy it now: you won't be able to see it again." in page.words
    for line in ("export TOKENPORTAL_TOKEN=", "Authorization: Bearer ", "login token password "):
        assert line + secret in page.words
    assert "tokenportal login" in page.words
    assert f"--token {secret}" not in page.words  # other people of the machine could read it
    assert judge(secret, "anything:read") is Outcome.GOOD


def test_create_token_shows_the_secret_once_and_nowhere_after(alices: Client) -> None:
    answer = alices.post(NEW, new_fields())
    secret = secret_in(answer)
    assert answer["Cache-Control"] == "no-store"
    for page in (LIST, NEW, address("detail", made()), address("edit", made()), "/settings/activity/"):
        assert secret not in alices.get(page).content.decode()
        assert secret[10:] not in alices.get(page).content.decode()
    assert secret[10:] not in kept_in_sessions()
    assert secret[10:] not in str(answer.headers) + str(alices.cookies)


def test_create_token_lists_it_below_its_secret(alices: Client) -> None:
    page = Page(alices.post(NEW, new_fields()))
    assert page.title.startswith("Access Tokens")
    assert page.links["ci-deploy"] == address("detail", made())


def test_create_token_keeps_what_was_typed(alices: Client, resources: list[str], now: datetime) -> None:
    typed = {"name": "  ci  ", "description": " Nightly ", "allowed_networks": "10.0.0.0/8, 192.0.2.1\n\n2001:db8::/32"}
    alices.post(NEW, new_fields(**typed, scopes="selected", permission_deployments="write", permission_registry="read"))
    token = made()
    assert (token.name, token.description) == ("ci", "Nightly")
    assert token.scopes == "deployments:read deployments:write registry:read"
    assert token.allowed_networks == ["10.0.0.0/8", "192.0.2.1/32", "2001:db8::/32"]


def test_create_token_is_recorded_with_who_and_from_where(alices: Client, alice: User) -> None:
    answer = alices.post(NEW, new_fields(), headers={"user-agent": "Firefox"}, REMOTE_ADDR="203.0.113.9")
    event = last_event("token.created")
    assert (event.actor_id, event.channel, event.address, event.agent) == (alice.pk, "web", "203.0.113.9", "Firefox")
    assert event.request_id == answer["X-Request-Id"]


def test_create_token_by_htmx_is_a_page_at_the_address_of_the_list(alices: Client) -> None:
    answer = alices.post(NEW, new_fields(), headers=htmx(NEW))
    assertTemplateUsed(answer, "tokens/list.html")
    assert answer["HX-Push-Url"] == LIST
    assert answer["HX-Retarget"] == "body"
    assert answer["Cache-Control"] == "no-store"
    assert len(secret_in(answer)) == 49


@pytest.mark.parametrize("headers", [{}, htmx(NEW)])
def test_create_token_refused_keeps_everything_and_makes_nothing(
    alices: Client, resources: list[str], headers: dict[str, str]
) -> None:
    typed = new_fields(
        name="", description="why", scopes="selected", permission_registry="write", allowed_networks="10.0.0.0/8"
    )
    answer = alices.post(NEW, typed | {"expires_in": "90"}, headers=headers)
    form = Page(answer).form(NEW)
    assert answer.status_code == 422
    assert "Give the token a name." in Page(answer).words
    assert {name: form[name] for name in typed} == {name: [value] for name, value in typed.items()} | {
        "expires_in": ["90"]
    }
    assert not AccessToken.objects.exists()


def test_create_token_refused_can_be_mended_and_sent_again(alices: Client) -> None:
    refused = Page(alices.post(NEW, new_fields(name=""))).form(NEW)
    secret_in(alices.post(NEW, refused | {"name": "ci"}))
    assert made().name == "ci"


# --- Never twice ------------------------------------------------------------------------------


@pytest.mark.parametrize("headers", [{}, htmx(NEW)])
def test_create_token_repeated_makes_no_second_one_and_offers_the_way_out(
    alices: Client, headers: dict[str, str]
) -> None:
    secret = secret_in(alices.post(NEW, new_fields()))
    answer = alices.post(NEW, new_fields(), headers=headers)
    page = Page(answer)
    assert answer.status_code == 409
    assert "Its secret was in the other answer; if you didn't keep it, regenerate" in page.words
    assert page.links["Regenerate"] == address("regenerate", made())
    assert secret not in answer.content.decode()


def test_create_token_repeated_says_when_the_first_was_made(alices: Client, alice: User) -> None:
    alice.time_zone = "Asia/Kolkata"
    alice.save()
    alices.post(NEW, new_fields())
    at = made().created_at.astimezone(ZoneInfo("Asia/Kolkata"))
    assert f"Already made at {at:%H:%M}" in Page(alices.post(NEW, new_fields())).headings


def test_create_token_repeated_after_it_was_deleted_makes_no_second_one(alices: Client) -> None:
    alices.post(NEW, new_fields())
    alices.post(address("delete", made()))
    answer = alices.post(NEW, new_fields())
    assert answer.status_code == 409
    assert "Regenerate" not in Page(answer).links
    assert LIST in Page(answer).links.values()
    assert not AccessToken.objects.exists()


def test_create_token_repeated_with_other_fields_is_a_repeat(alices: Client) -> None:
    alices.post(NEW, new_fields())
    assert alices.post(NEW, new_fields(name="another", scopes="none")).status_code == 409
    assert made().name == "ci-deploy"


def test_create_token_repeated_after_a_day_is_none(alices: Client) -> None:
    alices.post(NEW, new_fields())
    RequestKey.objects.update(created_at=F("created_at") - timedelta(hours=24, seconds=1))
    secret_in(alices.post(NEW, new_fields(name="another")))


def test_create_token_with_the_form_key_of_somebody_else_is_no_repeat(
    alices: Client, client_of: ClientOf, bob: User
) -> None:
    alices.post(NEW, new_fields())
    secret_in(client_of(bob).post(NEW, new_fields()))
    assert bob.tokens.count() == 1


@pytest.mark.parametrize("key", [None, "", "   ", "x" * 65, "a\0b"])
def test_create_token_without_a_good_form_key_can_be_sent_again(alices: Client, key: str | None) -> None:
    typed = new_fields(form_key=key)
    answer = alices.post(NEW, {name: value for name, value in typed.items() if value is not None})
    assert answer.status_code == 422
    assert not AccessToken.objects.exists()
    secret_in(alices.post(NEW, Page(answer).form(NEW)))


# --- Names and limits -------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["ci-deploy", "CI-Deploy", " ci-deploy ", "ｃｉ-deploy"])
def test_create_token_with_a_taken_name_in_any_form_is_refused(
    alices: Client, make_token: MakeToken, name: str
) -> None:
    make_token(name="ci-deploy")
    answer = alices.post(NEW, new_fields(name=name))
    assert answer.status_code == 422
    assert "You already have a token with this name." in Page(answer).words
    assert AccessToken.objects.count() == 1


def test_create_token_with_a_name_of_somebody_elses_is_made(
    alices: Client, make_token: MakeToken, bob: User, alice: User
) -> None:
    make_token(owner=bob, name="ci-deploy")
    secret_in(alices.post(NEW, new_fields()))
    assert alice.tokens.get().name == "ci-deploy"


def test_create_token_with_the_name_of_a_deleted_one_is_made(alices: Client, make_token: MakeToken) -> None:
    token, _ = make_token(name="ci-deploy")
    alices.post(address("delete", token))
    secret_in(alices.post(NEW, new_fields()))


def test_create_token_past_the_limit_is_refused_and_says_what_to_do(
    alices: Client, make_token: MakeToken, set_policy: SetPolicy
) -> None:
    set_policy(tokens_per_owner=1)
    make_token(name="first")
    answer = alices.post(NEW, new_fields())
    assert answer.status_code == 422
    assert "Delete one that you don't need" in Page(answer).words
    assert made().name == "first"


def test_create_token_repeated_at_the_limit_is_still_a_repeat(alices: Client, set_policy: SetPolicy) -> None:
    set_policy(tokens_per_owner=1)
    alices.post(NEW, new_fields())
    assert alices.post(NEW, new_fields()).status_code == 409


def test_create_token_by_nobody_leads_to_sign_in(client: Client, db: None) -> None:
    answer = client.post(NEW, new_fields())
    assert urlsplit(answer["Location"]).path == "/accounts/login/"
    assert not AccessToken.objects.exists()
