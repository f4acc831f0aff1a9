"""A new secret with a new end for the same token."""

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.asserts import assertTemplateUsed

from accounts.actor import Actor
from tests.conftest import MakeToken
from tests.tokens.conftest import Judge, SetPolicy, last_event
from tests.tokens.pages.conftest import (
    DAY,
    LIST,
    address,
    htmx,
    kept_in_sessions,
    made,
    regenerate_fields,
    secret_in,
)
from tests.tokens.pages.reading import Page
from tokens.domain.expiry import flag_expiring
from tokens.domain.lifecycle import delete_token, disable_token, regenerate_token, revoke_token
from tokens.domain.verification import Outcome
from tokens.errors import TokenGone
from tokens.models import AccessToken


@pytest.fixture
def token(make_token: MakeToken) -> AccessToken:
    return make_token(name="ci")[0]


def test_regenerate_dialog_has_the_names_that_people_find_things_by(alices: Client, token: AccessToken) -> None:
    page = Page(alices.get(address("regenerate", token)))
    assert page.title == "Regenerate ci · Settings · Token Portal"
    assert page.headings == ["Regenerate ci?"]
    assert "Expiration" in page.labels
    assert "Keep the old secret working for" not in page.labels  # the policy allows no overlap
    assert {"Regenerate token", "Cancel"} <= set(page.buttons)
    assert "Never used" in page.words


def test_regenerate_dialog_says_when_the_token_was_last_used(alices: Client, token: AccessToken, now: datetime) -> None:
    AccessToken.objects.update(last_used_at=now - timedelta(minutes=4), last_used_address="203.0.113.7")
    words = Page(alices.get(address("regenerate", token))).words
    assert "Used 4 minutes ago" in words
    assert "from 203.0.113.7: whatever uses it will stop working" in words


def test_regenerate_dialog_opened_changes_nothing(alices: Client, token: AccessToken, judge: Judge) -> None:
    alices.get(address("regenerate", token))
    assert made().updated_at == token.updated_at
    assert token.secrets.count() == 1


def test_regenerate_token_shows_the_new_secret_and_ends_the_old(
    alices: Client, make_token: MakeToken, judge: Judge
) -> None:
    token, old = make_token()
    page = Page(alices.get(address("regenerate", token)))
    answer = alices.post(address("regenerate", token), page.form(address("regenerate", token)))
    new = secret_in(answer)
    assert answer["Cache-Control"] == "no-store"
    assert "Your new access token" in Page(answer).headings
    assert judge(new) is Outcome.GOOD
    assert judge(old, at=timezone.now()) is Outcome.REPLACED


def test_regenerate_token_shows_the_secret_once_and_nowhere_after(alices: Client, token: AccessToken) -> None:
    answer = alices.post(address("regenerate", token), regenerate_fields(token))
    secret = secret_in(answer)
    for page in (LIST, address("detail", token), address("regenerate", token), "/settings/activity/"):
        assert secret[10:] not in alices.get(page).content.decode()
    assert secret[10:] not in kept_in_sessions()
    assert secret[10:] not in str(answer.headers)


def test_regenerate_token_keeps_its_identity_and_moves_its_end(
    alices: Client, make_token: MakeToken, resources: list[str], now: datetime
) -> None:
    token, _ = make_token(scopes=["registry:read"], allowed_networks=["10.0.0.0/8"], expires_at=now + 2 * DAY)
    alices.post(address("regenerate", token), regenerate_fields(token, expires_in="90"))
    assert (made().pk, made().name, made().scopes) == (token.pk, token.name, "registry:read")
    assert made().allowed_networks == ["10.0.0.0/8"]
    assert now + 90 * DAY <= made().expires_at <= now + 90 * DAY + timedelta(minutes=9)
    assert last_event("token.regenerated").actor_email == "alice@example.com"


def test_regenerate_token_takes_it_off_the_banner(alices: Client, make_token: MakeToken, now: datetime) -> None:
    token, _ = make_token(expires_at=now + DAY)
    flag_expiring(now=now)
    assert "Expiring tokens" not in Page(alices.post(address("regenerate", token), regenerate_fields(token))).regions


def test_regenerate_token_by_htmx_is_a_page_at_the_address_of_the_list(alices: Client, token: AccessToken) -> None:
    answer = alices.post(address("regenerate", token), regenerate_fields(token), headers=htmx())
    assertTemplateUsed(answer, "tokens/list.html")
    assert (answer["HX-Push-Url"], answer["HX-Retarget"]) == (LIST, "body")
    assert answer["Cache-Control"] == "no-store"
    assert len(secret_in(answer)) == 49


@pytest.mark.parametrize("headers", [{}, htmx()])
@pytest.mark.parametrize(
    "typed",
    [
        {"expires_in": "8"},
        {"expires_in": ""},
        {"expires_in": "custom", "expires_on": "2020-01-01"},
        {"expires_in": "custom", "expires_on": "x"},
        {"replaces": ""},
        {"replaces": "x"},
        {"replaces": "0"},
        {"replaces": "-1"},
        {"replaces": "9" * 30},
        {"replaces": "9" * 5000},
        {"replaces": "1\0"},
    ],
)
def test_regenerate_token_with_bad_input_is_refused_and_the_secret_goes_on(
    alices: Client, make_token: MakeToken, judge: Judge, typed: dict[str, str], headers: dict[str, str]
) -> None:
    token, secret = make_token(name="ci")
    answer = alices.post(address("regenerate", token), regenerate_fields(token, **typed), headers=headers)
    assert answer.status_code == 422
    assert Page(answer).headings == ["Regenerate ci?"]
    assert judge(secret) is Outcome.GOOD


