"""One table of what there is to look at: page × state. Pictures and checks of every page are made from it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from playwright.sync_api import Page, expect

from tests.browser import worlds
from tests.browser.portal import LIST, NEW, SECRET_HEADING, Step, ask, check, choose, fill, follow, menu, press
from tests.browser.worlds import LONG_NAME, World

WIDTHS = (1280, 375)
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
LOGIN = "/accounts/login/"


@dataclass(frozen=True)
class View:
    """A page in a state. `{laptop}` in the address is the id of the token of that name.

    `whole`: a picture of the whole page, not only of what fits the window, over which a dialog stands.
    `who` is alice signed in, "stale" if that was long ago, or "" for nobody. `fails` names a status
    that is meant to be answered on the way.
    """

    name: str
    address: str
    world: World = worlds.usual
    steps: Sequence[Step] = ()
    who: str = "alice"
    fails: int = 0
    whole: bool = True


def heading(name: str) -> Step:
    """Wait until it is there."""
    return lambda page: expect(page.get_by_role("heading", name=name)).to_be_visible()


def forget_cookies(page: Page) -> None:
    page.context.clear_cookies()


NEW_TOKEN = (
    fill("Name", "deploy bot"),
    check("Selected permissions"),
    press("Read all"),
)
TICKED = (check("Select laptop"), check("Select grafana"))
LONG_PICKED = (check(f"Select {LONG_NAME}"), check("Select runner 07"))

LISTS = (
    View("list-empty", LIST, worlds.empty),
    View("list-usual", LIST),
    View("list-crowded", LIST, worlds.crowded),
    View("list-tried", LIST, worlds.overlapping),
    View("list-last-page", LIST + "?page=2", worlds.crowded),
    View("list-nothing-matches", LIST + "?q=nowhere"),
    View("list-menu", LIST, steps=[menu("laptop")]),
    View("list-ticked", LIST, steps=TICKED),
    View("list-held-secret", LIST + "?q=tp_Q7rkabcdefghijklmnopqrstuvwxyz012345mZ0c0APijx"),
    View("banner-1", LIST, worlds.warned_of(1)),
    View("banner-3", LIST, worlds.warned_of(3)),
    View("banner-5", LIST, worlds.warned_of(5)),
    View("user-menu", LIST, steps=[lambda page: page.locator("summary", has_text="User menu").click()]),
    View("secret", NEW, steps=[*NEW_TOKEN, press("Create Access Token"), heading(SECRET_HEADING)]),
    View(
        "secret-empty", NEW, worlds.empty, [fill("Name", "ci"), press("Create Access Token"), heading(SECRET_HEADING)]
    ),
)

FORMS = (
    View("new-empty", NEW, worlds.empty),
    View("new-usual", NEW, steps=NEW_TOKEN),
    View("new-custom-date", NEW, steps=[choose("Expiration", "Custom date")]),
    View(
        "new-wrong", NEW, steps=[check("Selected permissions"), press("Create Access Token"), heading("New")], fails=422
    ),
    View("new-left-out", NEW + "?scopes=full,archive:read,unknown:read"),
    View("new-duplicate", NEW + "?from={ci-deploy}"),
    View("edit-usual", LIST + "{ci-deploy}/edit/"),
    View("edit-crowded", LIST + "{" + LONG_NAME + "}/edit/", worlds.crowded),
    View("detail-usual", LIST + "{ci-deploy}/"),
    View("detail-revoked", LIST + "{old-runner}/"),
    View("detail-crowded", LIST + "{" + LONG_NAME + "}/", worlds.crowded),
    View("delete-page", LIST + "{ci-deploy}/delete/"),
    View("regenerate-page", LIST + "{ci-deploy}/regenerate/"),
    View("detail-overlap", LIST + "{laptop}/", worlds.overlapping),
    View("detail-tried", LIST + "{nightly backup to the archive}/", worlds.overlapping),
    View("regenerate-overlap", LIST + "{ci-deploy}/regenerate/", worlds.overlapping),
    View("gone", LIST + "999999/", fails=404),
)


def in_dialog(name: str, *steps: Step, world: World = worlds.usual, address: str = LIST) -> View:
    shown: Step = lambda page: expect(page.get_by_role("dialog")).to_be_visible()  # noqa: E731  # one line of a list
    return View(f"dialog-{name}", address, world, [*steps, shown], whole=False)


DIALOGS = (
    in_dialog("edit", ask("Edit", "ci-deploy")),
    in_dialog("regenerate", ask("Regenerate", "ci-deploy")),
    in_dialog("regenerate-custom-date", ask("Regenerate", "ci-deploy"), choose("Expiration", "Custom date")),
    View(
        "dialog-end-secret",
        LIST + "{laptop}/",
        worlds.overlapping,
        [lambda page: page.get_by_role("link", name="End the old one now").click(), heading("End the old secret")],
        whole=False,
    ),
    in_dialog("disable", ask("Disable", "laptop")),
    in_dialog("enable", ask("Enable", "grafana")),
    in_dialog("delete", ask("Delete", "ci-deploy")),
    in_dialog("delete-crowded", ask("Delete", LONG_NAME), world=worlds.crowded),
    in_dialog("end-secret", follow("End the old one now"), world=worlds.overlapping, address=LIST + "{laptop}/"),
    in_dialog("several-disable", *TICKED, press("Disable")),
    in_dialog("several-delete", *LONG_PICKED, press("Delete"), world=worlds.crowded),
)

ACCOUNTS = (
    View("sign-in", LOGIN, who=""),
    View(
        "sign-in-wrong",
        LOGIN,
        who="",
        steps=[
            fill("E-mail address", "alice@example.com"),
            fill("Password", "wrong"),
            press("Sign in"),
            heading("Sign in"),
        ],
    ),
    View("sign-up", "/accounts/signup/", who=""),
    View("reset", "/accounts/password/reset/", who=""),
    View(
        "reset-sent",
        "/accounts/password/reset/",
        who="",
        steps=[fill("E-mail address", "alice@example.com"), press("Send the link"), heading("Check your mail")],
    ),
    View("reset-too-old", "/accounts/password/reset/key/1-abc-def/", who=""),
    View("confirm-its-you", NEW, who="stale", steps=[*NEW_TOKEN, press("Create Access Token"), heading("Confirm")]),
    View("profile", "/settings/profile/"),
    View("security", "/settings/security/"),
    View("change-email", "/accounts/email/"),
    View("change-password", "/accounts/password/change/"),
    View("activity-usual", "/settings/activity/"),
    View("activity-empty", "/settings/activity/", worlds.empty),
    View("activity-crowded", "/settings/activity/", worlds.crowded),
)

ERRORS = (
    View("error-403", "/admin/", fails=403),
    View("error-404", "/nowhere/", fails=404),
    View("error-500", "/settings/activity/", fails=500),
    View("error-csrf", LOGIN, who="", steps=[forget_cookies, press("Sign in"), heading("out of date")], fails=403),
)

CONSOLE = (
    View("admin", "/admin/", worlds.of_others),
    View("admin-tokens", "/admin/tokens/", worlds.of_others),
    View("admin-tokens-nothing", "/admin/tokens/?q=nowhere", worlds.of_others),
    View("admin-token", "/admin/tokens/{old-runner}/", worlds.of_others),
    View("admin-token-revoke", "/admin/tokens/revoke/?token={ci-deploy}", worlds.of_others),
    View("admin-people", "/admin/people/", worlds.of_others),
    View("admin-person", "/admin/people/{alice@example.com}/", worlds.of_others),
    View("admin-resources", "/admin/resources/", worlds.of_others),
    View("admin-resource-new", "/admin/resources/new/", worlds.of_others),
    View("admin-mails", "/admin/mails/", worlds.of_others),
    View("admin-person-deactivate", "/admin/people/{ada@example.com}/deactivate/", worlds.of_others),
    View("admin-policy", "/admin/policy/", worlds.of_others),
    View("admin-mails", "/admin/mails/", worlds.of_others),
    View("admin-audit", "/admin/audit/", worlds.of_others),
)

API = (View("api-docs", "/api/v1/docs", worlds.empty, who=""),)

VIEWS = (*LISTS, *FORMS, *DIALOGS, *ACCOUNTS, *ERRORS, *CONSOLE, *API)
