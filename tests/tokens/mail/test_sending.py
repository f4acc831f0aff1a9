"""The sweep that sends: everybody gets theirs, once, whatever happens to somebody else's."""

import smtplib
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.core.mail import EmailMessage
from django.core.mail.backends.locmem import EmailBackend
from django.db import OperationalError, connection
from django.template import TemplateSyntaxError
from pytest_django import Settings

from accounts.actor import COMMAND
from accounts.models import User
from accounts.people import deactivate_user
from tests.conftest import Deliver, MakeToken, MakeUser
from tests.tokens.mail.conftest import DAY, END, MADE
from tokens.domain import lifecycle, outbox
from tokens.domain.expiry import flag_expiring
from tokens.domain.outbox import TRIED_FOR
from tokens.mail import sending
from tokens.mail.letters import message_of
from tokens.models import AccessToken, JobRun, Notification

Send = Callable[[EmailBackend, Sequence[EmailMessage]], int]


@pytest.fixture
def crowd(make_user: MakeUser, make_token: MakeToken) -> list[User]:
    """Five people with a token each that ends at END."""
    people = [make_user(f"p{number}@example.com") for number in range(5)]
    for person in people:
        make_token(owner=person, expires_at=END, now=MADE)
    Notification.objects.all().delete()
    flag_expiring(now=END - 3 * DAY)
    return people