def test_regenerate_token_refused_keeps_the_chosen_expiration(alices: Client, token: AccessToken) -> None:
    typed = regenerate_fields(token, expires_in="custom", expires_on="2020-01-01")
    form = Page(alices.post(address("regenerate", token), typed)).form(address("regenerate", token))
    assert (form["expires_in"], form["expires_on"]) == (["custom"], ["2020-01-01"])
    assert form["replaces"] == [str(token.current_secret.pk)]


# --- Never twice ------------------------------------------------------------------------------


@pytest.mark.parametrize("headers", [{}, htmx()])
def test_regenerate_token_repeated_makes_no_third_secret_and_offers_the_way_out(
    alices: Client, token: AccessToken, judge: Judge, headers: dict[str, str]
) -> None:
    typed = regenerate_fields(token)
    secret = secret_in(alices.post(address("regenerate", token), typed))
    answer = alices.post(address("regenerate", token), typed, headers=headers)
    assert answer.status_code == 409
    assert "Its secret was in the other answer; if you didn't keep it, regenerate" in Page(answer).words
    assert Page(answer).links["Regenerate"] == address("regenerate", token)
    assert secret not in answer.content.decode()
    assert judge(secret) is Outcome.GOOD


def test_regenerate_token_replacing_a_secret_that_never_was_is_refused(
    alices: Client, token: AccessToken, make_token: MakeToken, judge: Judge
) -> None:
    other, secret = make_token()
    typed = regenerate_fields(token, replaces=other.current_secret.pk)
    assert alices.post(address("regenerate", token), typed).status_code == 409
    assert judge(secret) is Outcome.GOOD
    assert token.secrets.count() == 1


def test_regenerate_token_after_the_way_out_makes_another(alices: Client, token: AccessToken, judge: Judge) -> None:
    typed = regenerate_fields(token)
    alices.post(address("regenerate", token), typed)
    way_out = Page(alices.post(address("regenerate", token), typed)).links["Regenerate"]
    secret = secret_in(alices.post(way_out, Page(alices.get(way_out)).form(way_out)))
    assert judge(secret) is Outcome.GOOD


# --- By state ---------------------------------------------------------------------------------


def test_regenerate_token_that_has_expired_makes_it_live_again(
    alices: Client, make_token: MakeToken, judge: Judge, now: datetime
) -> None:
    token, _ = make_token(now=now - 40 * DAY, expires_at=now - 10 * DAY)
    secret = secret_in(alices.post(address("regenerate", token), regenerate_fields(token)))
    assert judge(secret) is Outcome.GOOD
    assert made().created_at == token.created_at


def test_regenerate_token_that_is_disabled_leaves_it_disabled(
    alices: Client, token: AccessToken, judge: Judge, web: Actor, now: datetime
) -> None:
    disable_token(token, by=web, now=now)
    secret = secret_in(alices.post(address("regenerate", token), regenerate_fields(token)))
    assert judge(secret) is Outcome.DISABLED


@pytest.mark.parametrize("headers", [{}, htmx()])
def test_regenerate_token_that_was_revoked_is_refused(
    alices: Client, token: AccessToken, web: Actor, now: datetime, headers: dict[str, str]
) -> None:
    typed = regenerate_fields(token)
    revoke_token(token, code="leak", reason="", by=web, now=now)
    for method in (alices.get, alices.post):
        answer = method(address("regenerate", token), typed, headers=headers)
        assert answer.status_code == 409
        assert "This token was revoked for good. Make a new one." in Page(answer).words
    assert token.secrets.count() == 1


def test_regenerate_expired_token_past_the_limit_is_refused(
    alices: Client, make_token: MakeToken, set_policy: SetPolicy, now: datetime
) -> None:
    token, _ = make_token(now=now - 40 * DAY, expires_at=now - 10 * DAY)
    make_token()
    set_policy(tokens_per_owner=1)
    answer = alices.post(address("regenerate", token), regenerate_fields(token))
    assert answer.status_code == 409
    assert "Delete one that you don't need" in Page(answer).words


def test_regenerate_token_at_the_limit_is_done(alices: Client, token: AccessToken, set_policy: SetPolicy) -> None:
    set_policy(tokens_per_owner=1)
    secret_in(alices.post(address("regenerate", token), regenerate_fields(token)))


def test_regenerate_token_deleted_elsewhere_is_not_found(
    alices: Client, token: AccessToken, web: Actor, now: datetime
) -> None:
    typed = regenerate_fields(token)
    delete_token(token, by=web, now=now)
    answer = alices.post(address("regenerate", token), typed)
    assert answer.status_code == 404
    assert Page(answer).headings == ["There is no such token"]


def test_regenerate_token_deleted_in_that_very_moment_says_so(
    alices: Client, token: AccessToken, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_late(deleted: AccessToken, **_: object) -> None:
        raise TokenGone

    monkeypatch.setattr("tokens.pages.views.lifecycle.regenerate_token", too_late)
    answer = alices.post(address("regenerate", token), regenerate_fields(token))
    assert answer.status_code == 409
    assert "This token was deleted in the meantime." in Page(answer).words


def test_regenerate_dialog_of_another_tab_replaces_the_secret_that_it_saw_alone(
    alices: Client, token: AccessToken, web: Actor, now: datetime, judge: Judge
) -> None:
    seen = Page(alices.get(address("regenerate", token))).form(address("regenerate", token))
    _, theirs = regenerate_token(token, expires_at=now + DAY, by=web, now=now)
    assert alices.post(address("regenerate", token), seen).status_code == 409
    assert judge(theirs) is Outcome.GOOD
