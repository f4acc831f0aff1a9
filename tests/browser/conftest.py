"""A real Chromium against a live server."""

import os
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import BrowserContext
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from tests.conftest import ClientOf, find_chromium

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
        name = settings.SESSION_COOKIE_NAME
        context.add_cookies([{"name": name, "value": client_of(user).cookies[name].value, "url": base_url}])

    return take_session
