"""What a reminder says."""

from datetime import timedelta

import pytest
from django.core.mail import EmailMessage
from pytest_django import Settings

from accounts.models import User
from tests.conftest import ClientOf, Deliver, MakeToken
from tests.tokens.mail.conftest import DAY, END, MADE, html_of
from tokens.models import AccessToken, Notification


def test_reminder_mail_names_the_token_its_end_and_the_page_that_renews_it(
    token: AccessToken, alice: User, remind: Deliver, mailoutbox: list[EmailMessage]
) -> None:
    User.objects.update(time_zone="Europe/Berlin")
    remind(END - 3 * DAY)
    mail = mailoutbox[0]
    assert (mail.subject, mail.to) == ("Access token “ci-deploy” expires on Jun 30, 2026", [alice.email])
    for text in (mail.body, html_of(mail)):
        assert "Expires on Jun 30, 2026, 14:00 CEST" in text
        assert f"http://localhost:8000/settings/tokens/{token.pk}/regenerate/" in text
        assert "Times are in the zone Europe/Berlin." in text
        assert token.hint in text
        assert "never used" in text


def test_reminder_mail_to_somebody_without_zone_is_in_utc(
    token: AccessToken, remind: Deliver, mailoutbox: list[EmailMessage]
) -> None:
    remind(END)
    assert "Expired on Jun 30, 2026, 12:00 UTC" in mailoutbox[0].body
    assert "Times are in the zone UTC." in mailoutbox[0].body


def test_reminder_mail_says_when_and_from_where_it_was_used(
    token: AccessToken, remind: Deliver, mailoutbox: list[EmailMessage]
) -> None:
    AccessToken.objects.update(last_used_at=END - 9 * DAY, last_used_address="203.0.113.7")
    remind(END)
    assert "last used on Jun 21, 2026 from 203.0.113.7" in mailoutbox[0].body


def test_reminder_link_without_sign_in_leads_there_and_then_to_the_dialog(
    token: AccessToken, alice: User, client_of: ClientOf, remind: Deliver, mailoutbox: list[EmailMessage]
) -> None:
    remind(END - DAY)
    path = f"/settings/tokens/{token.pk}/regenerate/"
    assert f"http://localhost:8000{path}\n" in mailoutbox[0].body
    page = client_of(alice).get(path).content.decode()
    assert "Regenerate ci-deploy?" in page


@pytest.mark.parametrize(("moment", "is_offered"), [(END - 3 * DAY, True), (END - DAY, True), (END, False)])
def test_reminder_mail_can_be_turned_off_unless_something_has_ended(
    token: AccessToken,
    remind: Deliver,
    mailoutbox: list[EmailMessage],
    settings: Settings,
    moment: object,
    *,
    is_offered: bool,
) -> None:
    settings.BASE_URL = "https://portal.example.org"
    remind(moment)
    headers = mailoutbox[0].message()
    assert ("List-Unsubscribe" in headers) is is_offered
    assert headers["List-Unsubscribe-Post"] == ("List-Unsubscribe=One-Click" if is_offered else None)
    assert ("Turn these reminders off" in mailoutbox[0].body) is is_offered


def test_reminder_mail_over_http_offers_no_one_click(
    token: AccessToken, remind: Deliver, mailoutbox: list[EmailMessage]
) -> None:
    remind(END - DAY)
    headers = mailoutbox[0].message()
    assert headers["List-Unsubscribe"].startswith("<http://localhost:8000/settings/unsubscribe/")
    assert "List-Unsubscribe-Post" not in headers


def test_reminder_mail_asks_machines_for_no_answer_and_keeps_its_id(
    token: AccessToken, remind: Deliver, mailoutbox: list[EmailMessage]
) -> None:
    remind(END - DAY)
    Notification.objects.update(outcome="", done_at=None, next_try_at=END - DAY)  # as if the worker had died
    remind(END - DAY)
    first, again = (mail.message() for mail in mailoutbox)
    assert first["Auto-Submitted"] == "auto-generated"
    assert first["Message-ID"] == again["Message-ID"] != None  # noqa: E711  # both at once


def test_reminder_mail_of_very_many_tokens_lists_some(
    make_token: MakeToken, alice: User, remind: Deliver, mailoutbox: list[EmailMessage]
) -> None:
    for number in range(32):
        make_token(name=f"n{number:02}", expires_at=END + timedelta(minutes=number), now=MADE)
    Notification.objects.all().delete()
    assert remind(END - DAY)["sent"] == 32
    assert mailoutbox[0].subject == "32 access tokens expire soon"
    assert mailoutbox[0].body.count("Regenerate:") == 30
    assert "There are more than fit here." in mailoutbox[0].body


def test_reminder_mail_shows_a_name_with_markup_as_it_is(
    make_token: MakeToken, remind: Deliver, mailoutbox: list[EmailMessage]
) -> None:
    make_token(name="<b>a&b</b>", expires_at=END, now=MADE)
    Notification.objects.all().delete()
    remind(END)
    assert "* <b>a&b</b>\n" in mailoutbox[0].body
    assert "&lt;b&gt;a&amp;b&lt;/b&gt;" in html_of(mailoutbox[0])


@pytest.mark.parametrize(
    ("soon", "over", "subject"),
    [
        (2, 0, "2 access tokens expire soon"),
        (0, 2, "2 access tokens have expired"),
        (1, 1, "1 access token expires soon, 1 access token has expired"),
    ],
)
def test_reminder_mail_of_several_counts_them(
    make_token: MakeToken, remind: Deliver, mailoutbox: list[EmailMessage], *, soon: int, over: int, subject: str
) -> None:
    for end in [END + DAY] * soon + [END - DAY] * over:
        make_token(expires_at=end, now=MADE)
    Notification.objects.all().delete()
    remind(END)
    assert mailoutbox[0].subject == subject
