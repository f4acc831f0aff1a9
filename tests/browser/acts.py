"""The acts of the owner's pages: how each is begun, sent, and what is true after it.

The same steps lead through a page with JavaScript and without, since its words are the same.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Locator, expect

from accounts.audit import AuditEvent
from tests.browser.portal import LIST, NEW, SECRET_HEADING, Stage, ask_for, choose
from tests.browser.worlds import end_in, make, many_pages
from tokens.models import AccessToken, TokenSecret

Part = Callable[[Stage], None]


def nothing(_stage: Stage) -> None:
    """There is nothing to see to."""


@dataclass(frozen=True)
class Act:
    """`begin` leads to the last click, which is on the button; `words` are said on the page that follows.

    `holds`: the database after it was done exactly once. `typed`: what was typed is in the page.
    `repeated`: what a browser that sent the same twice may be told instead.
    """

    begin: Part
    button: str
    words: str
    holds: Part
    typed: Part = nothing
    repeated: str | re.Pattern[str] = ""

    def send(self, stage: Stage) -> None:
        self._button(stage).click()

    def send_twice(self, stage: Stage) -> None:
        self._button(stage).dblclick()

    def said(self, stage: Stage) -> None:
        """In sight, or to assistive technology alone."""
        expect(stage.page.get_by_text(self.words).first).to_be_attached()

    def _button(self, stage: Stage) -> Locator:
        """The last of that name, which is in the dialog or on the page that asks, not in the banner."""
        return stage.button(self.button).last


@dataclass(frozen=True)
class Look:
    """Something that only reads: what is asked for stands in the address, `before` and after."""

    begin: Part
    send: Part
    said: Part
    before: Part
    typed: Part = nothing
    send_twice: Part = nothing
    holds: Part = nothing


# --- Create, duplicate --------------------------------------------------------------------------


def begin_create(stage: Stage) -> None:
    stage.page.goto(NEW)
    stage.page.get_by_label("Name", exact=True).fill("ci-deploy")
    stage.page.get_by_label("Description").fill("Nightly")
    stage.page.get_by_label("Full access").check()


def typed_create(stage: Stage) -> None:
    expect(stage.page.get_by_label("Name", exact=True)).to_have_value("ci-deploy")
    expect(stage.page.get_by_label("Description")).to_have_value("Nightly")
    expect(stage.page.get_by_label("Full access")).to_be_checked()


def created(_stage: Stage) -> None:
    token = AccessToken.objects.get()
    assert (token.name, token.description, token.scopes) == ("ci-deploy", "Nightly", "full")
    assert TokenSecret.objects.count() == 1


def begin_duplicate(stage: Stage) -> None:
    begin_with_laptop("Duplicate")(stage)


def typed_duplicate(stage: Stage) -> None:
    expect(stage.page.get_by_label("Name", exact=True)).to_have_value("laptop copy")
    expect(stage.page.get_by_label("Selected permissions")).to_be_checked()


def duplicated(_stage: Stage) -> None:
    names = AccessToken.objects.order_by("pk").values_list("name", "scopes")
    assert list(names) == [("laptop", "metrics:read"), ("laptop copy", "metrics:read")]


# --- Acts on one token --------------------------------------------------------------------------


def begin_with_laptop(act: str) -> Part:
    def begin(stage: Stage) -> None:
        make(stage.owner, stage.now, "laptop", "metrics:read")
        if act == "Enable":
            AccessToken.objects.update(disabled_at=stage.now, disabled_by="owner")
        stage.page.goto(LIST)
        ask_for(stage.page, act, "laptop")
        asks = "New Access Token" if act == "Duplicate" else f"{act} laptop"
        expect(stage.page.get_by_role("heading", name=asks)).to_be_visible()

    return begin


def begin_edit(stage: Stage) -> None:
    begin_with_laptop("Edit")(stage)
    stage.page.get_by_label("Name", exact=True).fill("desktop")


def typed_edit(stage: Stage) -> None:
    expect(stage.page.get_by_label("Name", exact=True)).to_have_value("desktop")


def begin_regenerate(stage: Stage) -> None:
    begin_with_laptop("Regenerate")(stage)
    choose("Expiration", "60 days")(stage.page)


def typed_regenerate(stage: Stage) -> None:
    expect(stage.page.get_by_label("Expiration")).to_have_value("60")


def once(kind: str) -> Part:
    """Exactly one event of that kind."""

    def check(_stage: Stage) -> None:
        assert AuditEvent.objects.filter(kind=f"token.{kind}").count() == 1

    return check


def edited(stage: Stage) -> None:
    once("edited")(stage)
    assert AccessToken.objects.get().name == "desktop"


def regenerated(stage: Stage) -> None:
    once("regenerated")(stage)
    assert TokenSecret.objects.count() == 2
    assert (AccessToken.objects.get().expires_at - stage.now).days in (59, 60)


def deleted(stage: Stage) -> None:
    once("deleted")(stage)
    assert not AccessToken.objects.exists()


def begin_dismiss(stage: Stage) -> None:
    end_in(make(stage.owner, stage.now, "laptop", days_ago=20), stage.now, days=2)
    stage.page.goto(LIST)
    expect(stage.page.get_by_role("region", name="Expiring tokens")).to_be_visible()


def dismissed(_stage: Stage) -> None:
    assert AccessToken.objects.get().banner_dismissed_at is not None


# --- Several at once ----------------------------------------------------------------------------


def begin_several(act: str) -> Part:
    def begin(stage: Stage) -> None:
        for name in ("laptop", "desktop", "spare"):
            make(stage.owner, stage.now, name)
        stage.page.goto(LIST)
        for name in ("laptop", "desktop"):
            stage.page.get_by_label(f"Select {name}").check()
        stage.button(act).click()
        typed_several(stage)

    return begin


def typed_several(stage: Stage) -> None:
    expect(stage.page.get_by_role("heading", name="2 tokens?")).to_be_visible()


def several_disabled(_stage: Stage) -> None:
    assert AuditEvent.objects.filter(kind="token.disabled").count() == 2
    assert set(AccessToken.objects.exclude(disabled_at=None).values_list("name", flat=True)) == {"laptop", "desktop"}


def several_deleted(_stage: Stage) -> None:
    assert AuditEvent.objects.filter(kind="token.deleted").count() == 2
    assert AccessToken.objects.get().name == "spare"


# --- Looking for tokens -------------------------------------------------------------------------


def begin_looking(stage: Stage) -> None:
    make(stage.owner, stage.now, "laptop", days_ago=3)
    make(stage.owner, stage.now, "desktop", days_ago=2)
    AccessToken.objects.filter(name="laptop").update(disabled_at=stage.now, disabled_by="owner")
    stage.page.goto(LIST)


def search(stage: Stage) -> None:
    stage.page.get_by_label("Search tokens").fill("lap")
    stage.page.get_by_label("Search tokens").press("Enter")


def search_twice(stage: Stage) -> None:
    search(stage)
    stage.page.get_by_label("Search tokens").press("Enter")


def take(label: str, value: str) -> Part:
    """With JavaScript what is chosen is shown at once."""

    def send(stage: Stage) -> None:
        stage.page.get_by_label(label).select_option(value)
        if not stage.scripted:
            stage.button("Show").click()

    return send


def take_twice(label: str, value: str) -> Part:
    def send(stage: Stage) -> None:
        stage.page.get_by_label(label).select_option(value)
        stage.button("Show").dblclick()

    return send


def has(label: str, value: str) -> Part:
    return lambda stage: expect(stage.page.get_by_label(label)).to_have_value(value)


def finds(query: str, *names: str) -> Part:
    """Exactly these, in this order, at an address that asks for that."""

    def check(stage: Stage) -> None:
        expect(stage.page).to_have_url(re.compile(rf"{LIST}(\?.*{query}.*)?$" if query else f"{LIST}$"))
        expect(stage.page.locator("#results .row-title a")).to_have_text(list(names))

    return check


def begin_page(stage: Stage) -> None:
    many_pages(stage.owner, stage.now)
    stage.page.goto(LIST)


def next_page(stage: Stage) -> None:
    stage.page.get_by_role("link", name="Next").click()


def next_page_twice(stage: Stage) -> None:
    stage.page.get_by_role("link", name="Next").dblclick()


def is_at(words: str) -> Part:
    return lambda stage: expect(stage.page.get_by_role("navigation", name="Pages")).to_contain_text(words)


# --- All of them --------------------------------------------------------------------------------

ALREADY = "Already made at"
BOTH = finds("", "desktop", "laptop")

ACTS: dict[str, Act | Look] = {
    "create": Act(begin_create, "Create Access Token", SECRET_HEADING, created, typed_create, ALREADY),
    "duplicate": Act(begin_duplicate, "Create Access Token", SECRET_HEADING, duplicated, typed_duplicate, ALREADY),
    "edit": Act(begin_edit, "Save changes", "desktop was changed.", edited, typed_edit),
    "regenerate": Act(begin_regenerate, "Regenerate token", SECRET_HEADING, regenerated, typed_regenerate, ALREADY),
    "disable": Act(begin_with_laptop("Disable"), "Disable token", "laptop was disabled.", once("disabled")),
    "enable": Act(begin_with_laptop("Enable"), "Enable token", "laptop was enabled.", once("enabled")),
    "delete": Act(
        begin_with_laptop("Delete"),
        "Delete token",
        "laptop was deleted.",
        deleted,
        # The second may find the token gone, or lose it to the first while it waits.
        repeated=re.compile("It was deleted|This token was deleted in the meantime"),
    ),
    "dismiss": Act(begin_dismiss, "Dismiss", "laptop was taken off the banner.", dismissed),
    "disable several": Act(
        begin_several("Disable"), "Disable tokens", "2 tokens disabled.", several_disabled, typed_several
    ),
    "delete several": Act(
        begin_several("Delete"),
        "Delete tokens",
        "2 tokens deleted.",
        several_deleted,
        typed_several,
        repeated="they were deleted in the meantime",
    ),
    "search": Look(begin_looking, search, finds("q=lap", "laptop"), BOTH, has("Search tokens", "lap"), search_twice),
    "filter": Look(
        begin_looking,
        take("State", "disabled"),
        finds("state=disabled", "laptop"),
        BOTH,
        has("State", "disabled"),
        take_twice("State", "disabled"),
    ),
    "sort": Look(
        begin_looking,
        take("Sort by", "-name"),
        finds("sort=-name", "laptop", "desktop"),
        BOTH,
        has("Sort by", "-name"),
        take_twice("Sort by", "-name"),
    ),
    "page": Look(begin_page, next_page, is_at("26–50 of 51"), is_at("1–25 of 51"), send_twice=next_page_twice),
}
