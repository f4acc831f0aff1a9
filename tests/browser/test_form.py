"""What the scripts of the new-token form add to it."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import SignIn
from tests.browser.portal import LIST, NEW, Stage, choose, press
from tests.conftest import MakeToken
from tokens.models import AccessToken

ENDS = r"Ends on \w+ \d+, \d{4}; "


@pytest.fixture
def form(stage: Stage, sign_in: SignIn) -> Page:
    """A new-token form of which the per-resource permissions are open."""
    sign_in(stage.owner)
    stage.page.goto(NEW)
    stage.page.get_by_label("Selected permissions").check()
    return stage.page


@pytest.mark.parametrize(("preset", "level"), [("Read all", "Read"), ("Write all", "Write")])
def test_preset_sets_every_permission(form: Page, preset: str, level: str) -> None:
    press(preset)(form)
    for row in form.locator(".permission").all():
        expect(row.get_by_label(level, exact=True)).to_be_checked()
    expect(form.locator("#summary")).to_have_text(
        re.compile(rf"{ENDS}can {level.lower()} Archive, Deployments, Metrics, Registry and Tokens\.")
    )


def test_preset_none_takes_every_permission_back(form: Page) -> None:
    press("Write all")(form)
    press("None")(form)
    for row in form.locator(".permission").all():
        expect(row.get_by_label("None", exact=True)).to_be_checked()
    expect(form.locator("#summary")).to_have_text(re.compile(rf"{ENDS}can do nothing yet\."))


def test_preset_is_what_the_form_sends(form: Page) -> None:
    form.get_by_label("Name", exact=True).fill("reader")
    press("Read all")(form)
    press("Create Access Token")(form)
    expect(form.get_by_role("link", name="reader")).to_be_visible()
    granted = AccessToken.objects.get().scope_list
    assert granted == [f"{name}:read" for name in ("archive", "deployments", "metrics", "registry", "tokens")]


@pytest.mark.browser_context_args(java_script_enabled=False)
def test_preset_without_javascript_is_not_there(form: Page) -> None:
    expect(form.get_by_role("button", name="Create Access Token")).to_be_visible()
    expect(form.get_by_role("button", name="Read all")).to_have_count(0)


def test_summary_follows_the_form_and_is_read_aloud_politely(form: Page) -> None:
    summary = form.locator("#summary")
    expect(summary).to_have_attribute("aria-live", "polite")
    form.get_by_label("Full access").check()
    expect(summary).to_have_text(re.compile(rf"{ENDS}can do everything you may do\."))
    choose("Expiration", "Custom date")(form)
    expect(summary).to_contain_text("Choose when it ends; ")
    form.get_by_label("Last day").fill("2000-01-31")
    expect(summary).to_contain_text("Choose when it ends; ")


@pytest.mark.browser_context_args(java_script_enabled=False)
def test_summary_without_javascript_which_alone_keeps_it_true_is_not_shown(
    stage: Stage, sign_in: SignIn, make_token: MakeToken
) -> None:
    token, _secret = make_token()
    sign_in(stage.owner)
    for address in (NEW, f"{LIST}{token.pk}/edit/"):
        stage.page.goto(address)
        expect(stage.page.get_by_label("Name", exact=True)).to_be_visible()
        expect(stage.page.locator("#summary")).to_be_hidden()


def test_last_day_is_asked_for_with_a_custom_date_alone(form: Page) -> None:
    expect(form.get_by_label("Last day")).to_be_hidden()
    choose("Expiration", "Custom date")(form)
    expect(form.get_by_label("Last day")).to_be_visible()
    choose("Expiration", "7 days")(form)
    expect(form.get_by_label("Last day")).to_be_hidden()
