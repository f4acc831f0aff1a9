"""Keeping the old secret working for a while, and ending it early."""

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import User
from tests.conftest import MakeToken
from tests.tokens.conftest import Judge, SetPolicy, last_event, secret_id
from tests.tokens.pages.conftest import DAY, LIST, address, htmx, regenerate_fields, secret_in
from tests.tokens.pages.reading import Page
from tokens.domain.lifecycle import end_secret, regenerate_token
from tokens.models import AccessToken, Policy, TokenSecret

HOUR = timedelta(hours=1)
Both = tuple[AccessToken, str, str]


@pytest.fixture(autouse=True)
def policy(set_policy: SetPolicy) -> Policy:
    return set_policy(overlap_allowed=True)


@pytest.fixture
def both(make_token: MakeToken, web: Actor, now: datetime) -> Both:
    """A token, its old secret, which works for seven days more, and its new one."""
    token, old = make_token(name="ci")
    token, new = regenerate_token(token, expires_at=now + 30 * DAY, overlap=7 * DAY, by=web, now=now)
    return token, old, new


def end_address(token: AccessToken, secret: str) -> str:
    return f"/settings/tokens/{token.pk}/secrets/{secret_id(secret)}/end/"


# --- Regenerating -----------------------------------------------------------------------------


def test_regenerate_dialog_where_the_policy_allows_it_offers_to_keep_the_old_one(
    alices: Client, make_token: MakeToken
) -> None:
    token, _ = make_token()
    page = Page(alices.get(address("regenerate", token)))
    assert page.form(address("regenerate", token))["overlap"] == ["0"]
    assert "Keep the old secret working for" in page.words
    assert all(choice in page.words for choice in ("Not at all", "1 hour", "24 hours", "7 days"))


def test_regenerate_dialog_where_the_policy_forbids_it_offers_nothing(
    alices: Client, make_token: MakeToken, set_policy: SetPolicy
) -> None:
    set_policy(overlap_allowed=False)
    token, _ = make_token()
    assert "Keep the old secret" not in Page(alices.get(address("regenerate", token))).words


@pytest.mark.parametrize("headers", [{}, htmx()])
def test_regenerate_token_with_overlap_keeps_both_and_says_until_when(
    alices: Client, make_token: MakeToken, judge: Judge, headers: dict[str, str]
) -> None:
    token, old = make_token()
    answer = alices.post(address("regenerate", token), regenerate_fields(token, overlap="3600"), headers=headers)
    assert [judge(secret, at=timezone.now()) for secret in (old, secret_in(answer))] == ["good", "good"]
    assert "The old secret goes on working until" in Page(answer).words


@pytest.mark.parametrize("typed", [{"overlap": "0"}, {"overlap": ""}, {}])
def test_regenerate_token_without_overlap_kills_the_old_one(
    alices: Client, make_token: MakeToken, judge: Judge, typed: dict[str, str]
) -> None:
    token, old = make_token()
    answer = alices.post(address("regenerate", token), regenerate_fields(token, **typed))
    assert judge(old, at=timezone.now()) == "replaced"
    assert "The old secret goes on" not in Page(answer).words


@pytest.mark.parametrize("overlap", ["60", "-3600", "x", "9" * 5000, "3600\0", "1e3"])
def test_regenerate_token_with_another_overlap_is_refused_and_the_secret_goes_on(
    alices: Client, make_token: MakeToken, judge: Judge, overlap: str
) -> None:
    token, old = make_token()
    answer = alices.post(address("regenerate", token), regenerate_fields(token, overlap=overlap))
    assert (answer.status_code, judge(old)) == (422, "good")
    assert token.secrets.count() == 1


def test_regenerate_token_with_overlap_that_the_policy_took_back_is_refused(
    alices: Client, make_token: MakeToken, judge: Judge, set_policy: SetPolicy
) -> None:
    token, old = make_token()
    set_policy(overlap_allowed=False)
    answer = alices.post(address("regenerate", token), regenerate_fields(token, overlap="3600"))
    assert (answer.status_code, judge(old)) == (422, "good")
    assert "The policy of this portal lets no old secret go on working." in Page(answer).words


# --- The token's page -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ago", "words"),
    [
        (None, "The old one was never used"),
        (timedelta(seconds=30), "The old one was used just now"),
        (timedelta(minutes=50), "The old one has been quiet for 50 minutes"),
        (timedelta(hours=26), "The old one has been quiet for 26 hours"),
        (timedelta(hours=49), "The old one has been quiet for 2 days"),
    ],
)
def test_dialog_says_how_quiet_the_old_secret_is_and_its_row_where_that_is_news(
    alices: Client, both: Both, now: datetime, ago: timedelta | None, words: str
) -> None:
    token, old, _ = both
    used = {"last_used_at": ago and now - ago, "last_used_address": "203.0.113.7" if ago else ""}
    TokenSecret.objects.filter(pk=secret_id(old)).update(**used)
    assert words in Page(alices.get(end_address(token, old))).words
    # Beside it stands "Used 26 hours ago", "Used just now" or "Never used".
    assert (words in Page(alices.get(address("detail", token))).words) == ("quiet" in words)


