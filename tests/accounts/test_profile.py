"""Settings, Profile: name, time zone and theme."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from accounts.actor import Actor
from accounts.audit import AuditEvent
from accounts.models import User
from accounts.profile import change_profile
from tests.accounts.conftest import Submit
from tests.conftest import ClientOf
from tokens.secret_format import make_secret

NEW = {"name": "Alice B.", "time_zone": "Europe/Berlin", "theme": "dark"}
# Boxes that are ticked are sent, others are not.
MAILS = {"mail_week_before": "on", "mail_day_before": "on"}


def test_profile_without_sign_in_leads_there(client: Client, db: None) -> None:
    path = reverse("accounts:profile")
    assert client.get(path)["Location"] == f"{reverse('account_login')}?next={path}"


def test_change_profile_is_saved_said_and_recorded(alice: User, client_of: ClientOf, submit: Submit) -> None:
    client = client_of(alice)
    page = client.get(submit(client, "accounts:profile", **NEW | MAILS)["Location"]).content.decode()
    assert "Your profile was saved." in page
    assert 'data-theme="dark"' in page
    alice.refresh_from_db()
    assert (alice.name, alice.time_zone, alice.theme) == tuple(NEW.values())
    event = AuditEvent.objects.get()
    assert (event.kind, event.owner_id, event.after) == ("user.profile_changed", alice.pk, NEW)
    assert event.before == {"name": "Alice", "time_zone": "", "theme": "system"}


def test_change_profile_without_difference_records_nothing(alice: User, client_of: ClientOf, submit: Submit) -> None:
    submit(client_of(alice), "accounts:profile", name="Alice", time_zone="", theme="system", **MAILS)
    assert not AuditEvent.objects.exists()


def test_change_profile_does_not_undo_a_deactivation_meanwhile(alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(deactivated_at=timezone.now())
    change_profile(
        alice, **NEW, mail_week_before=True, mail_day_before=True, by=Actor(alice, "web"), now=timezone.now()
    )
    alice.refresh_from_db()
    assert (alice.name, alice.is_active) == ("Alice B.", False)


def test_change_profile_without_the_ticks_turns_reminders_off(alice: User, client_of: ClientOf, submit: Submit) -> None:
    client = client_of(alice)
    submit(client, "accounts:profile", name="Alice", time_zone="", theme="system", mail_day_before="on")
    alice.refresh_from_db()
    assert (alice.mail_week_before, alice.mail_day_before) == (False, True)
    assert AuditEvent.objects.get().after == {"mail_week_before": False}
    page = client.get(reverse("accounts:profile")).content.decode()
    assert [f'id="id_{name}" checked' in page for name in MAILS] == [False, True]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"time_zone": "localtime"}, "time_zone"),
        ({"theme": "pink"}, "theme"),
        ({"theme": ""}, "theme"),
        ({"name": "x" * 101}, "name"),
        ({"name": "a\0b"}, "name"),
        ({"name": "a\u202eb"}, "name"),
        ({"name": "a\u2028b"}, "name"),
    ],
)
def test_change_profile_to_what_cannot_be_says_why(
    alice: User, client_of: ClientOf, submit: Submit, fields: dict[str, Any], field: str
) -> None:
    answer = submit(client_of(alice), "accounts:profile", **NEW | fields)
    assert answer.status_code == 200
    assert list(answer.context["form"].errors) == [field]
    assert b'aria-invalid="true"' in answer.content
    alice.refresh_from_db()
    assert alice.name == "Alice"


def test_change_profile_with_emoji_of_several_signs_is_saved(alice: User, client_of: ClientOf, submit: Submit) -> None:
    submit(client_of(alice), "accounts:profile", **NEW | {"name": "Bob 👨‍👩‍👧"})
    alice.refresh_from_db()
    assert alice.name == "Bob 👨‍👩‍👧"


def test_profile_page_offers_the_current_zone_first(alice: User, client_of: ClientOf) -> None:
    User.objects.update(time_zone="Pacific/Auckland")
    choices = client_of(alice).get(reverse("accounts:profile")).context["form"].fields["time_zone"].choices
    assert choices[:2] == [("Pacific/Auckland", "Pacific/Auckland"), ("", "Taken from my browser when I sign in")]
    assert choices[2][0] == "Africa/Abidjan"
    assert ("America/New_York", "America/New York") in choices
    assert len(choices) > 400


def test_profile_page_by_other_methods_is_405(alice: User, client_of: ClientOf) -> None:
    assert client_of(alice).put(reverse("accounts:profile")).status_code == 405


def test_change_profile_with_a_secret_for_a_name_is_refused_without_echo(
    alice: User, client_of: ClientOf, submit: Submit
) -> None:
    secret = make_secret("tp_")
    page = submit(
        client_of(alice), "accounts:profile", name=f"Al {secret}", time_zone="", theme="dark"
    ).content.decode()
    assert "This is a secret" in page
    assert secret not in page
    alice.refresh_from_db()
    assert (alice.name, alice.theme) == ("Alice", "system")


@pytest.mark.parametrize("can_mail", [True, False])
def test_profile_page_says_where_no_mail_can_be_sent(
    alice: User, client_of: ClientOf, settings: Settings, *, can_mail: bool
) -> None:
    settings.CAN_MAIL = can_mail
    page = client_of(alice).get(reverse("accounts:profile")).content.decode()
    assert ("can send no mails yet" in page) is not can_mail
