"""A mail with a link that can't be sent: whoever waits for it is told, and nobody learns who has an account."""

import re
import smtplib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, cast
from unittest import mock

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.core.cache import cache
from django.core.mail import EmailMessage
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from tests.accounts.conftest import SignIn, Submit, is_signed_in, link_in
from tests.conftest import PASSWORD, ClientOf, MakeUser, Response

UNSENT = "could not be sent just now"
CHANGE = {"action_add": "", "email": "new@example.com"}
SEND_AGAIN = {"action_send": "", "email": "new@example.com"}
SIGN_UP = {"email": "new@example.com", "password1": PASSWORD, "password2": PASSWORD}
REFUSED = smtplib.SMTPRecipientsRefused({"alice@example.com": (550, b"alice@example.com: no such user")})
TROUBLES = [
    ConnectionRefusedError(111, "Connection refused"),
    TimeoutError("timed out"),
    smtplib.SMTPServerDisconnected("Connection unexpectedly closed"),
    REFUSED,
]


@contextmanager
def mail_server_down(error: Exception = TROUBLES[0]) -> Iterator[mock.Mock]:
    """Meanwhile no mail leaves; gives what counts the tries."""
    with mock.patch.object(EmailBackend, "send_messages", side_effect=error) as tries:
        yield tries


def same_for_anybody(answer: Response, email: str) -> str:
    """The page without what differs from one visit to the next, and without the address that was typed."""
    page = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", answer.content.decode())
    return page.replace(email, "x")


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda error: type(error).__name__)
def test_reset_while_no_mail_can_be_sent_says_so_and_keeps_what_was_typed(
    client: Client, submit: Submit, alice: User, trouble: Exception
) -> None:
    with mail_server_down(trouble):
        answer = submit(client, "account_reset_password", email=alice.email)
    assert answer.status_code == 200
    assert UNSENT in answer.content.decode()
    assert answer.context["form"]["email"].value() == alice.email


def test_reset_while_no_mail_can_be_sent_answers_the_same_for_known_and_unknown(submit: Submit, alice: User) -> None:
    pages = []
    for email in (alice.email, "nobody@example.com"):
        with mail_server_down() as tries:
            pages.append(same_for_anybody(submit(Client(), "account_reset_password", email=email), email))
        assert tries.call_count == 1  # or the time would tell
    assert UNSENT in pages[0]
    assert pages[0] == pages[1]


def test_reset_that_could_not_be_sent_counts_for_no_limit_of_the_address(
    client: Client, submit: Submit, alice: User, mailoutbox: list[EmailMessage]
) -> None:
    submit(client, "account_reset_password", email=alice.email)
    with mail_server_down():
        for _ in range(3):
            assert submit(client, "account_reset_password", email="Alice@example.com").status_code == 200
    for status in (302, 302, 429):
        assert submit(client, "account_reset_password", email=alice.email).status_code == status
    assert len(mailoutbox) == 3


def test_reset_that_could_not_be_sent_says_so_also_when_the_counts_are_gone(
    client: Client, submit: Submit, alice: User
) -> None:
    def fail(_messages: object) -> None:
        cache.clear()  # as by a restart of Redis
        raise TROUBLES[0]

    with mock.patch.object(EmailBackend, "send_messages", side_effect=fail):
        answer = submit(client, "account_reset_password", email=alice.email)
    assert UNSENT in answer.content.decode()


def test_reset_that_could_not_be_sent_counts_for_the_limit_of_the_visitor(submit: Submit, alice: User) -> None:
    with mail_server_down():
        for number in range(10):
            submit(Client(), "account_reset_password", email=f"nobody{number}@example.com")
        assert submit(Client(), "account_reset_password", email=alice.email).status_code == 429


@pytest.mark.usefixtures("open_sign_up")
def test_sign_up_while_no_mail_can_be_sent_answers_the_same_for_known_and_unknown(submit: Submit, alice: User) -> None:
    pages = []
    for email in ("new@example.com", alice.email):
        client = Client()
        with mail_server_down() as tries:
            answer = submit(client, "account_signup", **SIGN_UP | {"email": email})
        assert answer["Location"] == reverse("account_login")
        assert tries.call_count == 1
        pages.append(same_for_anybody(client.get(answer["Location"]), email))
        assert set(client.cookies) == {"csrf", "session"}
    assert UNSENT in pages[0]
    assert pages[0] == pages[1]


@pytest.mark.usefixtures("open_sign_up", "db")
def test_sign_up_whose_mail_could_not_be_sent_stands_and_signing_in_sends_it(
    client: Client, submit: Submit, sign_in: SignIn, mailoutbox: list[EmailMessage]
) -> None:
    with mail_server_down():
        submit(client, "account_signup", **SIGN_UP)
    assert "then sign in: that sends it again" in client.get(reverse("account_login")).content.decode()
    assert not is_signed_in(sign_in("new@example.com"))
    submit(client, link_in(mailoutbox[0]))
    assert is_signed_in(sign_in("new@example.com"))


