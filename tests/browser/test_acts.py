"""Every act × with and without JavaScript × what can happen to it. What isn't tested has its reason here."""

import re

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import Error, expect

from tests.browser.acts import ACTS, Act, Look
from tests.browser.conftest import SignIn
from tests.browser.portal import SECRET_HEADING, Stage, sign_in_again

WAYS = ("JavaScript", "none")
SECRET = re.compile(r"tp_[0-9A-Za-z]{46}")
NO_CONNECTION = "The portal can't be reached."


def whole(stage: Stage) -> None:
    """A whole page of the portal, not a fragment of one, and without any secret."""
    expect(stage.page.get_by_role("navigation", name="Settings")).to_be_visible()
    expect(stage.page.get_by_role("heading", level=1)).to_have_count(1)
    expect(stage.page.get_by_role("dialog")).to_have_count(0)
    assert not SECRET.search(stage.page.content())


# --- What can happen ----------------------------------------------------------------------------


def once(stage: Stage, act: Act | Look) -> None:
    act.begin(stage)
    act.send(stage)
    act.said(stage)
    act.holds(stage)


def double_click(stage: Stage, act: Act | Look) -> None:
    act.begin(stage)
    act.send_twice(stage)
    # Without JavaScript the browser decides whether it sends the form twice, and then shows the second answer.
    if isinstance(act, Act) and act.repeated and not stage.scripted:
        told = stage.page.get_by_text(act.repeated).or_(stage.page.get_by_text(act.words))
        expect(told.first).to_be_visible()
    else:
        act.said(stage)
    act.holds(stage)


def once_then_reload(stage: Stage, act: Act | Look) -> None:
    once(stage, act)
    stage.page.reload()
    whole(stage)
    act.holds(stage)
    if isinstance(act, Look):
        act.said(stage)


def once_then_back(stage: Stage, act: Act | Look) -> None:
    stage.page.goto("/settings/profile/")  # for acts that leave no other page behind
    once(stage, act)
    stage.page.go_back()
    whole(stage)
    if isinstance(act, Look):
        act.before(stage)
    if isinstance(act, Act) and act.words == SECRET_HEADING and not stage.scripted:
        with pytest.raises(Error, match="ERR_CACHE_MISS"):  # it was no-store: the browser kept no secret
            stage.page.go_forward()
    else:
        stage.page.go_forward()
        whole(stage)
    act.holds(stage)


def session_ended(stage: Stage, act: Act | Look) -> None:
    act.begin(stage)
    Session.objects.all().delete()
    act.send(stage)
    sign_in_again(stage.page, stage.owner.email)
    if isinstance(act, Act):
        act.typed(stage)
        act.send(stage)
    act.said(stage)
    act.holds(stage)


def network_down(stage: Stage, act: Act | Look) -> None:
    act.begin(stage)
    stage.page.context.set_offline(True)
    act.send(stage)
    expect(stage.page.get_by_role("alert")).to_contain_text(NO_CONNECTION)
    act.typed(stage)
    stage.page.context.set_offline(False)
    act.send(stage)
    act.said(stage)
    expect(stage.page.get_by_role("alert")).to_have_count(0)
    act.holds(stage)


HAPPENINGS = {
    "once, then reload": once_then_reload,
    "once, then back": once_then_back,
    "double click": double_click,
    "session ended": session_ended,
    "network down": network_down,
}

# (act or "any", way, happening): why there is no test of it.
UNTESTED = {
    (
        "any",
        "none",
        "network down",
    ): "a browser without JavaScript shows its own page, which leads back to what was typed",
    ("filter", "JavaScript", "double click"): "nothing is clicked: a choice is sent as it is made",
    ("sort", "JavaScript", "double click"): "nothing is clicked: a choice is sent as it is made",
}
CELLS = [
    pytest.param(
        ACTS[name],
        happening,
        id=f"{name}-{way}-{happening}".replace(",", "").replace(" ", "_"),
        marks=pytest.mark.browser_context_args(java_script_enabled=way == "JavaScript"),
    )
    for name in ACTS
    for way in WAYS
    for happening in HAPPENINGS
    if not {(name, way, happening), ("any", way, happening)} & UNTESTED.keys()
]


@pytest.mark.parametrize(("act", "happening"), CELLS)
def test_act(act: Act | Look, happening: str, stage: Stage, sign_in: SignIn) -> None:
    sign_in(stage.owner)
    HAPPENINGS[happening](stage, act)
