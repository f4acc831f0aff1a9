"""The link in a reminder that turns reminders off."""

from datetime import datetime

import pytest
from django.test import Client
from django.urls import reverse

from accounts.audit import AuditEvent
from accounts.models import User
from accounts.unsubscribe import unsubscribe_key

pytestmark = pytest.mark.django_db


def link(user: User, *choices: str) -> str:
    return reverse("accounts:unsubscribe", args=[unsubscribe_key(user, choices)])


def choices_of(user: User) -> tuple[bool, bool]:
    user.refresh_from_db()
    return user.mail_week_before, user.mail_day_before


@pytest.fixture
def strict() -> Client:
    """A mail program: no cookie, no CSRF token, and nothing is forgiven."""
    return Client(enforce_csrf_checks=True)


def test_unsubscribe_by_get_only_asks(strict: Client, alice: User) -> None:
    answer = strict.get(link(alice, "mail_week_before"))
    assert "Turn these reminders off?" in answer.content.decode()
    assert choices_of(alice) == (True, True)
    assert not AuditEvent.objects.exists()


def test_unsubscribe_by_one_click_needs_no_cookie_and_is_recorded(strict: Client, alice: User) -> None:
    answer = strict.post(link(alice, "mail_week_before"), {"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert choices_of(alice) == (False, True)
    event = AuditEvent.objects.get()
    assert (event.kind, event.owner_id, event.after) == (
        "user.mails_turned_off",
        alice.pk,
        {"mail_week_before": False},
    )


def test_unsubscribe_twice_records_once(strict: Client, alice: User) -> None:
    for _ in range(2):
        assert strict.post(link(alice, "mail_week_before", "mail_day_before")).status_code == 200
    assert choices_of(alice) == (False, False)
    assert AuditEvent.objects.count() == 1


@pytest.mark.parametrize("key", ["x", "WzFd:1abcde:forged", "é", "a" * 3000])
@pytest.mark.parametrize("method", ["get", "post"])
def test_unsubscribe_with_a_forged_link_is_refused(strict: Client, alice: User, key: str, method: str) -> None:
    answer = getattr(strict, method)(reverse("accounts:unsubscribe", args=[key]))
    assert answer.status_code == 404
    assert "This link is not whole" in answer.content.decode()
    assert choices_of(alice) == (True, True)


def test_unsubscribe_of_somebody_who_is_gone_is_refused(strict: Client, alice: User) -> None:
    path = link(alice, "mail_week_before")
    User.objects.all().delete()
    assert strict.post(path).status_code == 404


def test_unsubscribe_turns_off_mails_and_nothing_else(strict: Client, alice: User, now: datetime) -> None:
    strict.post(link(alice, "is_staff", "mail_day_before"))
    assert choices_of(alice) == (True, False)


def test_unsubscribe_by_other_methods_is_405(strict: Client, alice: User) -> None:
    assert strict.put(link(alice, "mail_day_before")).status_code == 405
