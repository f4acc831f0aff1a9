"""What can come between somebody and the end of an act, beside what test_acts.py has for each of them."""

import re
from collections.abc import Callable
from typing import cast

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser import worlds
from tests.browser.acts import ACTS, Act, begin_create, typed_create
from tests.browser.conftest import SignIn
from tests.browser.portal import LIST, NEW, SECRET_HEADING, Stage
from tests.conftest import PASSWORD
from tokens.models import AccessToken

WITHOUT = pytest.mark.browser_context_args(java_script_enabled=False)
CREATE = "Create Access Token"


@pytest.fixture
def alices(stage: Stage, sign_in: SignIn) -> Stage:
    """She is signed in."""
    sign_in(stage.owner)
    return stage


# --- Confirm it's you ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["create", "duplicate", "regenerate", "enable"])
@pytest.mark.parametrize("way", ["JavaScript", pytest.param("none", marks=WITHOUT)])
def test_act_long_after_signing_in_asks_and_comes_back_with_what_was_typed(
    alices: Stage, grow_stale: Callable[[], None], name: str, way: str
) -> None:
    act = cast(Act, ACTS[name])
    grow_stale()
    act.begin(alices)
    act.send(alices)
    expect(alices.page.get_by_role("heading", name="Confirm it's you")).to_be_visible()
    alices.page.get_by_label("Password").fill(PASSWORD)
    alices.button("Confirm").click()
    act.typed(alices)
    act.send(alices)
    act.said(alices)
    act.holds(alices)


# --- The portal says no, or nothing -------------------------------------------------------------


def test_create_from_a_page_that_is_out_of_date_says_so_and_keeps_what_was_typed(alices: Stage) -> None:
    begin_create(alices)
    alices.page.context.clear_cookies(name="csrf")
    alices.button(CREATE).click()
    expect(alices.page.get_by_role("alert")).to_contain_text("This page is out of date")
    typed_create(alices)
    assert not AccessToken.objects.exists()


@pytest.mark.parametrize(("status", "words"), [(429, "That was too often."), (500, "Something went wrong"), (502, "")])
def test_create_that_the_portal_fails_to_do_says_so_and_keeps_what_was_typed(
    alices: Stage, status: int, words: str
) -> None:
    begin_create(alices)
    alices.page.route(f"**{NEW}", lambda route: route.fulfill(status=status, body="<h1>no</h1>"), times=1)
    alices.button(CREATE).click()
    expect(alices.page.get_by_role("alert")).to_contain_text(words or "Something went wrong")
    typed_create(alices)
    alices.button(CREATE).click()
    expect(alices.page.get_by_role("heading", name=SECRET_HEADING)).to_be_visible()


def test_notice_of_a_failure_outlives_the_summary_that_was_on_its_way(alices: Stage) -> None:
    page, held = alices.page, list[Route]()
    page.goto(NEW)
    page.route(f"**{NEW}?**", lambda route: held.append(route), times=1)  # noqa: PLW0108  # it can't take a method
    page.route(f"**{NEW}", lambda route: route.fulfill(status=500, body="no"))
    page.get_by_label("Selected permissions").check()
    page.get_by_label("Full access").check()  # its sentence is asked for when the first one is there
    alices.button(CREATE).click()
    expect(page.get_by_role("alert")).to_be_visible()
    held[0].continue_()
    expect(page.locator("#summary")).to_contain_text("can do everything you may do")
    expect(page.get_by_role("alert")).to_be_visible()


# --- Slow, and impatient ------------------------------------------------------------------------


def test_create_that_takes_a_while_shows_that_it_works(alices: Stage) -> None:
    held: list[Route] = []
    begin_create(alices)
    alices.page.route(f"**{NEW}", lambda route: held.append(route), times=1)  # noqa: PLW0108  # it can't take a method
    alices.button(CREATE).click()
    expect(alices.page.locator("form.htmx-request")).to_be_visible()
    expect(alices.button(CREATE)).to_have_css("pointer-events", "none")
    assert alices.page.evaluate("getComputedStyle(document.body, '::before').position") == "fixed"
    held[0].continue_()
    expect(alices.page.get_by_role("heading", name=SECRET_HEADING)).to_be_visible()


def test_create_sent_by_two_keys_at_once_makes_one_token_and_shows_its_secret(alices: Stage) -> None:
    begin_create(alices)
    alices.page.evaluate(
        "() => { const form = document.querySelector('.token-form'); form.requestSubmit(); form.requestSubmit(); }"
    )
    expect(alices.page.get_by_role("heading", name=SECRET_HEADING)).to_be_visible()
    expect(alices.page.locator(".htmx-request")).to_have_count(0)
    expect(alices.page.get_by_role("heading", name=SECRET_HEADING)).to_be_visible()
    assert AccessToken.objects.count() == 1


# --- From other pages ---------------------------------------------------------------------------


@pytest.fixture
def warned(alices: Stage) -> Page:
    """Her profile, with the banner of five tokens above it."""
    worlds.warned_of(5)(alices.owner, alices.now)
    alices.page.goto("/settings/profile/")
    return alices.page


def test_regenerate_from_the_banner_of_another_page_shows_the_secret_above_the_list(warned: Page) -> None:
    warned.get_by_role("link", name="Regenerate").first.click()
    warned.get_by_role("button", name="Regenerate token").click()
    expect(warned.get_by_role("heading", name=SECRET_HEADING)).to_be_visible()
    expect(warned).to_have_url(re.compile(f"{LIST}$"))
    expect(warned.get_by_role("region", name="Expiring tokens")).to_contain_text("1 more")


def test_banner_folds_what_is_past_three_and_unfolds_it(warned: Page) -> None:
    shown = warned.get_by_role("region", name="Expiring tokens").get_by_role("button", name="Dismiss")
    expect(shown).to_have_count(3)
    warned.get_by_text("2 more").click()
    expect(shown).to_have_count(5)


def test_delete_from_the_page_of_a_token_leads_to_the_list(alices: Stage) -> None:
    token = worlds.make(alices.owner, alices.now, "laptop")
    alices.page.goto(f"{LIST}{token.pk}/")
    alices.page.get_by_role("link", name="Delete").click()
    alices.button("Delete token").click()
    expect(alices.page.get_by_text("laptop was deleted.")).to_be_visible()
    expect(alices.page.get_by_role("heading", level=1)).to_have_text("Access Tokens")
