"""The SELECT of verification: what it reads, and how it gets over a lost connection."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from unittest import mock

import pytest
from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction
from django.db.transaction import TransactionManagementError
from django.test import override_settings

from accounts.actor import Actor
from accounts.models import User
from tests.conftest import MakeToken
from tests.tokens.conftest import NOBODYS_SECRET
from tokens.domain import lookup
from tokens.domain.lifecycle import disable_token, regenerate_token, revoke_token
from tokens.domain.lookup import Found, find
from tokens.models import AccessToken, TokenSecret

real = pytest.mark.django_db(transaction=True)  # else a lost connection would take the test's transaction along
ONE_MICROSECOND = timedelta(microseconds=1)


def as_the_orm_reads(secret_row: TokenSecret) -> Found:
    token, owner = secret_row.token, secret_row.token.owner
    return Found(
        secret_id=secret_row.pk,
        pepper=secret_row.pepper,
        token_id=token.pk,
        token_name=token.name,
        scopes=token.scopes,
        revoked_code=token.revoked_code,
        networks_json=json.dumps(token.allowed_networks),
        owner_id=owner.pk,
        owner_email=owner.email,
        owner_name=owner.name,
        created_at=secret_row.created_at,
        expires_at=token.expires_at,
        replaced_at=secret_row.replaced_at,
        accepted_until=secret_row.accepted_until,
        disabled_at=token.disabled_at,
        revoked_at=token.revoked_at,
        deactivated_at=owner.deactivated_at,
    )


# --- What it reads ----------------------------------------------------------------------------


def test_find_of_a_living_secret_reads_what_the_orm_reads(make_token: MakeToken) -> None:
    token, secret = make_token(name="ci “é” 🦊", allowed_networks=["10.0.0.0/8", "2001:db8::/32"])
    assert find(secret) == as_the_orm_reads(TokenSecret.objects.get(token=token))


def test_find_of_a_secret_with_every_time_reads_what_the_orm_reads(
    make_token: MakeToken, alice: User, web: Actor, now: datetime
) -> None:
    token, old = make_token(now=now - timedelta(days=2))
    moments = (now - timedelta(hours=hours) + hours * ONE_MICROSECOND for hours in (4, 3, 2, 1))
    regenerate_token(token, expires_at=now + timedelta(days=1), by=web, now=next(moments))
    disable_token(token, by=web, now=next(moments))
    revoke_token(token, code="leak", reason="", by=web, now=next(moments))
    User.objects.filter(pk=alice.pk).update(deactivated_at=next(moments))
    row = TokenSecret.objects.exclude(replaced_at=None).get()
    found = find(old)
    assert found == as_the_orm_reads(row)
    assert found is not None
    assert None not in found


@pytest.mark.parametrize("microsecond", [0, 1, 999_999, 123_000])
def test_find_reads_times_to_the_microsecond(make_token: MakeToken, microsecond: int) -> None:
    token, secret = make_token()
    end = datetime(2031, 2, 3, 4, 5, 6, microsecond, tzinfo=UTC)
    AccessToken.objects.filter(pk=token.pk).update(expires_at=end)
    found = find(secret)
    assert found is not None
    assert found.expires_at == end


def test_find_of_nobodys_secret_is_none(make_token: MakeToken) -> None:
    make_token()
    assert find(NOBODYS_SECRET) is None


def test_find_sees_what_an_open_transaction_has_done(make_token: MakeToken) -> None:
    token, secret = make_token(name="before")
    AccessToken.objects.filter(pk=token.pk).update(name="after")
    found = find(secret)
    assert found is not None
    assert found.token_name == "after"


@real
def test_find_with_one_pepper_or_more_on_one_connection(make_token: MakeToken) -> None:
    _, secret = make_token()
    for peppers in (1, 2, 1, 2):
        with override_settings(TOKEN_PEPPERS={number: b"%d" % number * 32 for number in range(peppers)}):
            assert find(secret) is None
    assert find(secret) is not None


# --- Lost connections -------------------------------------------------------------------------


def lose_the_connection() -> None:
    """As a restart of the server does: this side does not know yet."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        victim = cursor.fetchone()[0]
    with other_connection() as execute:
        execute("SELECT pg_terminate_backend(%s, 5000)", [victim])


@contextmanager
def other_connection() -> Iterator[Callable[..., None]]:
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            yield cursor.execute
    finally:
        other.close()


