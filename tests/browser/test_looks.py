"""What a page weighs, how it moves, and what time does to it."""

import re
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.servers.basehttp import ThreadedWSGIServer
from django.core.wsgi import get_wsgi_application
from django.test.testcases import QuietWSGIRequestHandler
from playwright.sync_api import Page, expect
from pytest_django.fixtures import Settings

from tests.browser import worlds
from tests.browser.conftest import SignIn
from tests.browser.portal import LIST, Stage, ask_for, row
from tests.browser.views import LOGIN
from tokens.pages.presentation import end_text

KILOBYTE = 1024
MOVING = """[...document.querySelectorAll("*")].filter((element) => {
    const { animationName, transitionDuration } = getComputedStyle(element);
    return animationName !== "none" || transitionDuration !== "0s";
}).length"""


@pytest.fixture
def alices(stage: Stage, sign_in: SignIn) -> Page:
    worlds.usual(stage.owner, stage.now)
    sign_in(stage.owner)
    return stage.page


# --- Weight -------------------------------------------------------------------------------------


@pytest.fixture
def shipped(settings: Settings, tmp_path: Path) -> Iterator[str]:
    """The portal as a server runs it: its files collected, compressed and named by what is in them."""
    settings.STATIC_ROOT = str(tmp_path)
    backend = "whitenoise.storage.CompressedManifestStaticFilesStorage"
    settings.STORAGES = settings.STORAGES | {"staticfiles": {"BACKEND": backend}}
    settings.WHITENOISE_AUTOREFRESH = settings.WHITENOISE_USE_FINDERS = False
    call_command("collectstatic", interactive=False, verbosity=0, ignore_patterns=["admin", "ninja"])
    server = ThreadedWSGIServer(("localhost", 0), QuietWSGIRequestHandler)
    server.set_app(get_wsgi_application())
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://localhost:{server.server_port}"
    server.shutdown()
    server.server_close()


def weight(page: Page, address: str) -> int:
    """The bytes of the first load, over the wire, with everything in it."""
    received: list[int] = []
    devtools = page.context.new_cdp_session(page)
    devtools.send("Network.enable")
    devtools.send("Network.setCacheDisabled", {"cacheDisabled": True})
    devtools.on("Network.loadingFinished", lambda event: received.append(event["encodedDataLength"]))
    page.goto(address, wait_until="networkidle")
    assert len(received) > 2, "the page came without its parts"
    return int(sum(received))


def test_first_load_weighs_at_most_sixty_kilobytes(alices: Page, stage: Stage, shipped: str) -> None:
    worlds.many_pages(stage.owner, stage.now)
    assert weight(alices, shipped + LIST) <= 60 * KILOBYTE
    alices.context.clear_cookies()
    assert weight(alices, shipped + LOGIN) <= 60 * KILOBYTE


# --- Motion, layout, time -----------------------------------------------------------------------


def test_page_for_people_who_want_no_motion_has_none(alices: Page) -> None:
    alices.goto(LIST)
    assert alices.evaluate(MOVING) > 0
    alices.emulate_media(reduced_motion="reduce")
    assert alices.evaluate(MOVING) == 0


def test_dialog_that_opens_moves_nothing(alices: Page) -> None:
    alices.goto(LIST)
    before = alices.get_by_role("heading", level=1).bounding_box()
    ask_for(alices, "Edit", "laptop")
    expect(alices.get_by_role("dialog")).to_be_visible()
    assert alices.locator("h1").bounding_box() == before


def test_times_stay_true_while_the_page_is_open(alices: Page, stage: Stage) -> None:
    alices.clock.install(time=stage.now)
    alices.goto(f"{LIST}{stage.owner.tokens.get(name='ci-deploy').pk}/")
    end = alices.locator(".fact", has=alices.get_by_text("Expires", exact=True)).locator("time")
    expect(end).to_have_text("in 2 days")
    alices.clock.fast_forward("25:30:00")
    expect(end).to_have_text("in 23 hours")


def test_ends_stay_true_while_the_page_is_open_and_when_they_come(alices: Page, stage: Stage) -> None:
    end = stage.owner.tokens.get(name="ci-deploy").expires_at
    alices.clock.install(time=stage.now)
    alices.goto(LIST)
    badge = row(alices, "ci-deploy").locator(".badge")
    banner = alices.get_by_role("region", name="Expiring tokens").get_by_role("listitem").filter(has_text="ci-deploy")
    clock = stage.now
    # To the words that the server would say then: hours, minutes, the last one, and two after the end.
    for minutes_left in (25 * 60 + 0.5, 90.5, 2.5, 0.5, -0.5, -1800):
        moment = end - timedelta(minutes=minutes_left)
        alices.clock.fast_forward(int((moment - clock).total_seconds() * 1000))
        clock, words = moment, end_text(end, now=moment)
        expect(badge).to_have_text(words)
        expect(banner.locator("time")).to_have_text(words.replace("E", "e", 1))
        expect(badge).to_have_class(re.compile("ended" if minutes_left < 0 else "^badge badge-expiring$"))


def test_print_leaves_out_what_paper_cannot_do(alices: Page) -> None:
    alices.goto(LIST)
    alices.emulate_media(media="print")
    expect(alices.get_by_role("link", name="laptop")).to_be_visible()
    expect(alices.get_by_role("link", name="Regenerate")).to_have_count(0)
    expect(alices.get_by_role("navigation", name="Settings")).to_have_count(0)