def test_sign_in_before_confirmation_while_no_mail_can_be_sent_claims_none(
    submit: Submit, make_user: MakeUser, sign_in: SignIn, mailoutbox: list[EmailMessage]
) -> None:
    user = make_user(confirmed=False)
    with mail_server_down():
        client = sign_in(user)
    page = client.get(reverse("account_login")).content.decode()
    assert UNSENT in page
    assert "We sent" not in page
    assert not is_signed_in(client)
    assert submit(client, "account_login", login=user.email, password=PASSWORD)["Location"] == reverse(
        "account_email_verification_sent"
    )
    assert len(mailoutbox) == 1


def test_change_email_while_no_mail_can_be_sent_waits_and_is_sent_again_at_once(
    submit: Submit, client_of: ClientOf, alice: User, mailoutbox: list[EmailMessage]
) -> None:
    client = client_of(alice)
    for fields in (CHANGE, SEND_AGAIN):
        with mail_server_down():
            assert submit(client, "account_email", **fields)["Location"] == reverse("account_email")
        page = client.get(reverse("account_email")).content.decode()
        assert f"The mail to new@example.com {UNSENT}" in page
        assert "We sent" not in page
    assert EmailAddress.objects.filter(user=alice, email="new@example.com", verified=False).exists()
    submit(client, "account_email", **SEND_AGAIN)
    submit(client, link_in(mailoutbox[0]))
    alice.refresh_from_db()
    assert alice.email == "new@example.com"


def test_change_email_to_an_address_that_no_mail_can_name_says_so(
    submit: Submit, client_of: ClientOf, alice: User
) -> None:
    client = client_of(alice)
    submit(client, "account_email", action_add="", email=f"a@{'ü' * 62}.com")
    assert UNSENT in client.get(reverse("account_email")).content.decode()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("open_sign_up")
def test_mail_is_sent_once_no_transaction_holds_locks(alice: User, client_of: ClientOf) -> None:
    in_transaction: list[bool] = []
    with mail_server_down() as tries:
        tries.side_effect = lambda _mails: in_transaction.append(connection.in_atomic_block)
        for email in ("new@example.com", alice.email):
            Client().post(reverse("account_signup"), SIGN_UP | {"email": email})
            Client().post(reverse("account_reset_password"), {"email": email})
        client_of(alice).post(reverse("account_email"), CHANGE | {"email": "other@example.com"})
    assert in_transaction == [False] * 5


def test_mail_that_could_not_be_sent_is_logged_without_address_and_link(
    client: Client, submit: Submit, alice: User, caplog: pytest.LogCaptureFixture
) -> None:
    with mail_server_down(REFUSED):
        submit(client, "account_reset_password", email=alice.email)
    [line] = [cast(dict[str, Any], record.msg) for record in caplog.records if "mail not sent" in str(record.msg)]
    assert (line["level"], line["kind"], line["error"]) == ("warning", "password_reset_key", "SMTPRecipientsRefused")
    assert not any(hidden in caplog.text for hidden in (alice.email, "/password/reset/key/"))


@pytest.mark.parametrize(("seconds", "wait"), [(1, "3 minutes"), (61, "2 minutes"), (170, "1 minute")])
def test_send_again_a_moment_later_sends_none_and_says_when(
    submit: Submit, client_of: ClientOf, alice: User, *, mailoutbox: list[EmailMessage], seconds: int, wait: str
) -> None:
    client, start = client_of(alice), timezone.now()
    with time_machine.travel(start, tick=False):
        submit(client, "account_email", **CHANGE)
        assert "We sent a mail to new@example.com" in client.get(reverse("account_email")).content.decode()
    with time_machine.travel(start + timedelta(seconds=seconds), tick=False):
        submit(client, "account_email", **SEND_AGAIN)
        page = client.get(reverse("account_email")).content.decode()
    assert "A mail to new@example.com was sent a moment ago" in page
    assert f"try again in {wait}." in page
    assert "We sent" not in page
    assert len(mailoutbox) == 1


def test_send_again_three_minutes_later_sends_it(
    submit: Submit, client_of: ClientOf, alice: User, mailoutbox: list[EmailMessage]
) -> None:
    client = client_of(alice)
    submit(client, "account_email", **CHANGE)
    with time_machine.travel(timezone.now() + timedelta(minutes=3)):
        submit(client, "account_email", **SEND_AGAIN)
        assert "We sent a mail to new@example.com" in client.get(reverse("account_email")).content.decode()
    assert [mail.to for mail in mailoutbox] == [["new@example.com"]] * 2


def test_change_email_back_to_one_mailed_a_moment_ago_claims_no_mail(
    submit: Submit, client_of: ClientOf, alice: User, mailoutbox: list[EmailMessage]
) -> None:
    client = client_of(alice)
    for email in ("new@example.com", "other@example.com"):
        submit(client, "account_email", action_add="", email=email)
    client.get(reverse("account_email"))  # shows what was sent so far
    submit(client, "account_email", **CHANGE)
    page = client.get(reverse("account_email")).content.decode()
    assert "try again in 3 minutes." in page
    assert "We sent" not in page
    assert [mail.to for mail in mailoutbox] == [["new@example.com"], ["other@example.com"]]


@pytest.mark.parametrize("email", ["alice@example.com", "bob@example.com"])
def test_send_again_to_an_address_that_waits_for_nothing_sends_none(
    submit: Submit, client_of: ClientOf, alice: User, bob: User, *, mailoutbox: list[EmailMessage], email: str
) -> None:
    submit(client_of(alice), "account_email", action_send="", email=email)
    assert mailoutbox == []
