"""The secret: shown once, copied, used, and then nowhere."""

import json
import re
import shutil
from http.client import HTTPResponse
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import BrowserType, Page, Route, expect

from accounts.models import User
from tests.browser.conftest import SignIn
from tests.browser.portal import LIST, NEW, SECRET_HEADING, ask_for
from tokens.models import AccessToken

# All six, always: a proxy may let a client's own through where one is missing.
IDENTITY = {
    "X-Auth-User-Id",
    "X-Auth-User-Email",
    "X-Auth-Token-Id",
    "X-Auth-Token-Name",
    "X-Auth-Scopes",
    "X-Auth-Expires-At",
}
STORES = "JSON.stringify([localStorage, sessionStorage, history.state])"


def create(page: Page, name: str = "ci-deploy", access: str = "Full access") -> str:
    """Make a token at the browser; the secret as the page shows it."""
    page.goto(NEW)
    return send_form(page, name, access)


def send_form(page: Page, name: str = "ci-deploy", access: str = "Full access") -> str:
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label(access).check()
    page.get_by_role("button", name="Create Access Token").click()
    expect(page.get_by_role("heading", name=SECRET_HEADING)).to_be_visible()
    return page.get_by_label("Access token", exact=True).input_value()


def verify(server: str, secret: str) -> tuple[int, dict[str, str]]:
    """Ask as a service does: status and headers."""
    request = Request(f"{server}/auth/verify", headers={"Authorization": f"Bearer {secret}"})  # noqa: S310  # our own
    try:
        answer: HTTPResponse | HTTPError = urlopen(request)  # noqa: S310  # our own server
    except HTTPError as refused:
        answer = refused
    with answer:
        return int(answer.status or 0), dict(answer.headers)


@pytest.fixture
def alices(page: Page, alice: User, sign_in: SignIn) -> Page:
    """Her browser, signed in."""
    sign_in(alice)
    return page


def test_secret_of_a_new_token_is_copied_and_good(alices: Page, alice: User, base_url: str) -> None:
    alices.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=base_url)
    secret = create(alices)
    alices.get_by_role("button", name="Copy").click()
    expect(alices.get_by_role("button", name="Copied")).to_be_visible()
    assert alices.evaluate("navigator.clipboard.readText()") == secret
    status, headers = verify(base_url, secret)
    assert status == 204
    assert headers.keys() >= IDENTITY
    assert (headers["X-Auth-User-Email"], headers["X-Auth-Token-Name"]) == (alice.email, "ci-deploy")


def test_copy_where_no_clipboard_can_be_used_leaves_the_secret_selected(alices: Page) -> None:
    alices.add_init_script("delete Navigator.prototype.clipboard; document.execCommand = () => false;")
    secret = create(alices)
    alices.get_by_role("button", name="Copy").click()
    expect(alices.get_by_label("Access token", exact=True)).to_be_focused()
    expect(alices.get_by_text("Selected: copy it with the keyboard.")).to_be_attached()
    assert alices.evaluate("getSelection().toString()") == secret


def test_secret_is_in_every_way_to_use_it_but_the_one_that_asks_for_it(alices: Page) -> None:
    secret = create(alices)
    for tab in ("Shell", "curl", ".netrc"):
        alices.get_by_role("tab", name=tab).click()
        expect(alices.get_by_role("tabpanel")).to_contain_text(secret)
    alices.get_by_role("tab", name="Command line").click()
    expect(alices.get_by_role("tabpanel")).to_contain_text("It asks for the token")
    expect(alices.get_by_role("tabpanel")).not_to_contain_text(secret)


def test_secret_after_a_reload_is_gone_and_the_token_stays(alices: Page) -> None:
    secret = create(alices)
    expect(alices).to_have_url(re.compile(f"{LIST}$"))
    alices.reload()
    expect(alices.get_by_role("link", name="ci-deploy")).to_be_visible()
    assert secret not in alices.content()
    assert AccessToken.objects.count() == 1


def test_secret_that_was_saved_leads_back_to_the_list(alices: Page) -> None:
    secret = create(alices)
    alices.get_by_role("button", name="I have saved it").click()
    expect(alices.get_by_role("heading", name=SECRET_HEADING)).to_have_count(0)
    expect(alices.get_by_role("link", name="ci-deploy")).to_be_visible()
    assert secret not in alices.content()


def test_secret_is_in_no_store_of_the_browser(alices: Page) -> None:
    secret = create(alices)
    assert secret not in alices.evaluate(STORES)
    assert secret not in alices.url
    assert secret not in json.dumps(alices.context.storage_state())


def test_secret_leaves_the_page_when_the_page_is_left(alices: Page) -> None:
    secret = create(alices)
    alices.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', {persisted: true}))")
    assert secret not in alices.content()
    assert secret not in alices.evaluate("[...document.querySelectorAll('input')].map((field) => field.value).join()")


@pytest.mark.needs("chromium")
def test_secret_is_not_in_a_page_that_the_browser_kept_for_the_back_button(
    browser_type: BrowserType, browser_type_launch_args: dict[str, Any], alices: Page, base_url: str
) -> None:
    """Playwright turns that cache off, and the headless shell has none; people's browsers have it."""
    arguments = {**browser_type_launch_args, "executable_path": shutil.which("chromium")}
    browser = browser_type.launch(**arguments, ignore_default_args=["--disable-back-forward-cache"], headless=True)
    page = browser.new_context(base_url=base_url, storage_state=alices.context.storage_state()).new_page()
    page.goto(NEW)
    page.evaluate("window.kept = true")
    secret = send_form(page)
    page.goto("/settings/profile/")
    page.go_back(wait_until="commit")  # nothing is loaded
    expect(page.get_by_role("link", name="ci-deploy")).to_be_visible()
    assert page.evaluate("window.kept"), "the page was loaded anew: this shows nothing"
    assert secret not in page.content()
    browser.close()


def test_secret_of_a_deleted_token_is_refused(alices: Page, base_url: str) -> None:
    secret = create(alices)
    ask_for(alices, "Delete", "ci-deploy")
    alices.get_by_role("button", name="Delete token").click()
    expect(alices.get_by_role("link", name="ci-deploy")).to_have_count(0)
    assert verify(base_url, secret)[0] == 401


def test_secret_of_a_token_without_access_is_forbidden_everything(alices: Page, base_url: str) -> None:
    secret = create(alices, access="No access")
    assert verify(base_url, secret)[0] == 403


def test_secret_whose_answer_was_lost_is_not_made_twice(alices: Page) -> None:
    """The form was taken, but the network broke before the answer came: sending it again says so."""

    def lose(route: Route) -> None:
        route.fetch()
        route.abort()

    alices.goto(NEW)
    alices.get_by_label("Name", exact=True).fill("ci-deploy")
    alices.route(f"**{NEW}", lose, times=1)
    alices.get_by_role("button", name="Create Access Token").click()
    expect(alices.get_by_role("alert")).to_contain_text("The portal can't be reached.")
    alices.get_by_role("button", name="Create Access Token").click()
    expect(alices.get_by_role("heading", name="Already made at")).to_be_visible()
    expect(alices.get_by_role("link", name="Regenerate")).to_be_visible()
    assert AccessToken.objects.count() == 1
