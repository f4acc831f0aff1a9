"""The console's page of mails: what waits, what was given up, and a second chance for it."""

from datetime import datetime, timedelta

import pytest
from django.urls import reverse

from accounts.models import User
from tests.conftest import MakeToken
from tests.tokens.admin.conftest import Console
from tests.tokens.conftest import last_event
from tokens.models import Notification

ERROR = "SMTPRecipientsRefused: 550 no such user"


@pytest.fixture
def failed(make_token: MakeToken, alice: User, now: datetime) -> Notification:
    """The notice that alice's token was made, which could not be delivered."""
    make_token()
    gone = {"outcome": "failed", "done_at": now, "first_tried_at": now - timedelta(days=3)}
    Notification.objects.update(error=ERROR, attempts=20, **gone)
    return Notification.objects.get()


def test_mails_of_the_console_name_who_what_how_often_and_why(failed: Notification, console: Console) -> None:
    page = console.text("notifications")
    for text in ("Token created", "Given up", "alice@example.com", "20 tries", ERROR):
        assert text in page


@pytest.mark.parametrize(("state", "is_listed"), [("failed", True), ("waiting", False), ("sent", False), ("x", True)])
def test_mails_narrowed_by_state(failed: Notification, console: Console, state: str, *, is_listed: bool) -> None:
    assert (ERROR in console.text("notifications", query=f"?state={state}")) is is_listed


def test_mails_that_wait_say_when_they_are_tried_again(failed: Notification, console: Console) -> None:
    Notification.objects.update(outcome="", done_at=None, kind="reminder.last", event_id=None, token_id=1, secret_id=1)
    page = console.text("notifications", query="?state=waiting&q=ali")
    assert "Reminder: last day" in page
    assert "Try again" not in page
    assert ERROR not in console.text("notifications", query="?q=bob")


def test_mails_to_somebody_who_is_gone_are_listed(failed: Notification, console: Console) -> None:
    Notification.objects.update(user_id=999_999)
    assert "somebody who is gone" in console.text("notifications")


def test_overview_says_how_many_were_given_up(failed: Notification, console: Console) -> None:
    assert "1 given up" in console.text("index")
    failed.delete()
    assert "Nothing was given up" in console.text("index")


def test_retry_begins_anew_and_is_recorded(failed: Notification, console: Console) -> None:
    answer = console.post("notification_retry", failed.pk)
    assert answer["Location"] == reverse("admin:notifications")
    failed.refresh_from_db()
    assert (failed.outcome, failed.done_at, failed.attempts, failed.first_tried_at) == ("", None, 0, None)
    event = last_event("notification.tried_again")
    assert (event.actor_id, event.owner_id) == (console.user.pk, failed.user_id)


def test_retry_of_what_was_not_given_up_does_nothing(failed: Notification, console: Console) -> None:
    Notification.objects.update(outcome="sent")
    console.post("notification_retry", failed.pk)
    assert Notification.objects.get().outcome == "sent"


def test_retry_with_an_old_check_asks_first_and_comes_back_to_the_list(failed: Notification, console: Console) -> None:
    console.let_the_check_age(minutes=16)
    asked = console.post("notification_retry", failed.pk)["Location"]
    assert asked.startswith(reverse("account_reauthenticate"))
    assert Notification.objects.get().outcome == "failed"
    answer = console.get("notification_retry", failed.pk)
    assert answer["Location"] == reverse("admin:notifications") + "?state=failed"


def test_retry_of_what_is_not_there_is_404(failed: Notification, console: Console) -> None:
    assert console.post("notification_retry", failed.pk + 1).status_code == 404
