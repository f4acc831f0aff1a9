"""Keeping people out and letting them in again."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.mail import EmailMessage
from django.test import Client
from django.urls import reverse

from accounts.actor import COMMAND, Actor
from accounts.audit import AuditEvent
from accounts.models import User
from accounts.people import (
    CannotDeactivateSelf,
    LastAdministrator,
    deactivate_user,
    is_administrator,
    reactivate_user,
)
from tests.accounts.conftest import SignIn, Submit, is_signed_in, link_in
from tests.conftest import ClientOf, MakeUser


@pytest.fixture
def root(make_user: MakeUser) -> User:
    return make_user("root@example.com", is_staff=True, is_superuser=True)


def last_event() -> AuditEvent:
    return AuditEvent.objects.latest("pk")


def test_deactivate_user_keeps_them_out_from_that_instant(root: User, alice: User, now: datetime) -> None:
    assert deactivate_user(alice, by=Actor(root, "web"), now=now).deactivated_at == now
    alice.refresh_from_db()
    assert not alice.is_active


def test_deactivate_user_ends_their_sessions(root: User, alice: User, now: datetime, client_of: ClientOf) -> None:
    client, page = client_of(alice), reverse("accounts:profile")
    assert client.get(page).status_code == 200
    deactivate_user(alice, by=Actor(root, "web"), now=now)
    assert client.get(page).status_code == 302


def test_deactivate_user_ends_their_sessions_for_good(alice: User, now: datetime, sign_in: SignIn) -> None:
    old = sign_in(alice)
    deactivate_user(alice, by=COMMAND, now=now)
    reactivate_user(alice, by=COMMAND, now=now)
    assert not is_signed_in(old)
    new = sign_in(alice)
    deactivate_user(alice, by=COMMAND, now=now + timedelta(seconds=1))
    reactivate_user(alice, by=COMMAND, now=now + timedelta(seconds=2))
    assert not is_signed_in(new)
    assert is_signed_in(sign_in(alice))


def test_reactivate_user_ends_sessions_from_before_deactivation_ended_any(
    alice: User, now: datetime, sign_in: SignIn
) -> None:
    old = sign_in(alice)
    User.objects.filter(pk=alice.pk).update(deactivated_at=now)  # as an earlier release did it
    reactivate_user(alice, by=COMMAND, now=now)
    assert not is_signed_in(old)


def test_deactivate_user_ends_a_change_of_address_that_waits(
    alice: User, now: datetime, submit: Submit, sign_in: SignIn, mailoutbox: list[EmailMessage]
) -> None:
    submit(sign_in(alice), "account_email", action_add="", email="new@example.com")
    deactivate_user(alice, by=COMMAND, now=now)
    assert "This link doesn't work" in submit(Client(), link_in(mailoutbox[0])).content.decode()
    reactivate_user(alice, by=COMMAND, now=now)
    submit(Client(), link_in(mailoutbox[0]))
    alice.refresh_from_db()
    assert alice.email == "alice@example.com"
    assert AuditEvent.objects.filter(kind="user.email_change_cancelled", owner_id=alice.pk).count() == 1


def test_deactivate_user_whose_address_is_not_confirmed_keeps_it_so(
    make_user: MakeUser, now: datetime, submit: Submit, sign_in: SignIn, mailoutbox: list[EmailMessage]
) -> None:
    carol, client = make_user("carol@example.com", confirmed=False), Client()
    sign_in(carol)
    deactivate_user(carol, by=COMMAND, now=now)
    answer = submit(client, link_in(mailoutbox[0]))
    assert "the account is deactivated" in client.get(answer["Location"], follow=True).content.decode()
    assert not carol.has_confirmed_email()
    reactivate_user(carol, by=COMMAND, now=now)
    submit(client, link_in(mailoutbox[0]))
    assert carol.has_confirmed_email()


def test_deactivate_user_is_recorded_in_their_activity(root: User, alice: User, now: datetime) -> None:
    deactivate_user(alice, by=Actor(root, "web", "203.0.113.7"), now=now)
    event = last_event()
    assert (event.kind, event.owner_id, event.actor_id, event.at) == ("user.deactivated", alice.pk, root.pk, now)
    assert (event.before, event.after) == ({"deactivated_at": None}, {"deactivated_at": now.isoformat()})


def test_deactivate_user_twice_changes_nothing_more(root: User, alice: User, now: datetime) -> None:
    deactivate_user(alice, by=Actor(root, "web"), now=now)
    again = deactivate_user(alice, by=COMMAND, now=now.replace(year=now.year + 1))
    assert again.deactivated_at == now
    assert AuditEvent.objects.filter(kind="user.deactivated").count() == 1


def test_deactivate_user_oneself_is_refused(root: User, make_user: MakeUser, now: datetime) -> None:
    make_user(is_staff=True, is_superuser=True)
    with pytest.raises(CannotDeactivateSelf):
        deactivate_user(root, by=Actor(root, "web"), now=now)
    root.refresh_from_db()
    assert root.is_active


@pytest.mark.parametrize(
    "others",
    [
        {},
        {"is_staff": True},
        {"is_superuser": True},
    ],
)
def test_deactivate_user_last_administrator_is_refused(
    others: dict[str, Any], root: User, make_user: MakeUser, now: datetime
) -> None:
    make_user(**others)
    with pytest.raises(LastAdministrator):
        deactivate_user(root, by=COMMAND, now=now)
    root.refresh_from_db()
    assert root.is_active


def test_deactivate_user_deactivated_administrator_counts_for_none(
    root: User, make_user: MakeUser, now: datetime
) -> None:
    make_user(is_staff=True, is_superuser=True, deactivated_at=now)
    with pytest.raises(LastAdministrator, match="last administrator"):
        deactivate_user(root, by=COMMAND, now=now)


def test_deactivate_user_other_administrator_is_done(root: User, make_user: MakeUser, now: datetime) -> None:
    other = make_user(is_staff=True, is_superuser=True)
    assert deactivate_user(other, by=Actor(root, "web"), now=now).deactivated_at == now


def test_deactivate_user_changes_no_other_column(root: User, alice: User, now: datetime) -> None:
    stale = User.objects.get(pk=alice.pk)
    User.objects.filter(pk=alice.pk).update(name="Alice the Second")
    deactivate_user(stale, by=Actor(root, "web"), now=now)
    alice.refresh_from_db()
    assert alice.name == "Alice the Second"


def test_reactivate_user_lets_them_in_again(root: User, alice: User, now: datetime, client_of: ClientOf) -> None:
    deactivate_user(alice, by=Actor(root, "web"), now=now)
    again = reactivate_user(alice, by=Actor(root, "web"), now=now)
    assert again.is_active
    assert client_of(again).get(reverse("accounts:profile")).status_code == 200
    event = last_event()
    assert (event.kind, event.after) == ("user.reactivated", {"deactivated_at": None})


def test_reactivate_user_active_one_changes_nothing(alice: User, now: datetime) -> None:
    reactivate_user(alice, by=COMMAND, now=now)
    assert not AuditEvent.objects.filter(kind="user.reactivated").exists()


def test_is_administrator_only_active_staff_superusers(root: User, make_user: MakeUser, now: datetime) -> None:
    client = Client()
    assert is_administrator(root)
    assert not is_administrator(make_user(is_staff=True))
    assert not is_administrator(make_user(is_superuser=True))
    assert not is_administrator(make_user(is_staff=True, is_superuser=True, deactivated_at=now))
    assert not is_administrator(client.get(reverse("account_login")).wsgi_request.user)
