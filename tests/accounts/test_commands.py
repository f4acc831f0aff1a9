"""`manage.py createuser`, `deactivateuser` and `changepassword`."""

import getpass
import warnings
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
from tests.conftest import PASSWORD, Deliver, MakeUser

Run = Callable[..., str]
TypeIn = Callable[..., None]
NEW = "another long enough one"


@pytest.fixture
def run(db: None) -> Run:
    """What the command writes to standard output."""

    def call(*arguments: str) -> str:
        out = StringIO()
        call_command(*arguments, stdout=out)
        return out.getvalue()

    return call


@pytest.fixture
def type_in(monkeypatch: pytest.MonkeyPatch) -> TypeIn:
    """What somebody answers to the command, one after another; an exception is raised instead."""

    def prepare(*answers: str | BaseException) -> None:
        left = list(answers)

        def answer(_prompt: str) -> str:
            typed = left.pop(0)
            if isinstance(typed, BaseException):
                raise typed
            return typed

        monkeypatch.setattr(getpass, "getpass", answer)

    return prepare


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


def test_changepassword_sets_it_and_tells_the_owner(
    run: Run,
    type_in: TypeIn,
    sign_in: SignIn,
    alice: User,
    *,
    mailoutbox: list[EmailMessage],
    deliver: Deliver,
) -> None:
    type_in(NEW, NEW)
    assert run("changepassword", " Alice@Example.com") == "The password of alice@example.com is changed.\n"
    assert is_signed_in(sign_in(alice, NEW))
    assert not is_signed_in(sign_in(alice, PASSWORD))
    event = AuditEvent.objects.order_by("pk")[0]
    assert (event.kind, event.channel, event.owner_id) == ("user.password_changed", "command", alice.pk)
    assert (event.actor_id, event.before, event.after) == (None, {}, {})
    deliver()
    assert [(mail.to, mail.subject) for mail in mailoutbox] == [([alice.email], "Your password was changed")]


def test_changepassword_ends_sessions_and_a_change_of_address(
    run: Run, type_in: TypeIn, submit: Submit, sign_in: SignIn, alice: User, *, mailoutbox: list[EmailMessage]
) -> None:
    client = sign_in(alice)
    submit(client, "account_email", action_add="", email="new@example.com")
    type_in(NEW, NEW)
    run("changepassword", alice.email)
    assert not is_signed_in(client)
    submit(Client(), link_in(mailoutbox[0]))
    alice.refresh_from_db()
    assert alice.email == "alice@example.com"


def test_changepassword_is_that_of_the_person_where_a_service_account_has_the_same_address(
    run: Run, type_in: TypeIn, make_user: MakeUser
) -> None:
    service = make_user("alice@example.com", is_service=True)
    person = User.objects.create_user("alice@example.com", PASSWORD)
    type_in(NEW, NEW)
    run("changepassword", "alice@example.com")
    service.refresh_from_db()
    person.refresh_from_db()
    assert (service.check_password(PASSWORD), person.check_password(NEW)) == (True, True)


def test_changepassword_of_nobody_or_a_service_account_is_refused_before_it_asks(
    run: Run, type_in: TypeIn, make_user: MakeUser
) -> None:
    make_user("robot@example.com", is_service=True)
    type_in()
    for email in ("bob@example.com", "robot@example.com"):
        with pytest.raises(CommandError, match=f"nobody with the address {email}"):
            run("changepassword", email)


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        ((NEW, "another one"), "not the same"),
        (("12345", "12345"), "too short.* too common.* entirely numeric"),
        (("alice@example.com", "alice@example.com"), "too similar to the email"),
        (("", ""), "too short"),
        ((EOFError(),), "No password was typed"),
        ((NEW, KeyboardInterrupt()), "No password was typed"),
    ],
)
def test_changepassword_to_what_is_unfit_changes_nothing(
    run: Run, type_in: TypeIn, alice: User, answers: tuple[str | BaseException, ...], says: str
) -> None:
    type_in(*answers)
    with pytest.raises(CommandError, match=says):
        run("changepassword", alice.email)
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)
    assert not AuditEvent.objects.exists()


def test_changepassword_without_a_terminal_is_refused_and_reads_nothing(
    run: Run, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def shown_as_it_is_typed(_prompt: str) -> str:
        warnings.warn("Can not control echo on the terminal.", getpass.GetPassWarning, stacklevel=2)
        return NEW

    monkeypatch.setattr(getpass, "getpass", shown_as_it_is_typed)
    with pytest.raises(CommandError, match="needs a terminal"):
        run("changepassword", alice.email)
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)
