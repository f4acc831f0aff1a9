"""Changing the password, and getting in again without it."""

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core.mail import EmailMessage
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.actor import COMMAND
from accounts.allauth_forms import ForgottenPasswordForm, NewPasswordForm
from accounts.audit import AuditEvent
from accounts.models import User
from accounts.passwords import change_password
from tests.accounts.conftest import SignIn, Submit, is_signed_in, link_in
from tests.conftest import PASSWORD, ClientOf, Deliver, MakeUser

NEW = "another long enough one"
CHANGE = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
RESET = {"password1": NEW, "password2": NEW}


def follow(client: Client, link: str) -> str:
    """Where the link from the mail leads: the same page without the key in its address."""
    answer = client.get(link)
    assert answer.status_code == 302
    return answer["Location"]


def test_reset_by_mail_changes_password_and_is_recorded(
    client: Client, submit: Submit, sign_in: SignIn, alice: User, *, mailoutbox: list[EmailMessage], deliver: Deliver
) -> None:
    submit(client, "account_reset_password", email=alice.email)
    submit(client, follow(client, link_in(mailoutbox[0])), **RESET)
    assert not is_signed_in(sign_in(alice, PASSWORD))
    assert is_signed_in(sign_in(alice, NEW))
    event = AuditEvent.objects.order_by("pk")[0]
    assert (event.kind, event.owner_id, event.before, event.after) == ("user.password_reset", alice.pk, {}, {})
    deliver()
    assert mailoutbox[1].subject == "Your password was reset"


def test_reset_ends_every_open_session(
    client: Client, submit: Submit, client_of: ClientOf, alice: User, mailoutbox: list[EmailMessage]
) -> None:
    stolen = client_of(alice)
    submit(client, "account_reset_password", email=alice.email)
    submit(client, follow(client, link_in(mailoutbox[0])), **RESET)
    assert not is_signed_in(stolen)


def test_reset_link_works_once(client: Client, submit: Submit, alice: User, mailoutbox: list[EmailMessage]) -> None:
    submit(client, "account_reset_password", email=alice.email)
    link = link_in(mailoutbox[0])
    submit(client, follow(client, link), **RESET)
    assert Client().get(link).context["token_fail"]


def test_reset_of_unknown_address_answers_the_same(submit: Submit, alice: User, mailoutbox: list[EmailMessage]) -> None:
    answers = [submit(Client(), "account_reset_password", email=email) for email in (alice.email, "no@example.com")]
    assert {(answer.status_code, answer["Location"]) for answer in answers} == {
        (302, reverse("account_reset_password_done"))
    }
    assert [mail.to for mail in mailoutbox] == [[alice.email], ["no@example.com"]]
    assert "/password/reset/key/" not in mailoutbox[1].body


def test_reset_mails_are_limited_for_known_and_unknown_alike(
    submit: Submit, alice: User, mailoutbox: list[EmailMessage]
) -> None:
    for email in (alice.email, "no@example.com"):
        statuses = [submit(Client(), "account_reset_password", email=email).status_code for _ in range(4)]
        assert statuses == [302, 302, 302, 429]


@pytest.mark.parametrize("fields", [{"deactivated_at": timezone.now()}, {"is_service": True}])
def test_reset_of_who_may_not_sign_in_mails_no_link(
    client: Client, submit: Submit, make_user: MakeUser, mailoutbox: list[EmailMessage], fields: dict[str, Any]
) -> None:
    submit(client, "account_reset_password", email=make_user(**fields).email)
    assert "/password/reset/key/" not in mailoutbox[0].body


def test_reset_link_of_who_was_deactivated_since_is_worth_nothing(
    client: Client, submit: Submit, alice: User, mailoutbox: list[EmailMessage]
) -> None:
    submit(client, "account_reset_password", email=alice.email)
    User.objects.filter(pk=alice.pk).update(deactivated_at=timezone.now())
    assert client.get(link_in(mailoutbox[0])).context["token_fail"]
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)


def test_reset_by_address_that_waits_for_confirmation_reaches_nobody(
    client: Client, submit: Submit, bob: User, mailoutbox: list[EmailMessage]
) -> None:
    EmailAddress.objects.create(user=bob, email="victim@example.com")
    submit(client, "account_reset_password", email="victim@example.com")
    assert "/password/reset/key/" not in mailoutbox[0].body


@pytest.mark.parametrize("uid", ["zzzzzzzzzzzzz", "0", "zzzzzzzzzzzzzzzzz"])
def test_reset_link_of_impossible_person_shows_page(client: Client, db: None, uid: str) -> None:
    answer = client.get(reverse("account_reset_password_from_key", args=[uid, "abc-def"]))
    assert answer.context["token_fail"]


