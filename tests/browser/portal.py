"""The portal as people drive it: by the names that they see and hear."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from playwright.sync_api import Locator, Page, expect

from accounts.models import User
from tests.conftest import PASSWORD

LIST = "/settings/tokens/"
NEW = "/settings/tokens/new/"
SECRET_HEADING = "Your new access token"

Step = Callable[[Page], None]


@dataclass(frozen=True)
class Stage:
    """Somebody who owns tokens, at a browser with JavaScript (`scripted`) or without."""

    page: Page
    owner: User
    now: datetime
    scripted: bool

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)


def row(page: Page, name: str) -> Locator:
    """The token of that name in the list."""
    return page.get_by_role("listitem").filter(has=page.get_by_role("link", name=name, exact=True))


def open_menu(page: Page, name: str) -> None:
    row(page, name).get_by_label(f"More actions for {name}").click()


def ask_for(page: Page, act: str, name: str) -> None:
    """Follow the link of that act, which stands beside the token or in its menu."""
    expect(row(page, name)).to_be_visible()
    link = row(page, name).get_by_role("link", name=act, exact=True)
    if not link.is_visible():
        open_menu(page, name)
    link.click()


def press(name: str) -> Step:
    """Click the button of that name."""
    return lambda page: page.get_by_role("button", name=name, exact=True).click()


def follow(name: str) -> Step:
    """Click the link of that name."""
    return lambda page: page.get_by_role("link", name=name, exact=True).click()


def fill(label: str, text: str) -> Step:
    return lambda page: page.get_by_label(label, exact=True).fill(text)


def choose(label: str, option: str) -> Step:
    """Take the option whose words begin so."""

    def take(page: Page) -> None:
        select = page.get_by_label(label, exact=True)
        words = select.locator("option").filter(has_text=re.compile(f"^{re.escape(option)}")).first.inner_text()
        select.select_option(label=words)

    return take


def check(name: str) -> Step:
    """Take the radio button, or tick the box, of that name."""
    return lambda page: page.get_by_label(name, exact=True).check()


def ask(act: str, name: str) -> Step:
    return lambda page: ask_for(page, act, name)


def menu(name: str) -> Step:
    return lambda page: open_menu(page, name)


def sign_in_again(page: Page, email: str) -> None:
    """At the sign-in page, as somebody who is asked in the middle of something."""
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
