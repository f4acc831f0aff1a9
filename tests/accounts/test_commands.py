"""`manage.py createuser` and `deactivateuser`."""

from collections.abc import Callable
from io import StringIO

import pytest
from django.core.mail import EmailMessage
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings

from accounts.audit import AuditEvent
from accounts.models import User
from tests.accounts.conftest import SignIn, Submit, is_signed_in, link_in
from tests.conftest import MakeUser

Run = Callable[..., str]
NEW = "another long enough one"


@pytest.fixture
def run(db: None) -> Run:
    """What the command writes to standard output."""

    def call(*arguments: str) -> str:
        out = StringIO()
        call_command(*arguments, stdout=out)
        return out.getvalue()

    return call


def test_createuser_makes_an_account_that_gets_in_by_a_mailed_link(
    run: Run, submit: Submit, sign_in: SignIn, client: Client, mailoutbox: list[EmailMessage]
) -> None:
    said = run("createuser", " Grace@Example.com", "--name=Grace")
    assert said.endswith("grace@example.com, who gets in at http://localhost:8000/accounts/password/reset/\n")
    assert not is_signed_in(sign_in("grace@example.com", ""))
    submit(client, "account_reset_password", email="grace@example.com")
    submit(client, client.get(link_in(mailoutbox[0]))["Location"], password1=NEW, password2=NEW)
    assert is_signed_in(sign_in("grace@example.com", NEW))
    assert User.objects.get(email="grace@example.com").has_confirmed_email()


def test_createuser_is_recorded(run: Run) -> None:
    run("createuser", "grace@example.com")
    event = AuditEvent.objects.get()
    assert (event.kind, event.channel, event.after) == ("user.created", "command", {"email": "grace@example.com"})


def test_createuser_without_mail_says_how_else(run: Run, settings: Settings) -> None:
    settings.CAN_MAIL = False
    assert "manage.py changepassword grace@example.com" in run("createuser", "grace@example.com")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["ALICE@example.com"], "already here"),
        (["nobody"], "valid email"),
        ([""], "valid email"),
        (["grace@example.com", f"--name={'x' * 101}"], "at most 100"),
    ],
)
def test_createuser_of_what_cannot_be_is_refused(run: Run, alice: User, arguments: list[str], says: str) -> None:
    with pytest.raises(CommandError, match=says):
        run("createuser", *arguments)
    assert User.objects.count() == 1


def test_deactivateuser_keeps_them_out(run: Run, sign_in: SignIn, alice: User) -> None:
    assert run("deactivateuser", "Alice@example.com").startswith("alice@example.com is deactivated")
    assert not is_signed_in(sign_in(alice))


def test_deactivateuser_of_nobody_or_the_last_administrator_is_refused(run: Run, make_user: MakeUser) -> None:
    make_user("root@example.com", is_staff=True, is_superuser=True)
    with pytest.raises(CommandError, match="nobody with the address"):
        run("deactivateuser", "bob@example.com")
    with pytest.raises(CommandError, match="last administrator"):
        run("deactivateuser", "root@example.com")
    assert User.objects.get().is_active
