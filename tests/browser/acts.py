"""The acts of the owner's pages, as somebody does them with a mouse: begun, sent, and what is true after.

An act is begun up to its last click or key; sending it is that. The same steps lead through the
page with and without JavaScript, since the words are the same.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from playwright.sync_api import Locator, Page, expect

from accounts.audit import AuditEvent
from accounts.models import User
from tests.browser.portal import LIST, NEW, SECRET_HEADING, ask_for, choose, row
from tests.browser.worlds import flag, make
from tokens.models import AccessToken, TokenSecret


@dataclass(frozen=True)
class Stage:
    page: Page
    owner: User
    now: datetime
    scripted: bool

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)


def nothing(_stage: Stage) -> None:
    """Nothing was typed."""


@dataclass(frozen=True)
class Act:
    """`button` sends it, unless `send` says how; `said` are words of the page that follows."""

    begin: Callable[[Stage], None]
    button: str
    said: str
    holds: Callable[[Stage], None]
    typed: Callable[[Stage], None] = nothing
    # What a second sending of the same thing may be told instead.
    said_twice: str = ""
    button_after_sign_in: str = ""


def says(stage: Stage, words: str) -> None:
    """Wait until the page says so, in sight or to assistive technology."""
    expect(stage.page.get_by_text(words).first).to_be_attached()


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


def created(stage: Stage) -> None:
    token = AccessToken.objects.get()
    assert (token.name, token.description, token.scopes) == ("ci-deploy", "Nightly", "full")
    assert TokenSecret.objects.count() == 1


def begin_duplicate(stage: Stage) -> None:
    make(stage.owner, stage.now, "laptop", "metrics:read")
    stage.page.goto(LIST)
    ask_for(stage.page, "Duplicate", "laptop")


def typed_duplicate(stage: Stage) -> None:
    expect(stage.page.get_by_label("Name", exact=True)).to_have_value("laptop copy")
    expect(stage.page.get_by_label("Selected permissions")).to_be_checked()


def duplicated(stage: Stage) -> None:
    tokens = AccessToken.objects.order_by("pk")
    assert [(token.name, token.scopes) for token in tokens] == [
        ("laptop", "metrics:read"),
        ("laptop copy", "metrics:read"),
    ]


# --- Acts on one token --------------------------------------------------------------------------


def begin_on_laptop(act: str) -> Callable[[Stage], None]:
    def begin(stage: Stage) -> None:
        make(stage.owner, stage.now, "laptop", "metrics:read")
        if act == "Enable":
            AccessToken.objects.update(disabled_at=stage.now, disabled_by="owner")
        stage.page.goto(LIST)
        ask_for(stage.page, act, "laptop")

    return begin


def begin_edit(stage: Stage) -> None:
    begin_on_laptop("Edit")(stage)
    stage.page.get_by_label("Name", exact=True).fill("desktop")


def typed_edit(stage: Stage) -> None:
    expect(stage.page.get_by_label("Name", exact=True)).to_have_value("desktop")


def begin_regenerate(stage: Stage) -> None:
    begin_on_laptop("Regenerate")(stage)
    choose("Expiration", "60 days")(stage.page)


def typed_regenerate(stage: Stage) -> None:
    expect(stage.page.get_by_label("Expiration")).to_have_value("60")


def happened_once(kind: str) -> Callable[[Stage], None]:
    """Exactly one event of that kind, and the token is as the act leaves it."""

    def check(_stage: Stage) -> None:
        assert AuditEvent.objects.filter(kind=f"token.{kind}").count() == 1

    return check


def edited(stage: Stage) -> None:
    happened_once("edited")(stage)
    assert AccessToken.objects.get().name == "desktop"


def regenerated(stage: Stage) -> None:
    happened_once("regenerated")(stage)
    assert TokenSecret.objects.count() == 2
    assert (AccessToken.objects.get().expires_at - stage.now).days in (59, 60)


def deleted(stage: Stage) -> None:
    happened_once("deleted")(stage)
    assert not AccessToken.objects.exists()


def begin_dismiss(stage: Stage) -> None:
    flag(make(stage.owner, stage.now, "laptop", days_ago=20), stage.now, ends_in=2)
    stage.page.goto(LIST)
    expect(stage.page.get_by_role("region", name="Expiring tokens")).to_be_visible()


def dismissed(stage: Stage) -> None:
    assert AccessToken.objects.get().banner_dismissed_at is not None


# --- Several at once ----------------------------------------------------------------------------


def begin_several(act: str) -> Callable[[Stage], None]:
    def begin(stage: Stage) -> None:
        for name in ("laptop", "desktop", "spare"):
            make(stage.owner, stage.now, name)
        stage.page.goto(LIST)
        for name in ("laptop", "desktop"):
            stage.page.get_by_label(f"Select {name}").check()
        stage.button(act).click()

    return begin


def typed_several(stage: Stage) -> None:
    expect(stage.page.get_by_role("heading", name="2 tokens?")).to_be_visible()


def several_disabled(_stage: Stage) -> None:
    assert AuditEvent.objects.filter(kind="token.disabled").count() == 2
    assert set(AccessToken.objects.exclude(disabled_at=None).values_list("name", flat=True)) == {"laptop", "desktop"}


def several_deleted(_stage: Stage) -> None:
    assert AuditEvent.objects.filter(kind="token.deleted").count() == 2
    assert AccessToken.objects.get().name == "spare"


ACTS = {
    "create": Act(
        begin_create, "Create Access Token", SECRET_HEADING, created, typed_create, said_twice="Already made at"
    ),
    "duplicate": Act(
        begin_duplicate, "Create Access Token", SECRET_HEADING, duplicated, typed_duplicate, said_twice="Already made at"
    ),
    "edit": Act(begin_edit, "Save changes", "desktop was changed.", edited, typed_edit),
    "regenerate": Act(
        begin_regenerate,
        "Regenerate token",
        SECRET_HEADING,
        regenerated,
        typed_regenerate,
        said_twice="Already made at",
    ),
    "disable": Act(begin_on_laptop("Disable"), "Disable token", "laptop was disabled.", happened_once("disabled")),
    "enable": Act(begin_on_laptop("Enable"), "Enable token", "laptop was enabled.", happened_once("enabled")),
    "delete": Act(
        begin_on_laptop("Delete"), "Delete token", "laptop was deleted.", deleted, said_twice="It was deleted"
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
        said_twice="Nothing is ticked",
    ),
}
