"""`manage.py revoketoken`: by the id, or by the secret on standard input."""

from collections.abc import Callable
from datetime import datetime, timedelta
from io import BytesIO, StringIO, TextIOWrapper

import pytest
from django.core.management import CommandError, call_command

from accounts.actor import Actor
from tests.conftest import MakeToken
from tests.tokens.conftest import NOBODYS_SECRET, Judge, last_event
from tokens.domain.lifecycle import disable_token, regenerate_token, revoke_token
from tokens.models import AccessToken

Run = Callable[..., str]


@pytest.fixture
def revoketoken(db: None, monkeypatch: pytest.MonkeyPatch) -> Run:
    """What the command writes to standard output; `stdin` is what stands on standard input."""

    def run(token: object, *, reason: str = "Found in a log", stdin: bytes = b"") -> str:
        out = StringIO()
        monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(stdin), encoding="utf-8"))
        call_command("revoketoken", str(token), f"--reason={reason}", stdout=out)
        return out.getvalue()

    return run


def test_revoketoken_by_id_ends_it(make_token: MakeToken, revoketoken: Run, judge: Judge) -> None:
    token, secret = make_token(name="ci")
    assert revoketoken(token.pk) == f"Revoked token {token.pk}, ci, of alice@example.com.\n"
    assert judge(secret) == "revoked"


def test_revoketoken_keeps_code_and_reason_and_who(make_token: MakeToken, revoketoken: Run) -> None:
    token, _ = make_token()
    revoketoken(token.pk, reason=" Found in a log ")
    row = AccessToken.objects.get()
    assert (row.revoked_code, row.revoked_reason) == ("administrator", "Found in a log")
    assert (last_event("token.revoked").channel, last_event("token.revoked").actor_id) == ("command", None)


@pytest.mark.parametrize("form", ["{}", "{}\n", "  {}  \r\n", "{}\nand more\n"])
def test_revoketoken_by_secret_ends_it_without_echo(
    make_token: MakeToken, revoketoken: Run, judge: Judge, form: str
) -> None:
    _, secret = make_token()
    assert secret[3:] not in revoketoken("-", stdin=form.format(secret).encode())
    assert judge(secret) == "revoked"


@pytest.mark.parametrize(
    "stdin",
    [b"", b"\n", b"\0", b"1\n", NOBODYS_SECRET.encode(), NOBODYS_SECRET[:-1].encode(), b"\xff\xfe", "é".encode()],
)
def test_revoketoken_by_what_is_no_secret_is_refused(make_token: MakeToken, revoketoken: Run, stdin: bytes) -> None:
    make_token()
    with pytest.raises(CommandError) as refused:
        revoketoken("-", stdin=stdin)
    assert str(refused.value) == "There is no such token."


@pytest.mark.parametrize(
    "given",
    ["0", "999", "x", "", " ", "1.0", "١", "²", "0x1", "1e3", "9" * 19, "9" * 30, "9" * 5000, NOBODYS_SECRET, "True"],
    ids=lambda value: value[:20],
)
def test_revoketoken_by_what_is_no_id_is_refused_without_echo(
    make_token: MakeToken, revoketoken: Run, given: str
) -> None:
    make_token()
    with pytest.raises(CommandError) as refused:
        revoketoken(given)
    assert str(refused.value) == "There is no token with this id."
    assert AccessToken.objects.get().revoked_at is None


def test_revoketoken_twice_is_refused_and_says_so(
    make_token: MakeToken, revoketoken: Run, web: Actor, now: datetime
) -> None:
    token, _ = make_token(name="ci")
    revoke_token(token, code="leak", reason="first", by=web, now=now)
    with pytest.raises(CommandError) as refused:
        revoketoken(token.pk)
    assert str(refused.value) == f"Token {token.pk}, ci, of alice@example.com is revoked already."
    assert AccessToken.objects.get().revoked_reason == "first"


def test_revoketoken_that_is_disabled_is_done(
    make_token: MakeToken, revoketoken: Run, web: Actor, now: datetime
) -> None:
    token, _ = make_token()
    disable_token(token, by=web, now=now)
    assert revoketoken(token.pk)


@pytest.mark.parametrize("reason", [f"it was {NOBODYS_SECRET}", "a\udcffb"])
def test_revoketoken_with_a_bad_reason_is_refused_without_echo(
    make_token: MakeToken, revoketoken: Run, reason: str
) -> None:
    token, _ = make_token()
    with pytest.raises(CommandError) as refused:
        revoketoken(token.pk, reason=reason)
    assert NOBODYS_SECRET not in str(refused.value)
    assert AccessToken.objects.get().revoked_at is None


def test_revoketoken_without_a_reason_is_refused(make_token: MakeToken) -> None:
    token, _ = make_token()
    with pytest.raises(CommandError, match="--reason"):
        call_command("revoketoken", str(token.pk))


def test_revoketoken_by_a_replaced_secret_ends_the_token_that_it_was_of(
    make_token: MakeToken, revoketoken: Run, web: Actor, now: datetime, judge: Judge
) -> None:
    token, old = make_token()
    _, new = regenerate_token(token, expires_at=now + timedelta(days=1), by=web, now=now)
    revoketoken("-", stdin=old.encode())
    assert judge(new) == "revoked"
