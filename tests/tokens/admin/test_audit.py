"""The audit log in the console."""

from datetime import datetime, timedelta

import pytest

from accounts.actor import COMMAND, Actor
from accounts.audit import AuditEvent, Subject, record
from accounts.models import User
from tests.conftest import MakeToken
from tests.tokens.admin.conftest import Console
from tokens.domain.lifecycle import edit_token
from tokens.models import Policy


@pytest.fixture
def log(alice: User, bob: User, now: datetime) -> dict[str, int]:
    """Four events, each unlike the others; returns the ids of who did them."""
    mine, his = Subject("token", 7, "ci", alice.pk), Subject("token", 8, "cd", bob.pk)
    record("token.one", by=Actor(alice, "web", "203.0.113.7"), subject=mine, now=now)
    record("token.two", by=Actor(bob, "api"), subject=his, now=now - timedelta(days=3))
    record("token.three", by=Actor(bob, "web"), subject=mine, now=now - timedelta(days=20))
    record("resource.four", by=COMMAND, subject=Subject("resource", 7, "metrics"), now=now - timedelta(days=200))
    return {"alice": alice.pk, "bob": bob.pk}


def found(console: Console, query: str) -> set[str]:
    """The last parts of the kinds that the list shows."""
    return {row.event.kind.rpartition(".")[2] for row in console.get("audit", query=query).context["rows"]}


@pytest.mark.parametrize(
    ("query", "kinds"),
    [
        ("", {"one", "two", "three", "four"}),
        ("?about=resource", {"four"}),
        ("?about=token&days=30", {"one", "two", "three"}),
        ("?days=1", {"one"}),
        ("?days=7", {"one", "two"}),
        ("?channel=api", {"two"}),
        ("?channel=command", {"four"}),
        ("?kind=token.three", {"three"}),
        ("?subject=token-7", {"one", "three"}),
        ("?subject=resource-7", {"four"}),
        ("?q=alice@example.com", {"one", "three"}),
        ("?q=bo", {"two", "three"}),
        ("?q=nobody", set()),
        ("?actor={bob}", {"two", "three"}),
        ("?owner={alice}", {"one", "three"}),
        ("?actor={bob}&owner={alice}", {"three"}),
    ],
)
def test_audit_list_is_narrowed(query: str, kinds: set[str], log: dict[str, int], console: Console) -> None:
    assert found(console, query.format(**log)) == kinds


def test_audit_list_promises_no_more_than_it_keeps(console: Console) -> None:
    Policy.objects.update(keep_activity_days=30)
    text = console.text("audit")
    assert "each is kept for 30 days" in text
    assert "every refusal" not in text


def test_audit_list_says_what_narrows_it(log: dict[str, int], console: Console) -> None:
    query = "?actor={bob}&owner={alice}&kind=token.three&subject=token-7".format(**log)
    text = console.text("audit", query=query)
    for shown in ("bob@example.com", "alice@example.com", "Token three", "token 7"):
        assert f"<strong>{shown}</strong>" in text


def test_audit_list_shows_old_and_new_values(console: Console, make_token: MakeToken, now: datetime) -> None:
    token, _ = make_token(name="ci")
    edit_token(token, name="cd", description="", scopes=["full"], allowed_networks=[], by=console.actor, now=now)
    text = " ".join(console.text("audit").split())
    assert 'ci <span aria-hidden="true">→</span><span class="visually-hidden">became</span> <b>cd</b>' in text


def test_audit_event_page_shows_everything(console: Console, alice: User, now: datetime) -> None:
    by = Actor(alice, "api", "203.0.113.7", "curl/8.5.0", token_id=77, request_id="r-42")
    event = record("token.named", by=by, subject=Subject("token", 7, "ci"), now=now, before={"name": "a", "gone": "g"})
    text = console.text("audit_event", event.pk)
    for shown in ("token.named", "alice@example.com", "203.0.113.7", "curl/8.5.0", "77", "r-42", "Gone"):
        assert shown in text


def test_audit_event_page_of_an_act_of_nobody(console: Console, now: datetime) -> None:
    event = record("policy.changed", by=COMMAND, subject=Subject("policy", None, "Policy"), now=now)
    assert "Nobody who was signed in" in console.text("audit_event", event.pk)


def test_audit_markup_in_names_is_text(console: Console, make_token: MakeToken) -> None:
    make_token(name="<script>alert(1)</script>")
    for text in (console.text("audit"), console.text("tokens")):
        assert "<script>alert" not in text
        assert "&lt;script&gt;alert" in text


def test_audit_log_takes_no_change_from_the_console(log: dict[str, int], console: Console) -> None:
    events = list(AuditEvent.objects.order_by("pk").values())
    for event in AuditEvent.objects.all():
        assert console.post("audit_event", event.pk, kind="other").status_code == 405
    assert list(AuditEvent.objects.order_by("pk").values()) == events
