"""Everything by keyboard alone, and where the focus is after each act."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import worlds
from tests.browser.conftest import SignIn
from tests.browser.portal import LIST, NEW, SECRET_HEADING, Stage, row
from tokens.models import AccessToken

_FOCUSED = "element => element === document.activeElement"
# As quick as any key can be after the dialog is there.
_ANSWER_AT_ONCE = """() => {
  window.isFirstDocument = true;
  const answer = () => document.querySelector("#dialog form").requestSubmit();
  document.addEventListener("htmx:afterSwap", () => setTimeout(answer), { once: true });
}"""


@pytest.fixture
def alices(stage: Stage, sign_in: SignIn) -> Page:
    """Her list, with five tokens in it."""
    worlds.usual(stage.owner, stage.now)
    sign_in(stage.owner)
    stage.page.goto(LIST)
    return stage.page


def tab_to(page: Page, target: Locator, *, key: str = "Tab", most: int = 80) -> None:
    """Press Tab until the focus is there."""
    expect(target).to_be_attached()
    for _ in range(most):
        if target.evaluate(_FOCUSED):
            return
        page.keyboard.press(key)
    expect(target).to_be_focused()


def open_by_keyboard(page: Page, act: str, name: str) -> None:
    """The dialog that asks about an act of the token's menu."""
    tab_to(page, row(page, name).get_by_label(f"More actions for {name}"))
    page.keyboard.press("Enter")
    tab_to(page, row(page, name).get_by_role("link", name=act, exact=True))
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()


def test_create_by_keyboard_ends_at_the_secret(alices: Page) -> None:
    tab_to(alices, alices.get_by_role("link", name="New Access Token"))
    alices.keyboard.press("Enter")
    tab_to(alices, alices.get_by_label("Name", exact=True))
    alices.keyboard.type("by hand")
    tab_to(alices, alices.get_by_label("No access"))
    alices.keyboard.press("ArrowDown")
    expect(alices.get_by_label("Full access")).to_be_checked()
    tab_to(alices, alices.get_by_role("button", name="Create Access Token"))
    alices.keyboard.press("Enter")
    expect(alices.get_by_role("heading", name=SECRET_HEADING)).to_be_focused()
    tab_to(alices, alices.get_by_role("button", name="Copy"), most=3)
    alices.keyboard.press("Space")
    expect(alices.get_by_role("button", name="Copied")).to_be_focused()
    assert AccessToken.objects.filter(name="by hand", scopes="full").exists()


def test_delete_by_keyboard_ends_at_the_heading_of_the_list(alices: Page) -> None:
    open_by_keyboard(alices, "Delete", "laptop")
    tab_to(alices, alices.get_by_role("button", name="Delete token"))
    alices.keyboard.press("Enter")
    expect(row(alices, "laptop")).to_have_count(0)
    expect(alices.get_by_role("heading", level=1)).to_be_focused()
    expect(alices.get_by_role("status")).to_have_text("laptop was deleted.")


def test_disable_by_keyboard_ends_at_the_menu_of_the_token(alices: Page) -> None:
    open_by_keyboard(alices, "Disable", "laptop")
    tab_to(alices, alices.get_by_role("button", name="Disable token"))
    alices.keyboard.press("Enter")
    expect(row(alices, "laptop")).to_contain_text("Disabled")
    expect(row(alices, "laptop").get_by_label("More actions for laptop")).to_be_focused()


def test_dialog_that_is_answered_the_moment_it_shows_leaves_the_page_in_place(alices: Page) -> None:
    alices.evaluate(_ANSWER_AT_ONCE)
    row(alices, "laptop").get_by_label("More actions for laptop").click()
    row(alices, "laptop").get_by_role("link", name="Disable", exact=True).click()
    expect(row(alices, "laptop")).to_contain_text("Disabled")
    assert alices.evaluate("window.isFirstDocument")


def test_edit_by_keyboard_ends_at_what_opened_it(alices: Page) -> None:
    edit = row(alices, "laptop").get_by_role("link", name="Edit", exact=True)
    tab_to(alices, edit)
    alices.keyboard.press("Enter")
    expect(alices.get_by_label("Name", exact=True)).to_be_focused()
    alices.keyboard.type("desktop")  # the name is selected as a whole when Tab comes to it, here it is not
    alices.keyboard.press("Enter")
    expect(alices.get_by_role("dialog")).to_have_count(0)
    expect(alices.locator(":focus")).to_have_text("Edit")


