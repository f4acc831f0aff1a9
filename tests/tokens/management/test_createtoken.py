"""`manage.py createtoken`: a token from the shell."""

from collections.abc import Callable
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.models import User
from tests.conftest import MakeUser
from tests.tokens.conftest import NOBODYS_SECRET, Judge, SetPolicy, last_event
from tokens.models import AccessToken

Run = Callable[..., str]


@pytest.fixture
def createtoken(alice: User, capsys: pytest.CaptureFixture[str]) -> Run:
    """What the command writes to standard output, for alice unless told otherwise."""

    def run(*arguments: str, user: str = "alice@example.com", name: str = "ci") -> str:
        out = StringIO()
        call_command("createtoken", f"--user={user}", f"--name={name}", *arguments, stdout=out)
        return out.getvalue()

    return run


def test_createtoken_writes_a_good_secret_and_nothing_else(createtoken: Run, judge: Judge) -> None:
    out = createtoken("--scope=full")
    assert judge(out.removesuffix("\n"), at=timezone.now()) == "good"


def test_createtoken_gives_the_name_the_scopes_and_the_days(createtoken: Run, alice: User) -> None:
    createtoken("--scope=tokens:read", "--scope=tokens:rotate", "--expires-in=90")
    token = AccessToken.objects.get()
    assert (token.owner, token.name, token.scopes) == (alice, "ci", "tokens:read tokens:rotate")
    assert token.expires_at == (token.created_at + timedelta(days=90)).replace(microsecond=0)


def test_createtoken_without_more_has_no_access_and_lives_as_the_policy_says(
    createtoken: Run, set_policy: SetPolicy
) -> None:
    set_policy(default_days=45)
    createtoken()
    token = AccessToken.objects.get()
    assert token.scopes == ""
    assert (token.expires_at - token.created_at).days in (44, 45)


def test_createtoken_is_recorded_as_done_by_a_command(createtoken: Run, alice: User) -> None:
    createtoken()
    event = last_event("token.created")
    assert (event.channel, event.actor_id, event.owner_id) == ("command", None, alice.pk)


def test_createtoken_may_give_introspect(createtoken: Run, judge: Judge) -> None:
    secret = createtoken("--scope=introspect").strip()
    assert judge(secret, "introspect", at=timezone.now()) == "good"


def test_createtoken_finds_the_owner_whatever_the_case(createtoken: Run, alice: User) -> None:
    createtoken(user="Alice@Example.COM")
    assert AccessToken.objects.get().owner == alice


def test_createtoken_prefers_the_person_to_service_accounts_of_the_same_address(createtoken: Run, alice: User) -> None:
    User.objects.create(email=alice.email, name="robot", is_service=True)
    createtoken()
    assert AccessToken.objects.get().owner == alice


def test_createtoken_for_a_service_account_is_done(createtoken: Run) -> None:
    robot = User.objects.create(email="robot@example.com", name="robot", is_service=True)
    createtoken(user="robot@example.com")
    assert AccessToken.objects.get().owner == robot


@pytest.mark.parametrize("user", ["nobody@example.com", "", "%", "alice@example.com\n"])
def test_createtoken_for_nobody_is_refused(createtoken: Run, user: str) -> None:
    with pytest.raises(CommandError, match="There is nobody with the address"):
        createtoken(user=user)


@pytest.mark.parametrize(
    ("arguments", "name", "message"),
    [
        ([], "", "Give the token a name"),
        ([], "a\udcffb", r"invisible character U\+DCFF"),
        ([], NOBODYS_SECRET, "This is a secret"),
        (["--scope=nobody:read"], "ci", "no permission “nobody:read”"),
        (["--scope=full", "--scope=tokens:read"], "ci", "stands alone"),
        ([f"--scope={NOBODYS_SECRET}"], "ci", "This is a secret"),
        (["--expires-in=0"], "ci", "in the future"),
        (["--expires-in=-1"], "ci", "in the future"),
        (["--expires-in=366"], "ci", "at most 365 days"),
        (["--expires-in=99999999"], "ci", "further away than any calendar"),
        (["--expires-in=99999999999999999999"], "ci", "further away than any calendar"),
        (["--expires-in=-99999999999999999999"], "ci", "further away than any calendar"),
        (["--expires-in=soon"], "ci", "invalid int value"),
    ],
)
def test_createtoken_of_bad_input_is_refused_with_a_sentence(
    createtoken: Run, arguments: list[str], name: str, message: str
) -> None:
    with pytest.raises(CommandError, match=message) as refused:
        createtoken(*arguments, name=name)
    assert NOBODYS_SECRET not in str(refused.value)
    assert not AccessToken.objects.exists()


def test_createtoken_of_a_taken_name_is_refused_and_says_whose(createtoken: Run) -> None:
    createtoken()
    with pytest.raises(CommandError, match=r"^alice@example\.com already has a token with this name\.$"):
        createtoken(name="CI")


def test_createtoken_for_somebody_unconfirmed_is_refused_and_says_who(createtoken: Run, make_user: MakeUser) -> None:
    make_user("new@example.com", confirmed=False)
    with pytest.raises(CommandError, match=r"^new@example\.com hasn't confirmed the e-mail address yet\.$"):
        createtoken(user="new@example.com")


def test_createtoken_past_the_limit_is_refused(createtoken: Run, set_policy: SetPolicy) -> None:
    set_policy(tokens_per_owner=1)
    createtoken()
    with pytest.raises(CommandError, match="more tokens here than 1"):
        createtoken(name="another")
