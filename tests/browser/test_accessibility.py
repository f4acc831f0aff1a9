"""Every view of the table: for eyes, ears and hands of all sorts."""

import re
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.views import VIEWS, View

# All rules of WCAG 2.2 AA and of good practice; those of the newest version are off by themselves.
EVERY_RULE = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}
COLOURS = {"resultTypes": ["violations"], "runOnly": ["color-contrast"]}
TITLE = re.compile(r".+ · Token Portal")
SETTINGS = re.compile(r".+ · Settings · Token Portal")
CONSOLE = re.compile(r".+ · Admin console · Token Portal")
# As wide as a small phone, as half of a usual screen (which is what zooming to 200 % leaves), and as that screen.
NARROW, ZOOMED, WIDE = 320, 640, 1280

each_view = pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)


@pytest.fixture
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    # Without motion: colours are looked at right after a change of theme.
    sharp = {"device_scale_factor": 2, "viewport": {"width": WIDE, "height": 800}, "reduced_motion": "reduce"}
    return {**browser_context_args, **sharp}


def violations(page: Page, options: dict[str, Any]) -> list[str]:
    """What axe finds, a line each."""
    found = page.evaluate("async (options) => (await axe.run(document, options)).violations", options)
    return [f"{rule['id']}: {node['target']} {node['failureSummary']}" for rule in found for node in rule["nodes"]]


def resize(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})


def wider_than(page: Page, width: int) -> list[str]:
    """The elements that make somebody scroll sideways."""
    if page.evaluate("document.scrollingElement.scrollWidth") <= width:
        return []
    return page.evaluate(
        """(width) => [...document.body.querySelectorAll("*")]
            .filter((element) => element.getBoundingClientRect().right > width)
            .map((element) => element.outerHTML.slice(0, 120))""",
        width,
    ) or ["something"]


@each_view
def test_view_has_no_barrier_in_any_width_or_theme(view: View, visit: Visit, complaints: list[str]) -> None:
    page = visit(view)
    expected = [f"the server responded with a status of {view.fails}"] if view.fails else []
    assert [text for text in complaints if not any(words in text for words in expected)] == []
    assert page.locator("html").get_attribute("lang") == "en"
    expect(page).to_have_title(title_of(page))
    expect(page.locator("h1")).to_have_count(1)
    page.evaluate(AXE_SCRIPT)
    for width in (WIDE, ZOOMED, NARROW):
        resize(page, width)
        assert not wider_than(page, width)
        if width != ZOOMED:
            page.emulate_media(color_scheme="light")
            assert violations(page, EVERY_RULE) == []
            page.emulate_media(color_scheme="dark")
            assert violations(page, COLOURS) == []


def title_of(page: Page) -> re.Pattern[str]:
    """What the title has to look like, by the menu of the page."""
    if page.get_by_role("navigation", name="Admin console").count():
        return CONSOLE
    return SETTINGS if page.get_by_role("navigation", name="Settings").count() else TITLE
