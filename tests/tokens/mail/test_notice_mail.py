"""What a notice says of an act."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.core.mail import EmailMessage

from accounts.actor import COMMAND, Actor
from accounts.audit import AuditEvent, record
from accounts.models import User
from accounts.people import deactivate_user
from tests.conftest import Deliver, MakeToken
from tests.tokens.mail.conftest import html_of
from tokens.domain import lifecycle
from tokens.domain.notices import _RULES, LEAKED, WIDENED
from tokens.domain.reports import report_leaks
from tokens.mail.notices import WORDINGS
from tokens.models import Notification


def test_notice_mail_says_what_was_made_by_which_way_and_from_where(
    make_token: MakeToken, web: Actor, deliver: Deliver, mailoutbox: list[EmailMessage]
) -> None:
    token, secret = make_token(name="laptop", by=web)
    deliver()
    mail = mailoutbox[0]
    assert (mail.subject, mail.to) == ("Access token “laptop” was made", ["alice@example.com"])
    for text in (mail.body, html_of(mail)):
        assert "in the browser from 203.0.113.7 with Firefox" in text
        assert "Scopes: full" in text
        assert f"http://localhost:8000/settings/tokens/{token.pk}/" in text
        assert "If it wasn’t you" in text
        assert secret not in text
    assert "List-Unsubscribe" not in mail.message()


def test_notice_mail_of_somebody_elses_act_names_them(
    make_token: MakeToken, admin: Actor, now: datetime, deliver: Deliver, mailoutbox: list[EmailMessage]
) -> None:
    token, _ = make_token(name="laptop")
    Notification.objects.all().delete()
    lifecycle.revoke_token(token, code="administrator", reason="Left the team", by=admin, now=now)
    deliver()
    assert mailoutbox[0].subject == "Access token “laptop” was revoked"
    assert "by root@example.com" in mailoutbox[0].body
    assert "Left the team" in mailoutbox[0].body


def test_notice_mail_of_several_of_a_kind_is_one(
    make_token: MakeToken, deliver: Deliver, mailoutbox: list[EmailMessage]
) -> None:
    for number in range(32):
        make_token(name=f"n{number}")
    assert deliver()["mails"] == 1
    assert mailoutbox[0].subject == "32 access tokens were made"
    assert mailoutbox[0].body.count("Look at the token") == 30
    assert "There are more than fit here." in mailoutbox[0].body


def test_notice_mail_of_a_token_that_was_regenerated_twice_is_of_one_token_and_tells_the_latest(
    make_token: MakeToken, web: Actor, now: datetime, deliver: Deliver, mailoutbox: list[EmailMessage]
) -> None:
    token, _ = make_token(name="laptop")
    Notification.objects.all().delete()
    for days in (3, 5):
        lifecycle.regenerate_token(token, expires_at=now + timedelta(days=days), by=web, now=now)
    assert deliver() == {"sent": 2, "dropped": 0, "mails": 1}
    assert mailoutbox[0].subject == "Access token “laptop” was regenerated"
    assert mailoutbox[0].body.count("* laptop\n") == 1
    assert f"{now + timedelta(days=5):%b} {(now + timedelta(days=5)).day}," in mailoutbox[0].body


def test_notice_mail_of_two_regenerated_tokens_counts_tokens_and_not_acts(
    make_token: MakeToken, web: Actor, now: datetime, deliver: Deliver, mailoutbox: list[EmailMessage]
) -> None:
    tokens = [make_token(name=name)[0] for name in ("laptop", "ci")]
    Notification.objects.all().delete()
    for token in [*tokens, tokens[0]]:
        lifecycle.regenerate_token(token, expires_at=now + timedelta(days=3), by=web, now=now)
    deliver()
    assert mailoutbox[0].subject == "2 access tokens were regenerated"
    assert [mailoutbox[0].body.count(f"* {name}\n") for name in ("laptop", "ci")] == [1, 1]


def test_notice_mail_of_a_token_that_was_regenerated_from_two_places_tells_of_both(
    make_token: MakeToken, web: Actor, now: datetime, deliver: Deliver, mailoutbox: list[EmailMessage]
) -> None:
    token, _ = make_token(name="laptop")
    Notification.objects.all().delete()
    for by in (replace(web, address="198.51.100.66"), web):
        lifecycle.regenerate_token(token, expires_at=now + timedelta(days=3), by=by, now=now)
    deliver()
    assert mailoutbox[0].subject == "Access token “laptop” was regenerated"
    assert "from 198.51.100.66" in mailoutbox[0].body
    assert "from 203.0.113.7" in mailoutbox[0].body


def test_notice_mail_of_a_token_that_was_widened_twice_is_of_one_token_and_tells_of_both(
    make_token: MakeToken, web: Actor, now: datetime, deliver: Deliver, mailoutbox: list[EmailMessage]
) -> None:
    token, _ = make_token(name="laptop", scopes=["tokens:read"], allowed_networks=["10.0.0.0/8"])
    Notification.objects.all().delete()
    for networks, scopes in ((["10.0.0.0/8"], ["tokens:write"]), ([], ["tokens:write"])):
        token = lifecycle.edit_token(
            token, name="laptop", description="", scopes=scopes, allowed_networks=networks, by=web, now=now
        )
    deliver()
    assert mailoutbox[0].subject == "Access token “laptop” may do more now"
    assert "Scopes: tokens:read → " in mailoutbox[0].body
    assert "Allowed networks: 10.0.0.0/8 → none" in mailoutbox[0].body.replace("\u2060", "")


def test_notice_mail_of_two_old_secrets_of_a_token_that_were_found_counts_secrets(
    make_token: MakeToken, web: Actor, now: datetime, deliver: Deliver, mailoutbox: list[EmailMessage]
) -> None:
    token, first = make_token(name="laptop")
    _, second = lifecycle.regenerate_token(token, expires_at=token.expires_at, by=web, now=now)
    lifecycle.regenerate_token(token, expires_at=token.expires_at, by=web, now=now)
    Notification.objects.all().delete()
    report_leaks([first, second], source="paste.example", by=COMMAND, now=now)
    deliver()
    assert mailoutbox[0].subject == "2 old secrets of your access tokens were found in the open"
    assert mailoutbox[0].body.count("Hint: ") == 2


def test_notice_mail_of_a_leak_makes_no_link_of_where_it_was_found(
    make_token: MakeToken, now: datetime, deliver: Deliver, mailoutbox: list[EmailMessage]
) -> None:
    token, _ = make_token()
    Notification.objects.all().delete()
    lifecycle.revoke_token(token, code="leak", reason="https://evil.example/login", by=COMMAND, now=now)
    deliver()
    for text in (mailoutbox[0].body, html_of(mailoutbox[0])):
        assert "evil.example" not in text
        assert "https://evil.example/login" in text.replace("\u2060", "")


def test_notice_mail_of_an_old_secret_that_was_found_says_that_nothing_was_changed(
    make_token: MakeToken, web: Actor, now: datetime, deliver: Deliver, mailoutbox: list[EmailMessage]
) -> None:
    token, secret = make_token(name="laptop")
    hint = token.hint
    lifecycle.regenerate_token(token, expires_at=token.expires_at, by=web, now=now)
    Notification.objects.all().delete()
    report_leaks([secret], source="paste.example", by=COMMAND, now=now)
    deliver()
    assert mailoutbox[0].subject == "An old secret of “laptop” was found in the open"
    body = mailoutbox[0].body.replace("\u2060", "")
    assert f"Hint: {hint}\n  Found at: paste.example\n" in body
    assert secret not in body


@pytest.mark.parametrize("text", ["https://evil.example/login", "call www.evil.io", "evil.example", "me@evil.io"])
def test_notice_mail_makes_no_link_of_what_a_thief_wrote(
    make_token: MakeToken, alice: User, deliver: Deliver, mailoutbox: list[EmailMessage], text: str
) -> None:
    make_token(name=text, by=Actor(alice, "api", agent=text.replace(" ", "/")))
    deliver()
    for body in (mailoutbox[0].body, html_of(mailoutbox[0])):
        assert text not in body
        assert body.replace("\u2060", "").count(text) >= 2


@pytest.mark.parametrize(
    ("kind", "subject", "page"),
    [
        ("user.password_changed", "Your password was changed", "/accounts/password/reset/"),
        ("user.factor_added", "A second factor was added to your account", "/settings/security/"),
        ("user.sign_in_connected", "A sign-in was connected to your account", "/settings/security/"),
    ],
)
def test_notice_mail_of_the_account_leads_to_where_it_is_mended(
    alice: User,
    web: Actor,
    now: datetime,
    deliver: Deliver,
    mailoutbox: list[EmailMessage],
    *,
    kind: str,
    subject: str,
    page: str,
) -> None:
    record(kind, by=web, subject=alice.subject, now=now)
    deliver()
    assert mailoutbox[0].subject == subject
    assert f"http://localhost:8000{page}" in mailoutbox[0].body
    assert f"http://localhost:8000{page}" in html_of(mailoutbox[0])


def test_notice_to_somebody_who_was_deactivated_is_dropped(
    make_token: MakeToken, alice: User, now: datetime, deliver: Deliver, mailoutbox: list[EmailMessage]
) -> None:
    make_token()
    deactivate_user(alice, by=COMMAND, now=now)
    assert deliver() == {"sent": 0, "dropped": 1, "mails": 0}


def test_notice_of_what_the_log_has_forgotten_is_dropped(
    make_token: MakeToken, deliver: Deliver, mailoutbox: list[EmailMessage]
) -> None:
    make_token()
    AuditEvent.objects.all()._raw_delete("default")
    assert deliver() == {"sent": 0, "dropped": 1, "mails": 0}


def test_notice_of_every_kind_that_is_made_has_its_words() -> None:
    assert WORDINGS.keys() == _RULES.keys() - {"token.edited"} | {WIDENED, LEAKED}
