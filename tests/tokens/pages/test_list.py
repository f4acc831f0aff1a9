"""The list: rows in the words of the pages, pages of 25, and what it costs."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django.asserts import assertTemplateNotUsed, assertTemplateUsed

from accounts.actor import Actor
from accounts.models import User
from tests.conftest import ClientOf, MakeToken
from tests.tokens.conftest import SetPolicy
from tests.tokens.pages.conftest import DAY, LIST, NEW, NO_ACCESS, address, htmx
from tests.tokens.pages.reading import Page
from tokens.domain.lifecycle import disable_token, revoke_token
from tokens.models import AccessToken
from tokens.pages.presentation import date_text, exact_text

if TYPE_CHECKING:
    from tests.conftest import Response


def names(answer: "Response") -> list[str]:
    return [row.token.name for row in answer.context["rows"]]


@pytest.fixture
def thirty(make_token: MakeToken) -> list[str]:
    """The names of thirty tokens, as the list sorts them by name."""
    return sorted(make_token()[0].name for _ in range(30))


def test_list_without_tokens_says_what_they_are_for(alices: Client) -> None:
    page = Page(alices.get(LIST))
    assert "No access tokens yet" in page.headings
    assert page.links["New Access Token"] == NEW
    assert "act on your behalf" in page.words
    assert "Search tokens" not in page.labels


def test_list_has_the_names_that_people_find_things_by(alices: Client, make_token: MakeToken) -> None:
    make_token()
    page = Page(alices.get(LIST))
    assert page.title == "Access Tokens · Settings · Token Portal"
    assert page.headings[0] == "Access Tokens"
    assert {"Search tokens", "State"} <= page.labels.keys()
    assert {"Profile", "Security", "Access Tokens", "Activity", "New Access Token"} <= page.links.keys()
    assert "Sign out" in page.buttons


def test_list_of_a_token_links_its_name_and_its_acts(alices: Client, make_token: MakeToken) -> None:
    token, _ = make_token(name="ci-deploy")
    links = Page(alices.get(LIST)).links
    assert links["ci-deploy"] == address("detail", token)
    assert [links[act] for act in ("Edit", "Regenerate", "Delete")] == [
        address(act, token) for act in ("edit", "regenerate", "delete")
    ]


def test_list_of_a_token_shows_what_matters(alices: Client, make_token: MakeToken, now: datetime) -> None:
    token, _ = make_token(name="ci-deploy")
    AccessToken.objects.update(last_used_at=now - timedelta(minutes=3, seconds=9), last_used_address="203.0.113.7")
    words = Page(alices.get(LIST)).words
    assert token.hint in words
    assert "Full access" in words
    assert "Used 3 minutes ago" in words
    assert "from 203.0.113.7" in words
    assert "Never used" not in words


def test_list_of_a_new_token_says_that_it_was_never_used(alices: Client, make_token: MakeToken) -> None:
    make_token()
    assert "Never used" in Page(alices.get(LIST)).words


def test_list_of_a_token_without_access_says_so(alices: Client, make_token: MakeToken) -> None:
    make_token(scopes=[])
    assert NO_ACCESS in Page(alices.get(LIST)).words


def test_list_says_each_state_in_words(alices: Client, make_token: MakeToken, now: datetime, web: Actor) -> None:
    make_token(expires_at=now + 2 * DAY + timedelta(hours=1))
    make_token(expires_at=now + timedelta(hours=5, minutes=1))
    disable_token(make_token()[0], by=web, now=now)
    revoke_token(make_token()[0], code="leak", reason="", by=web, now=now)
    words = Page(alices.get(LIST)).words
    for badge in ("Expires in 2 days", "Expires in 5 hours", "Disabled", "Revoked", "Reported as leaked"):
        assert badge in words


def test_list_of_an_expired_token_says_on_which_day_it_ended(
    alices: Client, make_token: MakeToken, now: datetime
) -> None:
    token, _ = make_token(now=now - 40 * DAY, expires_at=now - 10 * DAY)
    assert (
        f"Expired on {token.expires_at:%b} {token.expires_at.day}, {token.expires_at.year}"
        in Page(alices.get(LIST)).words
    )


def test_list_of_a_revoked_token_offers_no_regenerate(
    alices: Client, make_token: MakeToken, now: datetime, web: Actor
) -> None:
    revoke_token(make_token()[0], code="administrator", reason="left in a log", by=web, now=now)
    page = Page(alices.get(LIST))
    assert "left in a log" in page.words
    assert "Regenerate" not in page.links
    assert "Delete" in page.links


def test_list_of_a_token_that_an_administrator_disabled_offers_no_enable(
    alices: Client, make_token: MakeToken, now: datetime, web: Actor
) -> None:
    disable_token(make_token()[0], by=web, now=now, disabled_by="administrator")
    page = Page(alices.get(LIST))
    assert "Disabled by an administrator" in page.words
    assert "Enable" not in page.links


def test_list_holds_nothing_of_somebody_else(client_of: ClientOf, bob: User, make_token: MakeToken) -> None:
    token, _ = make_token(name="alices-own")
    answer = client_of(bob).get(LIST, {"q": "alices"})
    assert names(answer) == []
    assert address("detail", token) not in answer.content.decode()


def test_list_to_nobody_leads_to_sign_in(client: Client, db: None) -> None:
    answer = client.get(LIST)
    assert answer.status_code == 302
    assert answer["Location"] == "/accounts/login/?next=/settings/tokens/"


def test_list_by_post_is_not_allowed(alices: Client) -> None:
    assert alices.post(LIST).status_code == 405


def test_list_times_are_relative_with_the_exact_one_beside(alices: Client, alice: User, make_token: MakeToken) -> None:
    alice.time_zone = "Europe/Berlin"
    alice.save()
    token, _ = make_token()
    AccessToken.objects.update(last_used_at=datetime(2020, 1, 2, 3, 4, 5, tzinfo=token.created_at.tzinfo))
    created, used, end = Page(alices.get(LIST)).times
    machine, exact, text = used
    assert machine == "2020-01-02T03:04:05Z"
    assert exact == "Jan 2, 2020, 04:04:05 CET"
    assert text.endswith("years ago")
    for _, exact, text in (created, end):
        assert exact == text
        assert exact.endswith((" CET", " CEST"))


def test_list_says_when_each_token_ends_or_ended_with_the_exact_time(
    alices: Client, make_token: MakeToken, now: datetime
) -> None:
    ends = [now + 2 * DAY + timedelta(hours=1), now - 2 * DAY]
    for end in ends:
        make_token(now=now - 9 * DAY, expires_at=end)
    shown = {(exact, text) for _, exact, text in Page(alices.get(LIST)).times}
    assert (exact_text(ends[0]), "Expires in 2 days") in shown
    assert (exact_text(ends[1]), f"Expired on {date_text(ends[1])}") in shown


# --- Pages ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "shown"),
    [("", slice(0, 25)), ("2", slice(25, 30)), ("3", slice(25, 30)), ("9" * 20, slice(25, 30)), ("-1", slice(0, 25))],
)
def test_list_page_shows_twenty_five_and_past_the_end_the_last(
    alices: Client, thirty: list[str], asked: str, shown: slice
) -> None:
    answer = alices.get(LIST, {"sort": "name", "page": asked})
    assert answer.status_code == 200
    assert names(answer) == thirty[shown]


def test_list_pages_lead_to_each_other_and_keep_the_question(alices: Client, thirty: list[str]) -> None:
    first = Page(alices.get(LIST, {"q": "TOKEN", "sort": "name", "state": "active"}))
    assert "1–25 of 30" in first.words
    assert "Previous" not in first.links
    second = alices.get(LIST + first.links["Next"])
    assert names(second) == thirty[25:]
    assert names(alices.get(LIST + Page(second).links["Previous"])) == thirty[:25]
    assert "Next" not in Page(second).links


def test_list_with_hundred_tokens_asks_no_more_of_the_database_than_with_one(
    alices: Client, make_token: MakeToken, now: datetime, set_policy: SetPolicy
) -> None:
    make_token(expires_at=now + DAY)
    with CaptureQueriesContext(connection) as one:
        alices.get(LIST)
    for _ in range(99):
        make_token(expires_at=now + DAY)
    with CaptureQueriesContext(connection) as hundred:
        alices.get(LIST)
    assert len(hundred) == len(one) <= 8


def test_list_total_counts_what_the_search_leaves_out(alices: Client, make_token: MakeToken) -> None:
    for name in ("one", "two", "three"):
        make_token(name=name)
    assert alices.get(LIST, {"q": "one"}).context["total"] == 3
    assert alices.get(LIST).context["total"] == 3


# --- htmx -------------------------------------------------------------------------------------


def test_list_by_htmx_is_the_results_alone(alices: Client, make_token: MakeToken) -> None:
    make_token()
    answer = alices.get(LIST, headers=htmx(target="results"))
    assertTemplateUsed(answer, "tokens/_results.html")
    assertTemplateNotUsed(answer, "base.html")
    assert "HX-Request" in answer["Vary"]


def test_list_for_the_back_button_is_a_whole_page(alices: Client, make_token: MakeToken) -> None:
    make_token()
    answer = alices.get(LIST, headers=htmx() | {"HX-History-Restore-Request": "true"})
    assertTemplateUsed(answer, "base.html")