def test_escape_closes_a_dialog_and_the_focus_returns(alices: Page) -> None:
    open_by_keyboard(alices, "Delete", "laptop")
    alices.keyboard.press("Escape")
    expect(alices.get_by_role("dialog")).to_have_count(0)
    expect(row(alices, "laptop").get_by_label("More actions for laptop")).to_be_focused()
    assert AccessToken.objects.filter(name="laptop").exists()


def test_escape_closes_a_menu_and_the_focus_returns(alices: Page) -> None:
    more = row(alices, "laptop").get_by_label("More actions for laptop")
    tab_to(alices, more)
    alices.keyboard.press("Space")
    alices.keyboard.press("Tab")
    alices.keyboard.press("Escape")
    expect(more).to_be_focused()
    expect(row(alices, "laptop").get_by_role("link", name="Delete")).to_have_count(0)


def test_dialog_that_asks_starts_at_cancel_and_keeps_the_focus(alices: Page) -> None:
    open_by_keyboard(alices, "Delete", "laptop")
    expect(alices.get_by_role("button", name="Cancel")).to_be_focused()
    for _ in range(6):
        alices.keyboard.press("Tab")
        assert alices.evaluate("document.activeElement === document.body || !!document.activeElement.closest('dialog')")


def test_dismiss_by_keyboard_leaves_the_focus_in_the_page(alices: Page) -> None:
    tab_to(alices, alices.get_by_role("button", name="Dismiss").first)
    alices.keyboard.press("Enter")
    expect(alices.get_by_role("button", name="Dismiss")).to_have_count(1)
    expect(alices.locator(":focus")).to_have_count(1)


def test_wrong_form_by_keyboard_ends_at_what_is_wrong(alices: Page) -> None:
    alices.goto(NEW)
    tab_to(alices, alices.get_by_role("button", name="Create Access Token"))
    alices.keyboard.press("Enter")
    expect(alices.get_by_text("Give the token a name.")).to_be_visible()
    expect(alices.get_by_label("Name", exact=True)).to_be_focused()


def test_wrong_form_in_a_dialog_by_keyboard_ends_at_what_is_wrong(alices: Page) -> None:
    row(alices, "laptop").get_by_role("link", name="Edit", exact=True).click()
    alices.get_by_label("Name", exact=True).fill("")
    alices.keyboard.press("Enter")
    expect(alices.get_by_text("Give the token a name.")).to_be_visible()
    expect(alices.get_by_label("Name", exact=True)).to_be_focused()


def test_search_by_keyboard_keeps_the_focus_in_the_field(alices: Page) -> None:
    tab_to(alices, alices.get_by_label("Search tokens"))
    alices.keyboard.type("graf")
    expect(alices.locator("#results .row")).to_have_count(1)
    expect(alices.get_by_label("Search tokens")).to_be_focused()


def test_next_page_by_keyboard_leaves_the_focus_in_the_page(alices: Page, stage: Stage) -> None:
    worlds.many_pages(stage.owner, stage.now)
    alices.reload()
    tab_to(alices, alices.get_by_role("link", name="Next"), key="Shift+Tab")
    alices.keyboard.press("Enter")
    expect(alices.get_by_role("navigation", name="Pages")).to_contain_text("26–50")
    expect(alices.locator(":focus")).to_have_count(1)


def test_skip_link_is_first_and_leads_to_the_content(alices: Page) -> None:
    alices.keyboard.press("Tab")
    expect(alices.get_by_role("link", name="Skip to content")).to_be_focused()
    alices.keyboard.press("Enter")
    expect(alices.locator("main")).to_be_focused()


def test_tabs_of_the_secret_by_arrow_keys(alices: Page) -> None:
    alices.goto(NEW)
    alices.get_by_label("Name", exact=True).fill("ci")
    alices.keyboard.press("Enter")
    tab_to(alices, alices.get_by_role("tab", name="Shell"))
    for key, name in (("ArrowRight", "curl"), ("End", ".netrc"), ("ArrowRight", "Shell"), ("ArrowLeft", ".netrc")):
        alices.keyboard.press(key)
        expect(alices.get_by_role("tab", name=name)).to_be_focused()
        expect(alices.get_by_role("tabpanel", name=name)).to_be_visible()
