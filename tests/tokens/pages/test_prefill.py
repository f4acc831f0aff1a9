"""A form that a link fills in, or another token."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from tests.conftest import ClientOf, MakeToken
from tests.tokens.conftest import NOBODYS_SECRET, SetPolicy
from tests.tokens.pages.conftest import LIST, NEW, made, new_fields, secret_in
from tests.tokens.pages.reading import Page
from tokens.models import AccessToken
from tokens.models.access_token import NAME_LENGTH

pytestmark = pytest.mark.usefixtures("resources")


def filled(client: Client, **query: Any) -> dict[str, list[str]]:
    return Page(client.get(NEW, query)).form(NEW)


def test_link_fills_in_name_description_expiration_and_permissions(alices: Client) -> None:
    form = filled(alices, name="ci", description="why", expires_in="90", scopes="deployments:read")
    assert (form["name"], form["description"], form["expires_in"]) == (["ci"], ["why"], ["90"])
    assert (form["scopes"], form["permission_deployments"]) == (["selected"], ["read"])
    assert form["permission_registry"] == [""]


def test_link_makes_nothing_by_itself(alices: Client) -> None:
    filled(alices, name="ci", expires_in="90", scopes="deployments:read")
    assert not AccessToken.objects.exists()


def test_link_sent_as_it_is_makes_what_it_says(alices: Client) -> None:
    secret_in(alices.post(NEW, filled(alices, name="ci", expires_in="90", scopes="deployments:write,registry:read")))
    assert made().scopes == "deployments:read deployments:write registry:read"
    assert made().expires_at - made().created_at <= timedelta(days=90)


@pytest.mark.parametrize(
    ("scopes", "levels"),
    [
        ("deployments:read registry:write", ["read", "write"]),
        ("deployments:read,registry:write", ["read", "write"]),
        ("deployments:write deployments:read", ["write", ""]),
        ("deployments:read nothing:read registry:destroy", ["read", ""]),
    ],
)
def test_link_takes_the_scopes_that_are_registered(alices: Client, scopes: str, levels: list[str]) -> None:
    form = filled(alices, scopes=scopes)
    assert [*form["permission_deployments"], *form["permission_registry"]] == levels


@pytest.mark.parametrize(
    "scopes", ["full", "full deployments", "introspect", "", "nothing:read", "tokens:destroy", ":"]
)
def test_link_to_full_access_or_nothing_known_leaves_no_access_chosen(alices: Client, scopes: str) -> None:
    answer = alices.get(NEW, {"scopes": scopes})
    assert Page(answer).form(NEW)["scopes"] == ["none"]
    assert "can do nothing yet." in Page(answer).words


def test_link_says_what_of_it_is_not_preselected(alices: Client) -> None:
    words = Page(alices.get(NEW, {"scopes": f"full deployments:read nothing:read {NOBODYS_SECRET} {'x' * 61}"})).words
    assert "Not preselected: full , nothing:read ." in words
    assert NOBODYS_SECRET not in words
    assert "Not preselected" not in Page(alices.get(NEW, {"scopes": "deployments:read"})).words


def test_link_to_full_access_and_a_scope_chooses_the_scope_alone(alices: Client) -> None:
    form = filled(alices, scopes="full,deployments:read")
    assert (form["scopes"], form["permission_deployments"]) == (["selected"], ["read"])


def test_link_to_reading_and_rotating_can_be_sent_as_it_is(alices: Client) -> None:
    form = filled(alices, name="ci", scopes="tokens:read tokens:rotate")
    assert form["permission_tokens"] == ["read-rotate"]
    secret_in(alices.post(NEW, form))
    assert made().scopes == "tokens:read tokens:rotate"


@pytest.mark.parametrize(("expires_in", "days_ahead"), [("10", 10), ("1", 1), ("364", 364), ("9999", 364)])
def test_link_to_another_number_of_days_chooses_the_date(alices: Client, expires_in: str, days_ahead: int) -> None:
    form = filled(alices, expires_in=expires_in)
    assert form["expires_in"] == ["custom"]
    assert form["expires_on"] == [str(timezone.localdate() + timedelta(days=days_ahead))]


@pytest.mark.parametrize("expires_in", ["0", "-1", "x", "7.5", "99999999", "²", "٧", "custom", "\0"])
def test_link_to_no_number_of_days_leaves_the_default(alices: Client, expires_in: str) -> None:
    assert filled(alices, expires_in=expires_in)["expires_in"] == ["30"]


def test_link_to_more_days_than_the_policy_allows_chooses_the_last_day(alices: Client, set_policy: SetPolicy) -> None:
    set_policy(default_days=7, longest_days=30)
    form = filled(alices, name="ci", expires_in="90")
    assert form["expires_on"] == [str(timezone.localdate() + timedelta(days=29))]
    secret_in(alices.post(NEW, form))


def test_link_where_a_token_lives_for_a_day_at_most_is_answered(alices: Client, set_policy: SetPolicy) -> None:
    set_policy(default_days=1, longest_days=1)
    assert filled(alices, expires_in="5")["expires_in"] == ["1"]


def test_link_counts_days_in_the_zone_of_who_looks(alices: Client, alice: User) -> None:
    alice.time_zone = "Pacific/Kiritimati"
    alice.save()
    there = timezone.localdate(timezone=ZoneInfo("Pacific/Kiritimati"))
    assert filled(alices, expires_in="10")["expires_on"] == [str(there + timedelta(days=10))]


def test_link_is_summed_up(alices: Client) -> None:
    words = Page(alices.get(NEW, {"expires_in": "90", "scopes": "deployments:read"})).words
    assert "; can read Deployments." in words


@pytest.mark.parametrize("field", ["name", "description", "expires_in", "scopes", "from", "resume", "other"])
def test_link_with_a_secret_does_not_repeat_it(alices: Client, field: str) -> None:
    for text in (NOBODYS_SECRET, f" x{NOBODYS_SECRET}:read"):
        assert NOBODYS_SECRET not in alices.get(NEW, {field: text}).content.decode()


def test_link_with_markup_shows_it_as_text(alices: Client) -> None:
    text = '"><script>alert(1)</script>'
    answer = alices.get(NEW, {"name": text, "description": text, "scopes": f"{text}:read"})
    assert "<script>alert" not in answer.content.decode()
    assert Page(answer).form(NEW)["name"] == [text]


@pytest.mark.parametrize("text", ["x" * 10_000, "\0", "\u202e", "a\nb", "👩‍👩‍👧"])
def test_link_with_odd_text_is_answered(alices: Client, text: str) -> None:
    assert alices.get(NEW, {"name": text, "description": text, "scopes": text, "expires_in": text}).status_code == 200


# --- Duplicates -------------------------------------------------------------------------------


def test_duplicate_starts_from_all_but_the_secret_and_the_end(alices: Client, make_token: MakeToken) -> None:
    token, secret = make_token(
        name="ci", description="why", scopes=["deployments:read"], allowed_networks=["10.0.0.0/8", "192.0.2.0/24"]
    )
    answer = alices.get(NEW, {"from": token.pk})
    form = Page(answer).form(NEW)
    assert (form["name"], form["description"]) == (["ci copy"], ["why"])
    assert form["allowed_networks"] == ["10.0.0.0/8\n192.0.2.0/24"]
    assert (form["scopes"], form["permission_deployments"]) == (["selected"], ["read"])
    assert form["expires_in"] == ["30"]
    assert secret not in answer.content.decode()


def test_duplicate_sent_as_it_is_makes_another_token(alices: Client, make_token: MakeToken) -> None:
    token, _ = make_token(scopes=["tokens:read", "tokens:rotate", "registry:write"], allowed_networks=["10.0.0.0/8"])
    secret_in(alices.post(NEW, filled(alices, **{"from": token.pk})))
    copy = AccessToken.objects.exclude(pk=token.pk).get()
    assert (copy.scopes, copy.allowed_networks) == (token.scopes, token.allowed_networks)


@pytest.mark.parametrize("scopes", [["full"], ["introspect"], []])
def test_duplicate_never_preselects_full_access_or_introspect(
    alices: Client, make_token: MakeToken, scopes: list[str]
) -> None:
    token, _ = make_token(scopes=scopes, may_introspect=True)
    answer = alices.get(NEW, {"from": token.pk})
    assert Page(answer).form(NEW)["scopes"] == ["none"]
    assert "can do nothing yet." in Page(answer).words


def test_duplicate_of_a_token_with_introspect_has_the_rest(alices: Client, make_token: MakeToken) -> None:
    token, _ = make_token(scopes=["introspect", "registry:read"], may_introspect=True)
    answer = alices.get(NEW, {"from": token.pk})
    assert "can read Registry." in Page(answer).words


def test_duplicate_of_a_long_name_has_room_for_the_copy(alices: Client, make_token: MakeToken) -> None:
    token, _ = make_token(name="x" * NAME_LENGTH)
    form = filled(alices, **{"from": token.pk})
    assert form["name"] == ["x" * 59 + " copy"]
    secret_in(alices.post(NEW, form))


def test_duplicate_of_an_expired_token_gets_the_default_life(
    alices: Client, make_token: MakeToken, now: datetime
) -> None:
    token, _ = make_token(now=now - timedelta(days=9), expires_at=now - timedelta(days=1))
    assert filled(alices, **{"from": token.pk})["expires_in"] == ["30"]


@pytest.mark.parametrize("original", ["999999", "0", "9" * 18, "9" * 19, "9" * 5000, "-1", "x", "1 or 1=1", "²", "\0"])
def test_duplicate_of_no_token_is_not_found(alices: Client, original: str) -> None:
    assert alices.get(NEW, {"from": original}).status_code == 404


def test_duplicate_of_somebody_elses_token_is_not_found(client_of: ClientOf, bob: User, make_token: MakeToken) -> None:
    token, _ = make_token(name="alices-own")
    answer = client_of(bob).get(NEW, {"from": token.pk})
    assert answer.status_code == 404
    assert "alices-own" not in answer.content.decode()


def test_duplicate_is_offered_in_the_list(alices: Client, make_token: MakeToken) -> None:
    token, _ = make_token()
    assert Page(alices.get(LIST)).links["Duplicate"] == f"{NEW}?from={token.pk}"


def test_form_opened_without_a_link_is_empty(alices: Client) -> None:
    form = filled(alices)
    assert form.keys() >= new_fields().keys()
    assert form["name"] == [""]
