"""The row of a person, and what the database holds it to."""

from io import StringIO
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError
from django.utils import timezone
from pytest_django import Settings

from accounts.audit import AuditEvent
from accounts.models import User, validate_time_zone
from tests.accounts.conftest import SignIn, is_signed_in
from tests.conftest import MakeUser
from tokenportal import settings as product

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("constraint", "fields"),
    [
        ("user_email_unique", {"email": "ALICE@example.com"}),
        ("user_person_has_email", {"email": ""}),
        ("user_service_is_no_administrator", {"email": "", "is_service": True, "is_staff": True}),
        ("user_service_is_no_administrator", {"email": "", "is_service": True, "is_superuser": True}),
        ("user_theme_known", {"email": "x@example.com", "theme": "pink"}),
    ],
)
def test_save_user_against_a_constraint_is_refused(alice: User, constraint: str, fields: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError, match=constraint):
        User(**fields).save()


def test_full_clean_with_taken_address_says_so_in_words(alice: User) -> None:
    with pytest.raises(ValidationError, match="Somebody with this e-mail address is already here"):
        User(email="Alice@Example.com", password="x").full_clean()


def test_service_accounts_share_addresses_or_have_none(alice: User) -> None:
    for email in (alice.email, alice.email, "", ""):
        User.objects.create_user(email, is_service=True)
    assert User.objects.filter(is_service=True).count() == 4


def test_create_user_without_password_has_none_usable() -> None:
    user = User.objects.create_user(" New@Example.com ")
    assert user.email == "new@example.com"
    assert not user.has_usable_password()


def test_create_superuser_can_sign_in_at_once_and_is_recorded(monkeypatch: pytest.MonkeyPatch, sign_in: SignIn) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "a long enough one")
    call_command("createsuperuser", email="Root@Example.com", interactive=False, stdout=StringIO())
    user = User.objects.get(email="root@example.com", is_staff=True, is_superuser=True)
    assert EmailAddress.objects.get(user=user).verified
    assert (AuditEvent.objects.get().kind, AuditEvent.objects.get().channel) == ("user.created", "command")
    assert is_signed_in(sign_in(user, "a long enough one"))


def test_create_superuser_with_taken_address_is_a_command_error(alice: User) -> None:
    with pytest.raises(CommandError, match="already here"):
        call_command("createsuperuser", email="Alice@example.com", interactive=False)
    assert not AuditEvent.objects.exists()


def test_create_superuser_with_address_of_service_account_is_made() -> None:
    User.objects.create_user("ops@example.com", is_service=True)
    user = User.objects.create_superuser("ops@example.com", "a long enough one")
    assert User.objects.get_by_natural_key("ops@example.com") == user


@pytest.mark.parametrize(("fields", "active"), [({}, True), ({"is_service": True}, False)])
def test_is_active_of_account_depends_on_its_kind(make_user: MakeUser, fields: dict[str, Any], active: bool) -> None:
    assert make_user(**fields).is_active is active


def test_is_active_of_deactivated_person_is_false(make_user: MakeUser) -> None:
    assert not make_user(deactivated_at=timezone.now()).is_active


@pytest.mark.parametrize(
    ("name", "email", "initials"),
    [
        ("Ada Lovelace King", "x@example.com", "AL"),
        ("", "ada.lovelace@example.com", "AL"),
        ("", "ada@example.com", "A"),
        ("", "", "?"),
    ],
)
def test_initials_of_person_come_from_name_or_address(name: str, email: str, initials: str) -> None:
    assert User(name=name, email=email).initials == initials


@pytest.mark.parametrize(("name", "email", "shown"), [("Robot", "", "Robot"), ("Ada", "a@example.com", "Ada")])
def test_full_name_of_account_is_what_it_has(name: str, email: str, shown: str) -> None:
    user = User(name=name, email=email)
    assert user.get_full_name() == shown
    assert str(user) == (email or name)
    assert user.subject.name == (email or name)


def test_validate_time_zone_with_unknown_name_is_refused() -> None:
    validate_time_zone("Europe/Berlin")
    with pytest.raises(ValidationError, match="Mars/Olympus"):
        validate_time_zone("Mars/Olympus")


def test_passwords_of_the_product_are_kept_by_argon2id(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = product.PASSWORD_HASHERS
    assert make_password("a long enough one").startswith("argon2$argon2id$")
