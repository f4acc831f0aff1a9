"""A real Chromium against a live server."""

import os
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from allauth.account.internal.flows import login
from django.conf import settings as django_settings
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from playwright.sync_api import BrowserContext, ConsoleMessage, Page
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from tests.browser.portal import Stage
from tests.browser.views import View
from tests.browser.worlds import register_resources
from tests.conftest import ClientOf, find_chromium
from tokens.models import AccessToken

# Playwright's event loop runs in the thread of the test, and Django would take that for async code.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"

_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    # It talks to nobody but the server under test.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

SignIn = Callable[[User], None]
Visit = Callable[[View], Page]


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """The system's Chromium instead of one that Playwright downloads."""
    return {**browser_type_launch_args, "executable_path": find_chromium(), "args": _ARGUMENTS}


@pytest.fixture(scope="session")
def base_url(live_server: LiveServer) -> str:
    """So that `page.goto("/settings/tokens/")` finds the server."""
    return live_server.url


@pytest.fixture
def sign_in(context: BrowserContext, client_of: ClientOf, base_url: str) -> SignIn:
    """Give the browser the session of that person, as if signed in a moment ago."""

    def take_session(user: User) -> None:
        name = django_settings.SESSION_COOKIE_NAME
        context.add_cookies([{"name": name, "value": client_of(user).cookies[name].value, "url": base_url}])

    return take_session


@pytest.fixture
def resources(db: None, now: datetime) -> None:
    """Services that tokens can be given access to."""
    register_resources(now)


@pytest.fixture
def stage(page: Page, alice: User, now: datetime, resources: None, request: pytest.FixtureRequest) -> Stage:
    """Alice at the browser, not signed in."""
    marker = request.node.get_closest_marker("browser_context_args")
    return Stage(page, alice, now, scripted=not marker or marker.kwargs.get("java_script_enabled", True))


# --- What no page may do ------------------------------------------------------------------------


@pytest.fixture
def complaints() -> list[str]:
    """What the browser's console said was wrong, and errors of scripts, in the order in which they came."""
    return []


@pytest.fixture(autouse=True)
def _listen(context: BrowserContext, complaints: list[str]) -> Iterator[None]:
    """No test may end with an error in a script, or with something that the security policy refused."""

    def hear(message: ConsoleMessage) -> None:
        if message.type == "error":
            complaints.append(message.text)

    context.on("console", hear)
    context.on("weberror", lambda error: complaints.append(f"script: {error.error}"))
    yield
    wrong = [text for text in complaints if text.startswith("script:") or "Content Security Policy" in text]
    assert not wrong


# --- The table of views -------------------------------------------------------------------------


@pytest.fixture
def grow_stale(client_of: ClientOf) -> Callable[[], None]:
    """Let the last check of who it is, in every session, be too long ago for acts that ask again."""

    def age() -> None:
        for row in Session.objects.all():
            session = SessionStore(row.session_key)
            session[login.AUTHENTICATION_METHODS_SESSION_KEY][-1]["at"] = time.time() - 24 * 3600
            session.save()

    return age


@pytest.fixture
def visit(
    stage: Stage,
    sign_in: SignIn,
    grow_stale: Callable[[], None],
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> Visit:
    """Bring the browser to a view of the table."""
    page, alice = stage.page, stage.owner

    def bring(view: View) -> Page:
        settings.SIGNUP_OPEN = True
        view.world(alice, stage.now)
        if view.who:
            sign_in(alice)
        if view.who == "stale":
            grow_stale()
        if view.fails == 500:
            monkeypatch.setattr("accounts.views.activity_context", _fail)
        page.goto(_address(view))
        for step in view.steps:
            step(page)
        return page

    return bring


def _fail(*_args: object, **_kwargs: object) -> None:
    raise RuntimeError("a page that fails")


def _address(view: View) -> str:
    """With the ids of the tokens, and of the people, that it names."""
    named = [(token.name, token.pk) for token in AccessToken.objects.all()]
    named += [(user.email, user.pk) for user in User.objects.all()]
    address = view.address
    for name, pk in named:
        address = address.replace(f"{{{name}}}", str(pk))
    return address
