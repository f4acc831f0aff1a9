"""`make screenshots`: a picture of every view, width and theme, named `<view>-<theme>-<width>.png`."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.views import THEMES, VIEWS, WIDTHS, View

FOLDER = Path(__file__).parents[2] / "screenshots"


@pytest.fixture
def browser_context_args(browser_context_args: dict[str, Any], request: pytest.FixtureRequest) -> dict[str, Any]:
    width: int = request.getfixturevalue("width")
    return {**browser_context_args, "viewport": {"width": width, "height": 900}, "reduced_motion": "reduce"}


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_picture(view: View, width: int, visit: Visit) -> None:
    page = visit(view)
    expect(page.locator(".htmx-request")).to_have_count(0)
    for theme in THEMES:
        page.emulate_media(color_scheme=theme)
        page.screenshot(path=FOLDER / f"{view.name}-{theme}-{width}.png", full_page=view.whole, animations="disabled")
