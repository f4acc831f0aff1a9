"""Changing one's address: by somebody who was just checked, and once the new one is confirmed."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
import time_machine
from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress
from django.contrib.sessions.models import Session
from django.core.mail import EmailMessage
from django.http import HttpRequest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.actor import COMMAND
from accounts.allauth_forms import ChangeEmailForm
from accounts.audit import AuditEvent
from accounts.models import User
from accounts.passwords import change_password
from accounts.people import deactivate_user
from tests.accounts.conftest import SignIn, Submit, is_signed_in, link_in
from tests.conftest import PASSWORD, ClientOf, Deliver, MakeUser
from tokens.models import Policy
from tokens.secret_format import make_secret

CHANGE = {"action_add": "", "email": "New@Example.com"}
NEW = "another long enough one"


def test_change_email_when_confirmed_changes_it_and_tells_the_old_address(
    submit: Submit, sign_in: SignIn, alice: User, mailoutbox: list[EmailMessage], deliver: Deliver
) -> None:
    client = sign_in(alice)
    submit(client, "account_email", **CHANGE)
    alice.refresh_from_db()
    assert alice.email == "alice@example.com"
    submit(client, link_in(mailoutbox[0]))
    alice.refresh_from_db()
    assert alice.email == "new@example.com"
    assert EmailAddress.objects.get(user=alice).email == "new@example.com"
    deliver()
    assert [mail.to for mail in mailoutbox] == [["new@example.com"], ["alice@example.com"]]


def test_change_email_is_recorded_when_asked_and_when_done(
    submit: Submit, sign_in: SignIn, alice: User, mailoutbox: list[EmailMessage]
) -> None:
    client = sign_in(alice)
    submit(client, "account_email", **CHANGE)
    submit(client, link_in(mailoutbox[0]))
    asked, done = AuditEvent.objects.exclude(kind="user.signed_in").order_by("pk")
    assert (asked.kind, done.kind) == ("user.email_change_requested", "user.email_changed")
    for event in (asked, done):
        assert (event.owner_id, event.actor_id) == (alice.pk, alice.pk)
        assert (event.before, event.after) == ({"email": "alice@example.com"}, {"email": "new@example.com"})


def test_change_email_right_after_sign_in_asks_nothing(submit: Submit, sign_in: SignIn, alice: User) -> None:
    assert submit(sign_in(alice), "account_email", **CHANGE)["Location"] == reverse("account_email")


def test_change_email_long_after_sign_in_asks_and_comes_back_with_what_was_typed(
    submit: Submit, sign_in: SignIn, alice: User, mailoutbox: list[EmailMessage]
) -> None:
    client = sign_in(alice)
    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        answer = submit(client, "account_email", **CHANGE)
        assert answer["Location"].startswith(reverse("account_reauthenticate"))
        assert mailoutbox == []
        back = submit(client, answer["Location"], password=PASSWORD)["Location"]
        assert client.get(back).context["form"]["email"].value() == "New@Example.com"
        submit(client, "account_email", **CHANGE)
    assert mailoutbox[0].to == ["new@example.com"]


@pytest.mark.parametrize(("minutes", "asks"), [(5, False), (7, True)])
def test_change_email_asks_as_often_as_the_policy_says(
    submit: Submit, sign_in: SignIn, alice: User, minutes: int, asks: bool
) -> None:
    Policy.objects.update(recheck_minutes=6)
    client = sign_in(alice)
    with time_machine.travel(timezone.now() + timedelta(minutes=minutes)):
        where = submit(client, "account_email", **CHANGE)["Location"]
    assert where.startswith(reverse("account_reauthenticate")) == asks


def test_change_email_that_asks_keeps_neither_headers_nor_a_secret_in_the_session(
    submit: Submit, sign_in: SignIn, alice: User
) -> None:
    client, secret = sign_in(alice), make_secret("tp_")
    client.defaults["HTTP_X_API_KEY"] = "sesame"
    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        submit(client, "account_email", **CHANGE, name=secret, password="hush hush")
    kept = str([session.get_decoded() for session in Session.objects.all()])
    assert "New%40Example.com" in kept
    assert not any(hidden in kept for hidden in (secret, "hush", "sesame"))


def test_change_email_with_wrong_password_is_recorded_and_changes_nothing(
    submit: Submit, sign_in: SignIn, alice: User, mailoutbox: list[EmailMessage]
) -> None:
    client = sign_in(alice)
    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        answer = submit(client, "account_reauthenticate", password="wrong")
    assert "Incorrect password." in answer.content.decode()
    event = AuditEvent.objects.latest("pk")
    assert (event.kind, event.actor_id, event.owner_id) == ("user.check_failed", alice.pk, alice.pk)


def test_change_email_without_password_or_check_goes_through_the_door_again(
    submit: Submit, client: Client, bob: User
) -> None:
    bob.set_unusable_password()
    bob.save()
    client.force_login(bob)
    answer = submit(client, "account_email", **CHANGE)
    assert answer["Location"].startswith(reverse("account_login"))
    assert not is_signed_in(client)
    assert not EmailAddress.objects.filter(email="new@example.com").exists()


def test_change_email_to_taken_address_answers_the_same_and_fails_at_the_end(
    submit: Submit, sign_in: SignIn, alice: User, bob: User, mailoutbox: list[EmailMessage]
) -> None:
    client = sign_in(alice)
    answer = submit(client, "account_email", **CHANGE | {"email": bob.email})
    assert answer["Location"] == reverse("account_email")
    assert submit(client, link_in(mailoutbox[0])).status_code in (200, 302)
    alice.refresh_from_db()
    assert alice.email == "alice@example.com"


def test_change_email_to_address_of_unconfirmed_account_fails_at_the_end(
    submit: Submit, sign_in: SignIn, make_user: MakeUser, alice: User, mailoutbox: list[EmailMessage]
) -> None:
    make_user("new@example.com", confirmed=False)
    client = sign_in(alice)
    submit(client, "account_email", **CHANGE)
    answer = submit(client, link_in(mailoutbox[0]))
    assert "new@example.com can&#x27;t be confirmed" in client.get(answer["Location"], follow=True).content.decode()
    alice.refresh_from_db()
    assert alice.email == "alice@example.com"
    assert EmailAddress.objects.get(user=alice, primary=True).email == "alice@example.com"
    assert "user.email_changed" not in AuditEvent.objects.values_list("kind", flat=True)


@pytest.mark.parametrize("email", ["", "x", "a\0@example.com", "\0"])
@pytest.mark.parametrize("action", ["action_add", "action_send", "action_remove", "action_primary", "else"])
def test_change_email_with_odd_input_is_answered(
    submit: Submit, sign_in: SignIn, alice: User, email: str, action: str
) -> None:
    assert submit(sign_in(alice), "account_email", **{action: "", "email": email}).status_code in (200, 302)


def test_change_email_when_cancelled_keeps_the_old_one_and_is_recorded(
    submit: Submit, sign_in: SignIn, alice: User
) -> None:
    client = sign_in(alice)
    submit(client, "account_email", **CHANGE)
    submit(client, "account_email", action_remove="", email="new@example.com")
    assert [entry.email for entry in EmailAddress.objects.filter(user=alice)] == ["alice@example.com"]
    event = AuditEvent.objects.latest("pk")
    assert (event.kind, event.before) == ("user.email_change_cancelled", {"email": "new@example.com"})


def test_remove_the_address_that_one_has_is_refused(submit: Submit, sign_in: SignIn, alice: User) -> None:
    client = sign_in(alice)
    submit(client, "account_email", **CHANGE)
    submit(client, "account_email", action_remove="", email=alice.email)
    assert EmailAddress.objects.filter(user=alice, email=alice.email, primary=True).exists()


def test_change_email_that_a_thief_asked_for_ends_with_a_reset_of_the_password(
    submit: Submit, sign_in: SignIn, alice: User, *, mailoutbox: list[EmailMessage], deliver: Deliver
) -> None:
    submit(sign_in(alice), "account_email", **CHANGE)
    link, owner = link_in(mailoutbox[0]), Client()
    submit(owner, "account_reset_password", email=alice.email)
    submit(owner, owner.get(link_in(mailoutbox[-1]))["Location"], password1=NEW, password2=NEW)
    submit(Client(), link)
    alice.refresh_from_db()
    assert alice.email == "alice@example.com"
    assert not EmailAddress.objects.filter(user=alice).exclude(email=alice.email).exists()
    deliver()
    assert (mailoutbox[-1].to, mailoutbox[-1].subject) == ([alice.email], "Your password was reset")


def test_change_email_that_waits_ends_with_a_change_of_the_password(
    submit: Submit, sign_in: SignIn, alice: User, mailoutbox: list[EmailMessage]
) -> None:
    client = sign_in(alice)
    submit(client, "account_email", **CHANGE)
    submit(client, "account_change_password", oldpassword=PASSWORD, password1=NEW, password2=NEW)
    submit(client, link_in(mailoutbox[0]))
    alice.refresh_from_db()
    assert alice.email == "alice@example.com"
    cancelled, changed = AuditEvent.objects.order_by("-pk")[:2][::-1]
    assert (cancelled.kind, cancelled.before) == ("user.email_change_cancelled", {"email": "new@example.com"})
    assert changed.kind == "user.password_changed"


def test_change_email_by_the_link_of_an_ended_change_says_what_to_do(
    submit: Submit, sign_in: SignIn, alice: User, mailoutbox: list[EmailMessage]
) -> None:
    submit(sign_in(alice), "account_email", **CHANGE)
    change_password(alice, NEW, by=COMMAND, now=timezone.now())
    for answer in (Client().get(link_in(mailoutbox[0])), submit(Client(), link_in(mailoutbox[0]))):
        assert "This link doesn't work" in answer.content.decode()
        assert "a new password" in answer.content.decode()


def test_change_email_asked_for_again_leaves_the_old_link_dead(
    submit: Submit, sign_in: SignIn, alice: User, mailoutbox: list[EmailMessage]
) -> None:
    submit(sign_in(alice), "account_email", **CHANGE)
    change_password(alice, NEW, by=COMMAND, now=timezone.now())
    submit(sign_in(alice, NEW), "account_email", **CHANGE)
    submit(Client(), link_in(mailoutbox[0]))
    alice.refresh_from_db()
    assert alice.email == "alice@example.com"


def test_change_email_that_ends_while_it_is_confirmed_changes_nothing(client_request: HttpRequest, alice: User) -> None:
    address = EmailAddress.objects.create(user=alice, email="new@example.com")
    change_password(alice, NEW, by=COMMAND, now=timezone.now())
    assert not get_adapter(client_request).confirm_email(client_request, address)
    alice.refresh_from_db()
    assert alice.email == "alice@example.com"
    assert not EmailAddress.objects.filter(email="new@example.com").exists()


@pytest.mark.parametrize("end", [partial(change_password, password=NEW), deactivate_user])
def test_change_email_asked_for_while_every_session_ends_comes_to_nothing(
    submit: Submit, client_of: ClientOf, alice: User, monkeypatch: pytest.MonkeyPatch, end: Callable[..., object]
) -> None:
    def end_meanwhile(_form: ChangeEmailForm) -> None:
        end(User.objects.get(pk=alice.pk), by=COMMAND, now=timezone.now())

    monkeypatch.setattr(ChangeEmailForm, "clean", end_meanwhile)
    thief = client_of(alice)
    answer = submit(thief, "account_email", **CHANGE)
    assert thief.get(answer["Location"])["Location"].startswith(reverse("account_login"))
    assert not EmailAddress.objects.filter(email="new@example.com").exists()


def test_new_password_leaves_the_link_that_confirms_a_first_address(
    submit: Submit, sign_in: SignIn, make_user: MakeUser, mailoutbox: list[EmailMessage]
) -> None:
    user = make_user("carol@example.com", confirmed=False)
    sign_in(user)
    change_password(user, NEW, by=COMMAND, now=timezone.now())
    submit(Client(), link_in(mailoutbox[0]))
    assert user.has_confirmed_email()
