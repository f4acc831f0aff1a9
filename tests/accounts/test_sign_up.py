"""Making an account: by mail, and without telling who has one."""

import pytest
from allauth.account.models import EmailAddress
from django.core.mail import EmailMessage
from django.db import IntegrityError
from django.http import HttpRequest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.allauth_adapter import AccountAdapter
from accounts.allauth_forms import SignUpForm
from accounts.audit import AuditEvent
from accounts.models import User
from tests.accounts.conftest import SignIn, Submit, is_signed_in, link_in
from tests.conftest import MakeUser

NEW = {"email": "New@Example.com", "password1": "a long enough one", "password2": "a long enough one"}
pytestmark = pytest.mark.usefixtures("db", "open_sign_up")


def test_sign_up_with_confirmation_leads_to_sign_in(
    client: Client, submit: Submit, sign_in: SignIn, mailoutbox: list[EmailMessage]
) -> None:
    assert submit(client, "account_signup", **NEW)["Location"] == reverse("account_email_verification_sent")
    assert not is_signed_in(client)
    link = link_in(mailoutbox[0])
    assert client.get(link).status_code == 200  # opening the link, as mail scanners do, confirms nothing
    assert not EmailAddress.objects.get().verified
    submit(client, link)
    assert is_signed_in(sign_in("new@example.com", NEW["password1"]))


def test_sign_in_before_confirmation_is_refused_and_mails_again(
    submit: Submit, make_user: MakeUser, mailoutbox: list[EmailMessage]
) -> None:
    user, client = make_user(confirmed=False), Client()
    answer = submit(client, "account_login", login=user.email, password="correct horse battery staple")
    assert answer["Location"] == reverse("account_email_verification_sent")
    assert not is_signed_in(client)
    assert client.get(reverse("tokens:create")).status_code == 302
    assert "/confirm-email/" in link_in(mailoutbox[0])


def test_sign_up_and_confirm_are_recorded(client: Client, submit: Submit, mailoutbox: list[EmailMessage]) -> None:
    submit(client, "account_signup", **NEW)
    submit(client, link_in(mailoutbox[0]))
    confirmed, signed_up = AuditEvent.objects.order_by("-pk")
    assert (signed_up.kind, confirmed.kind) == ("user.signed_up", "user.email_confirmed")
    assert signed_up.owner_id == signed_up.actor_id == User.objects.get().pk
    assert signed_up.after == {"email": "new@example.com"}
    assert "a long enough one" not in str(AuditEvent.objects.values())


def test_sign_up_with_taken_address_answers_the_same(
    submit: Submit, alice: User, mailoutbox: list[EmailMessage]
) -> None:
    taken, free = Client(), Client()
    for client, email in ((taken, alice.email), (free, "free@example.com")):
        answer = submit(client, "account_signup", **NEW | {"email": email})
        assert answer["Location"] == reverse("account_email_verification_sent")
    pages = [client.get(reverse("account_email_verification_sent")).content.decode() for client in (taken, free)]
    assert pages[0].replace(alice.email, "x") == pages[1].replace("free@example.com", "x")
    assert User.objects.filter(email=alice.email).count() == 1
    assert "/password/reset/" in link_in(mailoutbox[0])


def test_sign_up_with_taken_address_hashes_as_long(
    client: Client, submit: Submit, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[str | None] = []
    monkeypatch.setattr(User, "set_password", lambda _user, password: hashed.append(password))
    submit(client, "account_signup", **NEW | {"email": alice.email})
    assert hashed == [NEW["password1"]]


def test_sign_up_with_address_taken_a_moment_ago_answers_the_same(
    client: Client, submit: Submit, make_user: MakeUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SignUpForm, "validate_unique_email", lambda _form, value: value)
    make_user("new@example.com")
    answer = submit(client, "account_signup", **NEW)
    assert answer["Location"] == reverse("account_email_verification_sent")
    assert User.objects.count() == 1
    assert not AuditEvent.objects.exists()


def test_sign_up_with_address_of_service_account_is_free(client: Client, submit: Submit) -> None:
    User.objects.create_user("new@example.com", is_service=True)
    submit(client, "account_signup", **NEW)
    assert User.objects.filter(email="new@example.com", is_service=False).exists()


def test_sign_up_with_address_somebody_else_waits_for_is_free(
    client: Client, submit: Submit, sign_in: SignIn, bob: User, mailoutbox: list[EmailMessage]
) -> None:
    EmailAddress.objects.create(user=bob, email="new@example.com")
    submit(client, "account_signup", **NEW)
    submit(client, link_in(mailoutbox[0]))
    assert is_signed_in(sign_in("new@example.com", NEW["password1"]))


def test_sign_up_when_closed_makes_nobody(client: Client, submit: Submit, settings: Settings) -> None:
    settings.SIGNUP_OPEN = False
    assert submit(client, "account_signup", **NEW).status_code == 200
    assert "account/signup_closed.html" in [t.name for t in client.get(reverse("account_signup")).templates]
    assert not User.objects.exists()


@pytest.mark.parametrize("password", ["short", "0123456789", "password123", "new@example.com"])
def test_sign_up_with_weak_password_is_refused(client: Client, submit: Submit, password: str) -> None:
    answer = submit(client, "account_signup", **NEW | {"password1": password, "password2": password})
    assert answer.status_code == 200
    assert not User.objects.exists()


def test_save_user_without_commit_records_nothing() -> None:
    form = SignUpForm(NEW)
    assert form.is_valid()
    AccountAdapter().save_user(HttpRequest(), User(), form, commit=False)
    assert not User.objects.exists()
    assert not AuditEvent.objects.exists()


def test_confirm_with_unknown_key_shows_page(client: Client) -> None:
    assert client.get(reverse("account_confirm_email", args=["ü:1:x"])).status_code == 200


def test_user_email_taken_twice_breaks_the_constraint(alice: User) -> None:
    with pytest.raises(IntegrityError):
        User.objects.create_user(alice.email)