@pytest.mark.postgres
@real
def test_find_after_the_connection_was_lost_reconnects(make_token: MakeToken) -> None:
    _, secret = make_token()
    assert find(secret) is not None
    lose_the_connection()
    assert find(secret) is not None


@pytest.mark.postgres
@real
def test_find_in_a_transaction_whose_connection_was_lost_fails(make_token: MakeToken) -> None:
    _, secret = make_token()

    def lose_it_halfway() -> None:
        with transaction.atomic():
            lose_the_connection()
            find(secret)

    with pytest.raises(DatabaseError):
        lose_it_halfway()
    assert find(secret) is not None


@real
def test_find_in_a_broken_transaction_is_refused(make_token: MakeToken) -> None:
    _, secret = make_token()
    with transaction.atomic():
        transaction.set_rollback(True)
        with pytest.raises(TransactionManagementError):
            find(secret)


@pytest.mark.parametrize("failure", [OperationalError("down"), InterfaceError("closed")], ids=repr)
@real
def test_find_tries_twice_and_no_more(monkeypatch: pytest.MonkeyPatch, failure: Exception) -> None:
    tries: list[int] = []

    def fail(*_arguments: object) -> None:
        tries.append(1)
        raise failure

    monkeypatch.setattr(lookup, "_select", fail)
    with pytest.raises(type(failure)):
        find(NOBODYS_SECRET)
    assert len(tries) == 2


@pytest.mark.postgres
@real
def test_find_after_a_column_changed_its_type_plans_anew(make_token: MakeToken) -> None:
    _, secret = make_token()
    assert find(secret) is not None
    with other_connection() as execute:
        execute("ALTER TABLE accounts_user ALTER COLUMN name TYPE varchar(120)")
    try:
        assert find(secret) is not None  # "cached plan must not change result type"
    finally:
        with other_connection() as execute:
            execute("ALTER TABLE accounts_user ALTER COLUMN name TYPE varchar(100)")


@pytest.mark.postgres
@real
def test_find_where_its_statement_is_gone_prepares_again_on_the_same_connection(make_token: MakeToken) -> None:
    """As it is after a rollback, when psycopg has statements of its own."""
    _, secret = make_token()
    assert find(secret) is not None
    raw = connection.connection
    raw.execute("DEALLOCATE ALL")
    assert find(secret) is not None
    assert connection.connection is raw


# --- Watching for the answer --------------------------------------------------------------------


class Answering:
    """A connection on which the answer is there once it was looked for so many times; None: never."""

    def __init__(self, looks: int | None) -> None:
        self.looks = looks

    def is_busy(self) -> bool:
        return self.looks is None or self.looks > 0

    def consume_input(self) -> None:
        if self.looks is not None:
            self.looks -= 1


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Callable[[Answering], bool]:
    """Whether the answer was watched for."""
    monkeypatch.setattr(lookup, "_thread", SimpleNamespace(missed=0, unwatched=0))
    monkeypatch.setattr(lookup, "_WATCHED", 60)  # in seconds: no busy machine makes an answer late

    def was_watched(answering: Answering) -> bool:
        with mock.patch.object(lookup, "_comes_at_once", wraps=lookup._comes_at_once) as comes:
            lookup._watch_for_answer(answering)  # type: ignore[arg-type]  # of a connection it has what is used
        return comes.called

    return was_watched


def test_watch_for_answers_that_come_at_once_goes_on(watch: Callable[[Answering], bool]) -> None:
    assert all(watch(Answering(looks)) for looks in (0, 1, 2, 3))


def test_watch_for_answers_that_come_late_is_given_up_but_for_one_in_a_hundred(
    watch: Callable[[Answering], bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookup, "_WATCHED", 0)
    watched = [number for number in range(400) if watch(Answering(None))]
    assert watched == [0, 2, 6, 14, 30, 62, 126, 227, 328]


def test_watch_for_answers_that_come_at_once_again_goes_on(
    watch: Callable[[Answering], bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as late:
        late.setattr(lookup, "_WATCHED", 0)
        assert [watch(Answering(None)) for _ in range(3)] == [True, False, True]
    assert [watch(Answering(1)) for _ in range(5)] == [False, False, False, True, True]


@pytest.mark.postgres
@real
def test_find_of_what_is_answered_late_is_found(make_token: MakeToken, monkeypatch: pytest.MonkeyPatch) -> None:
    token, secret = make_token()
    monkeypatch.setattr(lookup, "_WATCHED", 0)
    for _ in range(3):
        found = find(secret)
        assert found is not None
        assert found.token_id == token.pk