@pytest.fixture
def refuse(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Make the server answer with an error to whoever is in `to`, or to everybody; gives whom it was asked for."""
    real: Send = EmailBackend.send_messages

    def refuse_to(error: Exception, *to: str) -> list[str]:
        asked: list[str] = []

        def send(backend: EmailBackend, mails: Sequence[EmailMessage]) -> int:
            asked.extend(mails[0].to)
            if not to or mails[0].to[0] in to:
                raise error
            return real(backend, mails)

        monkeypatch.setattr(EmailBackend, "send_messages", send)
        return asked

    return refuse_to


def recipients(mails: list[EmailMessage]) -> list[str]:
    """Sorted: what became due together is sent in any order."""
    return sorted(mail.to[0] for mail in mails)


def outcomes() -> list[str]:
    return list(Notification.objects.order_by("user_id").values_list("outcome", flat=True))


def test_send_notifications_mails_each_person_once(
    crowd: list[User], deliver: Deliver, mailoutbox: list[EmailMessage]
) -> None:
    counts = deliver(END - 3 * DAY)
    assert counts == {"sent": 5, "dropped": 0, "mails": 5}
    assert recipients(mailoutbox) == [person.email for person in crowd]
    assert deliver(END - 2 * DAY) == {}
    assert len(mailoutbox) == 5
    assert JobRun.objects.filter(job="send_notifications").count() == 2


def test_send_notifications_puts_all_reminders_of_a_person_into_one_mail(
    make_token: MakeToken, token: AccessToken, remind: Deliver, mailoutbox: list[EmailMessage]
) -> None:
    make_token(expires_at=END - 3 * DAY, now=MADE)
    make_token(expires_at=END + DAY, now=MADE)
    Notification.objects.all().delete()
    assert remind(END - 3 * DAY) == {"sent": 3, "dropped": 0, "mails": 1}
    assert mailoutbox[0].subject == "2 access tokens expire soon, 1 access token has expired"


@pytest.mark.parametrize(
    "change",
    [
        lambda token, now: lifecycle.disable_token(token, by=COMMAND, now=now),
        lambda token, now: lifecycle.delete_token(token, by=COMMAND, now=now),
        lambda token, now: deactivate_user(token.owner, by=COMMAND, now=now),
        lambda token, now: User.objects.update(email="", is_service=True),
        lambda token, now: User.objects.update(mail_week_before=False),
    ],
    ids=["disabled", "deleted", "owner deactivated", "owner without address", "turned off"],
)
def test_send_notifications_drops_what_is_not_true_any_more(
    token: AccessToken, deliver: Deliver, mailoutbox: list[EmailMessage], change: Callable[..., object]
) -> None:
    flag_expiring(now=END - 3 * DAY)
    change(token, END - 3 * DAY)
    assert deliver(END - 3 * DAY) == {"sent": 0, "dropped": 1, "mails": 0}
    assert (outcomes(), mailoutbox) == (["dropped"], [])


def test_send_notifications_drops_of_several_only_what_is_not_true(
    make_token: MakeToken, token: AccessToken, deliver: Deliver, mailoutbox: list[EmailMessage]
) -> None:
    make_token(name="kept", expires_at=END, now=MADE)
    Notification.objects.all().delete()
    flag_expiring(now=END - 3 * DAY)
    lifecycle.disable_token(token, by=COMMAND, now=END - 3 * DAY)
    assert deliver(END - 3 * DAY) == {"sent": 1, "dropped": 1, "mails": 1}
    assert "kept" in mailoutbox[0].body
    assert "ci-deploy" not in mailoutbox[0].body


def test_send_notifications_without_a_mail_server_leaves_all_waiting(
    crowd: list[User], deliver: Deliver, mailoutbox: list[EmailMessage], settings: Settings
) -> None:
    settings.CAN_MAIL = False
    assert deliver(END - 3 * DAY) == {}
    settings.CAN_MAIL = True
    assert deliver(END - 2 * DAY)["mails"] == 5


BAD_RECIPIENT = smtplib.SMTPRecipientsRefused({"p1@example.com": (550, b"no such user")})


@pytest.mark.parametrize(
    "error",
    [
        BAD_RECIPIENT,
        smtplib.SMTPDataError(554, b"looks like spam"),
        smtplib.SMTPServerDisconnected("in the middle"),
        TimeoutError("timed out"),
        ValueError("Invalid address"),
        UnicodeEncodeError("ascii", "ä", 0, 1, "no"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_trouble_with_one_persons_mail_does_not_hold_up_the_others(
    crowd: list[User],
    deliver: Deliver,
    refuse: Callable[..., list[str]],
    mailoutbox: list[EmailMessage],
    error: Exception,
) -> None:
    refuse(error, "p1@example.com")
    counts = deliver(END - 3 * DAY)
    assert (counts["mails"], counts["put_back"]) == (4, 1)
    assert recipients(mailoutbox) == [person.email for person in crowd if person.email != "p1@example.com"]
    row = Notification.objects.get(outcome="")
    assert row.error.startswith(type(error).__name__)


def test_trouble_with_several_refused_addresses_in_a_row_is_not_taken_for_the_servers(
    crowd: list[User], deliver: Deliver, refuse: Callable[..., list[str]]
) -> None:
    refuse(BAD_RECIPIENT, *(person.email for person in crowd[:4]))
    assert deliver(END - 3 * DAY)["mails"] == 1


def test_trouble_with_a_server_that_hangs_ends_the_sweep_and_the_next_begins_with_others(
    crowd: list[User], deliver: Deliver, refuse: Callable[..., list[str]], mailoutbox: list[EmailMessage]
) -> None:
    asked = refuse(TimeoutError("timed out"))
    deliver(END - 3 * DAY)
    assert len(asked) == 3
    deliver(END - 3 * DAY)
    assert sorted(asked) == [person.email for person in crowd]


def test_trouble_with_a_server_that_nobody_reaches_tries_it_once_a_sweep(
    crowd: list[User], deliver: Deliver, monkeypatch: pytest.MonkeyPatch, mailoutbox: list[EmailMessage]
) -> None:
    def refuse_connection(_backend: EmailBackend) -> bool:
        raise ConnectionRefusedError

    with monkeypatch.context() as patch:
        patch.setattr(EmailBackend, "open", refuse_connection)
        assert deliver(END - 3 * DAY) == {"put_back": 1}
    # It answers again: everybody gets theirs, the one that was tried a minute later.
    deliver(END - 3 * DAY)
    deliver(END - 3 * DAY + timedelta(minutes=1))
    assert recipients(mailoutbox) == [person.email for person in crowd]


def test_trouble_with_a_template_concerns_that_mail_alone(
    crowd: list[User], deliver: Deliver, monkeypatch: pytest.MonkeyPatch, mailoutbox: list[EmailMessage]
) -> None:
    def fail(letter: Any, user: User, address: str) -> Any:
        if user == crowd[0]:
            raise TemplateSyntaxError("endif expected")
        return message_of(letter, user, address)

    monkeypatch.setattr(sending, "message_of", fail)
    assert deliver(END - 3 * DAY)["mails"] == 4


def test_trouble_that_lasts_three_days_is_given_up_and_kept_for_the_console(
    crowd: list[User], deliver: Deliver, refuse: Callable[..., list[str]]
) -> None:
    flag_expiring(now=END)
    refuse(BAD_RECIPIENT, "p1@example.com")
    deliver(END)
    deliver(END + TRIED_FOR)
    row = Notification.objects.get(user_id=crowd[1].pk, kind="reminder.ended")
    assert (row.outcome, row.attempts) == ("failed", 2)
    assert "550" in row.error


def test_sweep_ends_in_time_and_leaves_the_rest_to_the_next(
    crowd: list[User], monkeypatch: pytest.MonkeyPatch, mailoutbox: list[EmailMessage]
) -> None:
    """Each look at the clock is 15 seconds later: a slow server."""
    moments = iter(END - 3 * DAY + timedelta(seconds=15) * number for number in range(100))
    sending.send_notifications(clock=lambda: next(moments))
    assert 0 < len(mailoutbox) < 5


def test_mail_with_an_address_that_is_none_is_put_back(
    crowd: list[User], deliver: Deliver, mailoutbox: list[EmailMessage]
) -> None:
    User.objects.filter(pk=crowd[2].pk).update(email="a\nBcc: everybody@example.com")
    counts = deliver(END - 3 * DAY)
    assert (counts["mails"], counts["put_back"]) == (4, 1)


@pytest.fixture
def restarting(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], list[str]]:
    """A database that is away for the first so many marks; gives what happened."""

    def away(times: int) -> list[str]:
        happened: list[str] = []
        finish = outbox.finish

        def mark(*args: Any, **given: Any) -> int:
            happened.append("mark")
            if happened.count("mark") <= times:
                raise OperationalError("the server closed the connection")
            return finish(*args, **given)

        monkeypatch.setattr(outbox, "finish", mark)
        monkeypatch.setattr(connection, "close", lambda: happened.append("new connection"))
        monkeypatch.setattr(sending, "PAUSES", (0, 0))
        return happened

    return away


def test_mail_that_left_while_the_database_restarts_is_marked_when_it_is_back(
    crowd: list[User],
    deliver: Deliver,
    restarting: Callable[[int], list[str]],
    mailoutbox: list[EmailMessage],
) -> None:
    happened = restarting(2)
    assert deliver(END - 3 * DAY)["sent"] == 5
    assert happened[:5] == ["mark", "new connection", "mark", "new connection", "mark"]
    assert len(mailoutbox) == 5


def test_mail_that_left_and_can_not_be_marked_ends_the_sweep(
    crowd: list[User],
    deliver: Deliver,
    restarting: Callable[[int], list[str]],
    mailoutbox: list[EmailMessage],
) -> None:
    restarting(3)
    with pytest.raises(OperationalError):
        deliver(END - 3 * DAY)
    assert outcomes() == [""] * 5
