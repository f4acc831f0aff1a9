"""`manage.py sendnotifications` and `cleanup`: the worker's sweeps from the shell."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.mail import EmailMessage
from django.core.management import call_command
from django.utils import timezone
from pytest_django import Settings

from accounts.actor import COMMAND
from accounts.audit import record
from accounts.models import User
from tests.conftest import MakeToken


def run(command: str) -> tuple[str, str]:
    """What it writes to standard output, and to the error stream."""
    out, error = StringIO(), StringIO()
    call_command(command, stdout=out, stderr=error)
    return out.getvalue(), error.getvalue()


def test_sendnotifications_sends_and_says_how_many(make_token: MakeToken, mailoutbox: list[EmailMessage]) -> None:
    make_token()
    assert run("sendnotifications") == ("Mails sent: 1; notices that wait: 0.\n", "")
    assert len(mailoutbox) == 1


def test_sendnotifications_without_a_mail_server_says_what_to_set(make_token: MakeToken, settings: Settings) -> None:
    settings.CAN_MAIL = False
    make_token()
    assert run("sendnotifications") == (
        "Mails sent: 0; notices that wait: 1.\n",
        "No mail can be sent: set EMAIL_URL.\n",
    )


@pytest.mark.django_db
def test_cleanup_with_nothing_old_says_so() -> None:
    assert run("cleanup") == ("Removed nothing.\n", "")


def test_cleanup_says_what_it_removed(alice: User) -> None:
    record("user.signed_in", by=COMMAND, subject=alice.subject, now=timezone.now() - timedelta(days=400))
    assert run("cleanup") == ("Removed 1 activity.\n", "")
