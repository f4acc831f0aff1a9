"""The banner of tokens that end soon or have ended, and taking a warning off it."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from pytest_django.asserts import assertTemplateNotUsed, assertTemplateUsed

from accounts.actor import Actor
from accounts.models import User
from tests.conftest import ClientOf, MakeToken
from tests.tokens.conftest import SetPolicy, events
from tests.tokens.pages.conftest import DAY, LIST, NEW, SELECTED, address, edit_fields, htmx, made
from tests.tokens.pages.reading import Page
from tokens.domain.expiry import flag_expiring
from tokens.domain.lifecycle import delete_token, disable_token, dismiss_banner, regenerate_token, revoke_token
from tokens.models import AccessToken
from tokens.pages.banner import banner_rows
from tokens.pages.presentation import exact_text

if TYPE_CHECKING:
    from tests.conftest import Response

REGION = "Expiring tokens"
HOUR = timedelta(hours=1)


def lines(answer: "Response") -> list[str]:
    """What the banner says, without its buttons."""
    found = [item for item in Page(answer).items if item.endswith("Regenerate")]
    return [item.removesuffix(" Regenerate") for item in found]


@pytest.fixture
def ending(make_token: MakeToken, now: datetime) -> AccessToken:
    """A flagged token with two days and a bit to go."""
    token, _ = make_token(name="ci", expires_at=now + 2 * DAY + HOUR)
    flag_expiring(now=now)
    return token


@pytest.mark.parametrize(
    "path", [LIST, NEW, SELECTED, "/settings/profile/", "/settings/security/", "/settings/activity/"]
)
def test_banner_is_on_every_signed_in_page(alices: Client, ending: AccessToken, path: str) -> None:
    shown = Page(alices.get(path))
    assert REGION in shown.regions
    assert "ci expires in 2 days" in shown.words
    assert shown.links["Regenerate"] == address("regenerate", ending)
    assert "Dismiss" in shown.buttons


@pytest.mark.parametrize("act", ["detail", "edit", "regenerate", "delete", "disable", "dismiss"])
def test_banner_is_on_every_page_of_a_token(alices: Client, ending: AccessToken, act: str) -> None:
    assert REGION in Page(alices.get(address(act, ending))).regions


def test_banner_is_on_pages_that_refuse(alices: Client, ending: AccessToken) -> None:
    refused = alices.post(address("edit", ending), edit_fields(ending, name=""))
    for answer in (refused, alices.get(address("detail", 999))):
        assert REGION in Page(answer).regions


@pytest.mark.parametrize("path", ["/accounts/password/change/", "/accounts/email/"])
def test_banner_is_on_the_pages_of_the_account(alices: Client, ending: AccessToken, path: str) -> None:
    assert REGION in Page(alices.get(path, follow=True)).regions


def test_banner_says_the_exact_end_on_hover_and_for_all(alices: Client, ending: AccessToken) -> None:
    page, exact = Page(alices.get("/settings/profile/")), exact_text(ending.expires_at)
    assert (exact, "expires in 2 days") in [(title, text) for _, title, text in page.times]
    assert lines(alices.get("/settings/profile/")) == [f"ci expires in 2 days ({exact})"]


def test_banner_of_an_expired_token_says_on_which_day(
    alices: Client, alice: User, make_token: MakeToken, now: datetime
) -> None:
    alice.time_zone = "Pacific/Kiritimati"
    alice.save()
    ended = datetime.combine((now - 3 * DAY).date(), datetime.min.time(), now.tzinfo) + 12 * HOUR
    make_token(name="CI", now=now - 30 * DAY, expires_at=ended)
    flag_expiring(now=now)
    there = ended + 14 * HOUR
    day = f"{there:%b} {there.day}, {there.year}"
    assert lines(alices.get("/settings/profile/")) == [f"CI expired on {day} ({day}, {there:%H:%M:%S} +14)"]


def test_banner_comes_from_the_flag_and_not_from_the_clock(
    alices: Client, make_token: MakeToken, now: datetime
) -> None:
    make_token(expires_at=now + DAY)
    assert REGION not in Page(alices.get(LIST)).regions
    flag_expiring(now=now)
    assert REGION in Page(alices.get(LIST)).regions


def test_banner_lists_the_soonest_end_first_and_folds_past_three(
    alices: Client, make_token: MakeToken, now: datetime
) -> None:
    for name, hours in (("d", 99), ("b", 30), ("e", 120), ("a", -5), ("c", 50)):
        make_token(name=name, now=now - 9 * DAY, expires_at=now + hours * HOUR)
    flag_expiring(now=now)
    answer = alices.get("/settings/profile/")
    assert [line.split()[0] for line in lines(answer)] == list("abcde")
    assert "2 more" in Page(answer).words


@pytest.mark.parametrize("count", [1, 3])
def test_banner_of_up_to_three_is_not_folded(alices: Client, make_token: MakeToken, now: datetime, count: int) -> None:
    for _ in range(count):
        make_token(expires_at=now + DAY)
    flag_expiring(now=now)
    assert " more" not in Page(alices.get("/settings/profile/")).words


def test_banner_is_empty_for_somebody_else(client_of: ClientOf, bob: User, ending: AccessToken) -> None:
    assert REGION not in Page(client_of(bob).get(LIST)).regions


def test_banner_of_nobody_asks_the_database_nothing(rf: RequestFactory, db: None) -> None:
    request = rf.get("/")
    request.user = AnonymousUser()
    with CaptureQueriesContext(connection) as queries:
        assert banner_rows(request) == []
    assert len(queries) == 0
    assert REGION not in Page(Client().get("/accounts/login/")).regions


def test_banner_asks_as_much_for_many_as_for_one(alices: Client, make_token: MakeToken, now: datetime) -> None:
    counts = []
    for _ in range(2):
        for _ in range(5):
            make_token(expires_at=now + DAY)
        flag_expiring(now=now)
        with CaptureQueriesContext(connection) as queries:
            alices.get("/settings/profile/")
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_banner_follows_the_policys_window(
    alices: Client, make_token: MakeToken, now: datetime, set_policy: SetPolicy
) -> None:
    make_token(expires_at=now + 10 * DAY + HOUR)
    set_policy(reminder_days=14)
    flag_expiring(now=now)
    assert "expires in 10 days" in Page(alices.get(LIST)).words


def test_banner_of_a_token_whose_window_shrank_since_says_when_it_ends(
    alices: Client, make_token: MakeToken, now: datetime, set_policy: SetPolicy
) -> None:
    set_policy(reminder_days=14)
    make_token(name="ci", expires_at=now + 10 * DAY + HOUR)
    flag_expiring(now=now)
    set_policy(reminder_days=7)  # and the job has not run since
    [line] = lines(alices.get("/settings/profile/"))
    assert line.startswith("ci expires in 10 days (")


# --- Dismissing -------------------------------------------------------------------------------


def test_dismiss_takes_the_warning_off_and_says_so(alices: Client, ending: AccessToken) -> None:
    page = Page(alices.get("/settings/profile/"))
    answer = alices.post(address("dismiss", ending), page.form(address("dismiss", ending)), follow=True)
    assert "ci was taken off the banner." in Page(answer).words
    assert REGION not in Page(answer).regions
    assert events(ending)[-1] == "token.banner_dismissed"


def test_dismiss_leaves_the_other_warnings(
    alices: Client, ending: AccessToken, make_token: MakeToken, now: datetime
) -> None:
    make_token(name="other", expires_at=now + DAY)
    flag_expiring(now=now)
    alices.post(address("dismiss", ending))
    assert [line.split()[0] for line in lines(alices.get("/settings/profile/"))] == ["other"]


def test_dismiss_by_htmx_swaps_the_banner_alone(alices: Client, ending: AccessToken) -> None:
    answer = alices.post(address("dismiss", ending), headers=htmx("/settings/profile/", target="banner"))
    assertTemplateUsed(answer, "tokens/_banner.html")
    assertTemplateNotUsed(answer, "base.html")
    assert "ci was taken off the banner." in Page(answer).words
    assert REGION not in Page(answer).regions
    assert answer["HX-Push-Url"] == "false"


def test_dismiss_dialog_asks_and_says_that_it_comes_back(alices: Client, ending: AccessToken) -> None:
    page = Page(alices.get(address("dismiss", ending)))
    assert page.headings == ["Dismiss the warning about ci?"]
    assert "It comes back once, when a day is left." in page.words


def test_dismiss_leaves_the_token_and_its_badge_alone(alices: Client, ending: AccessToken) -> None:
    alices.post(address("dismiss", ending))
    assert "Expires in 2 days" in Page(alices.get(LIST)).words
    assert made().updated_at == ending.updated_at


def banner_after(alices: Client, token: AccessToken, *, dismissed: timedelta, now: datetime) -> bool:
    """Whether the banner is there, when its warning was taken off so long before the end."""
    flag_expiring(now=now)
    dismiss_banner(token, by=Actor(token.owner, "web"), now=token.expires_at - dismissed)
    return REGION in Page(alices.get("/settings/profile/")).regions


@pytest.mark.parametrize("left", [DAY, HOUR, -DAY])
def test_dismissed_warning_comes_back_when_a_day_is_left(
    alices: Client, make_token: MakeToken, now: datetime, left: timedelta
) -> None:
    token, _ = make_token(now=now - 20 * DAY, expires_at=now + left)
    assert banner_after(alices, token, dismissed=3 * DAY, now=now)


@pytest.mark.parametrize(
    ("dismissed", "left"),
    [
        (3 * DAY, 2 * DAY),  # before the last day
        (3 * DAY, DAY + HOUR),
        (12 * HOUR, 10 * HOUR),  # within the last day: for good
        (12 * HOUR, -DAY),
        (-DAY, -2 * DAY),  # after the end
    ],
)
def test_dismissed_warning_comes_back_but_once(
    alices: Client, make_token: MakeToken, now: datetime, dismissed: timedelta, left: timedelta
) -> None:
    token, _ = make_token(now=now - 20 * DAY, expires_at=now + left)
    assert not banner_after(alices, token, dismissed=dismissed, now=now)


@pytest.mark.parametrize(
    ("since", "shown"), [(timedelta(), True), (29 * DAY, True), (30 * DAY - HOUR, True), (30 * DAY, False)]
)
def test_banner_of_an_expired_token_is_gone_after_thirty_days(
    alices: Client, make_token: MakeToken, now: datetime, since: timedelta, shown: bool
) -> None:
    make_token(now=now - 99 * DAY, expires_at=now - since)
    flag_expiring(now=now)
    assert (REGION in Page(alices.get("/settings/profile/")).regions) is shown


@pytest.mark.parametrize("act", ["regenerate", "disable", "delete", "revoke"])
def test_banner_of_a_token_that_was_dealt_with_is_gone_at_once(
    alices: Client, ending: AccessToken, web: Actor, now: datetime, act: str
) -> None:
    if act == "regenerate":
        regenerate_token(ending, expires_at=now + 30 * DAY, by=web, now=now)
    elif act == "revoke":
        revoke_token(ending, code="leak", reason="", by=web, now=now)
    else:
        (disable_token if act == "disable" else delete_token)(ending, by=web, now=now)
    assert REGION not in Page(alices.get(LIST)).regions


def test_dismissed_warning_is_forgotten_when_the_token_is_regenerated(
    alices: Client, ending: AccessToken, web: Actor, now: datetime
) -> None:
    dismiss_banner(ending, by=web, now=now)
    regenerate_token(ending, expires_at=now + 3 * DAY, by=web, now=now)
    flag_expiring(now=now)
    assert REGION in Page(alices.get(LIST)).regions


def test_disable_token_by_htmx_takes_it_off_the_banner_too(alices: Client, ending: AccessToken) -> None:
    answer = alices.post(address("disable", ending), headers=htmx())
    assert '<div id="banner" hx-swap-oob="innerHTML">' in answer.content.decode()
    assert REGION not in Page(answer).regions