def test_reset_link_names_the_portal_and_not_the_host_header(
    submit: Submit, alice: User, mailoutbox: list[EmailMessage]
) -> None:
    client = Client(headers={"host": "testserver:666"})
    submit(client, "account_reset_password", email=alice.email)
    assert "http://localhost:8000/accounts/password/reset/key/" in mailoutbox[0].body
    assert ":666" not in str(mailoutbox[0].message())


def test_change_password_keeps_this_session_alone_and_is_recorded(
    submit: Submit,
    sign_in: SignIn,
    client_of: ClientOf,
    alice: User,
    *,
    mailoutbox: list[EmailMessage],
    deliver: Deliver,
) -> None:
    client, elsewhere = sign_in(alice), client_of(alice)
    submit(client, "account_change_password", **CHANGE)
    assert (is_signed_in(client), is_signed_in(elsewhere)) == (True, False)
    event = AuditEvent.objects.latest("pk")
    assert (event.kind, event.actor_id, event.before, event.after) == ("user.password_changed", alice.pk, {}, {})
    deliver()
    assert mailoutbox[0].subject == "Your password was changed"


def test_change_password_with_wrong_old_one_changes_nothing(submit: Submit, client_of: ClientOf, alice: User) -> None:
    answer = submit(client_of(alice), "account_change_password", **CHANGE | {"oldpassword": "wrong"})
    assert answer.status_code == 200
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)
    assert not AuditEvent.objects.exists()


def test_change_password_does_not_undo_a_deactivation_meanwhile(
    submit: Submit, client_of: ClientOf, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deactivate_meanwhile(user: User, password: str) -> None:
        User.objects.filter(pk=user.pk).update(deactivated_at=timezone.now())

    monkeypatch.setattr(User, "set_password", deactivate_meanwhile)
    submit(client_of(alice), "account_change_password", **CHANGE)
    alice.refresh_from_db()
    assert alice.deactivated_at is not None


def test_change_password_while_its_owner_resets_it_comes_to_nothing(
    submit: Submit, client_of: ClientOf, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def reset_meanwhile(form: NewPasswordForm) -> None:
        change_password(User.objects.get(pk=alice.pk), NEW, by=COMMAND, now=timezone.now(), was_reset=True)

    monkeypatch.setattr(NewPasswordForm, "clean_oldpassword", reset_meanwhile)
    thief = client_of(alice)
    submit(
        thief,
        "account_change_password",
        **CHANGE | {"password1": "what a thief takes", "password2": "what a thief takes"},
    )
    alice.refresh_from_db()
    assert alice.check_password(NEW)
    assert not is_signed_in(thief)


def test_reset_while_another_password_is_set_comes_to_nothing(
    client: Client, submit: Submit, alice: User, mailoutbox: list[EmailMessage], monkeypatch: pytest.MonkeyPatch
) -> None:
    def change_meanwhile(form: ForgottenPasswordForm) -> dict[str, Any]:
        change_password(User.objects.get(pk=alice.pk), NEW, by=COMMAND, now=timezone.now())
        return form.cleaned_data

    monkeypatch.setattr(ForgottenPasswordForm, "clean", change_meanwhile)
    submit(client, "account_reset_password", email=alice.email)
    page = follow(client, link_in(mailoutbox[0]))
    answer = submit(client, page, password1="one that is too late", password2="one that is too late")
    assert client.get(answer["Location"]).context["token_fail"]
    alice.refresh_from_db()
    assert alice.check_password(NEW)


def test_set_password_without_one_goes_through_the_door_again(submit: Submit, client_of: ClientOf, bob: User) -> None:
    bob.set_unusable_password()
    bob.save()
    client = client_of(bob)
    session = client.session
    del session["account_authentication_methods"]
    session.save()
    answer = submit(client, "account_set_password", **RESET)
    assert answer["Location"].startswith(reverse("account_login"))
    assert not is_signed_in(client)
    bob.refresh_from_db()
    assert not bob.has_usable_password()


def test_set_password_without_one_after_a_fresh_check_is_recorded(
    submit: Submit, client_of: ClientOf, bob: User
) -> None:
    bob.set_unusable_password()
    bob.save()
    submit(client_of(bob), "account_set_password", **RESET)
    bob.refresh_from_db()
    assert bob.check_password(NEW)
    assert AuditEvent.objects.get().kind == "user.password_changed"