def test_page_of_a_token_offers_to_end_the_old_secret_alone(alices: Client, both: Both) -> None:
    token, old, _ = both
    page = Page(alices.get(address("detail", token)))
    assert page.links["End the old one now"] == end_address(token, old)
    assert page.words.count("End the old one now") == 1


def test_page_of_a_token_shows_when_each_secret_was_last_used(alices: Client, rotated_and_used: Both) -> None:
    token, old, _ = rotated_and_used
    secrets = Page(alices.get(address("detail", token))).words.partition("Secrets")[2]
    assert -1 < secrets.index("from 198.51.100.2") < secrets.index("from 198.51.100.1")
    assert "it was last used from 198.51.100.1" in Page(alices.get(end_address(token, old))).words


# --- Ending it --------------------------------------------------------------------------------


def test_end_secret_dialog_asks_and_changes_nothing(alices: Client, both: Both, judge: Judge) -> None:
    token, old, _ = both
    page = Page(alices.get(end_address(token, old)))
    assert page.headings == ["End the old secret of ci?"]
    assert "The new secret goes on." in page.words
    assert judge(old, at=timezone.now()) == "good"


def test_end_secret_ends_the_old_one_and_shows_the_token(alices: Client, both: Both, judge: Judge) -> None:
    token, old, new = both
    answer = alices.post(end_address(token, old), follow=True)
    assert answer.redirect_chain == [(address("detail", token), 302)]
    assert "The old secret of ci was ended." in Page(answer).words
    assert [judge(secret, at=timezone.now()) for secret in (old, new)] == ["replaced", "good"]
    assert last_event("token.secret_ended").actor_email == "alice@example.com"


def test_end_secret_by_htmx_goes_back_to_the_page_of_the_token(alices: Client, both: Both, judge: Judge) -> None:
    token, old, _ = both
    answer = alices.post(end_address(token, old), headers=htmx(address("detail", token)))
    assert answer["HX-Redirect"] == address("detail", token)
    assert judge(old, at=timezone.now()) == "replaced"


@pytest.mark.parametrize("headers", [{}, htmx()])
def test_end_secret_that_has_ended_is_409(alices: Client, both: Both, web: Actor, headers: dict[str, str]) -> None:
    token, old, _ = both
    end_secret(token, secret_id(old), by=web, now=timezone.now())
    for method in (alices.get, alices.post):
        answer = method(end_address(token, old), headers=headers)
        assert answer.status_code == 409
        assert "This secret has ended already." in Page(answer).words


def test_end_secret_that_is_the_current_one_is_409(alices: Client, both: Both, judge: Judge) -> None:
    token, _, new = both
    assert alices.post(end_address(token, new)).status_code == 409
    assert judge(new) == "good"


@pytest.mark.parametrize("pk", ["0", "9" * 30])
def test_end_secret_that_never_was_is_409(alices: Client, both: Both, pk: str) -> None:
    assert alices.post(f"/settings/tokens/{both[0].pk}/secrets/{pk}/end/").status_code == 409


def test_end_secret_of_somebody_elses_token_is_404(alices: Client, make_token: MakeToken, bob: User) -> None:
    token, secret = make_token(owner=bob)
    for method in (alices.get, alices.post):
        assert method(end_address(token, secret)).status_code == 404


def test_end_secret_of_another_token_by_ones_own_is_409(
    alices: Client, both: Both, make_token: MakeToken, judge: Judge
) -> None:
    mine, _ = make_token()
    _, old, _ = both
    assert alices.post(f"/settings/tokens/{mine.pk}/secrets/{secret_id(old)}/end/").status_code == 409
    assert judge(old, at=timezone.now()) == "good"


def test_end_secret_by_nobody_leads_to_the_sign_in(both: Both, judge: Judge) -> None:
    token, old, _ = both
    answer = Client().post(end_address(token, old))
    assert answer["Location"].startswith("/accounts/login/")
    assert judge(old, at=timezone.now()) == "good"


def test_list_after_a_rotation_shows_the_hint_of_the_new_secret(alices: Client, both: Both) -> None:
    words = Page(alices.get(LIST)).words
    assert both[0].hint in words
