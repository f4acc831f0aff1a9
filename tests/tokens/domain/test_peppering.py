"""A secret moves to the first pepper when it is used, and is never lost on the way."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from django.db import connection, transaction
from pytest_django.fixtures import Settings

from accounts.actor import Actor
from tests.conftest import MakeToken
from tests.tokens.conftest import NOBODYS_SECRET, Judge
from tokens.domain import pending
from tokens.domain.digests import digest
from tokens.domain.lifecycle import delete_token, disable_token
from tokens.domain.peppering import moves
from tokens.models import AccessToken, TokenSecret

OLD, NEW = b"1" * 32, b"2" * 32


@pytest.fixture
def old(make_token: MakeToken, settings: Settings) -> Iterator[tuple[AccessToken, str]]:
    """A token of the old pepper, in a portal that makes new ones with another."""
    settings.TOKEN_PEPPERS = {1: OLD}
    made = make_token()
    settings.TOKEN_PEPPERS = {2: NEW, 1: OLD}
    yield made
    pending.forget_all()


def pepper_of(token: AccessToken) -> int:
    secret = TokenSecret.objects.get(token=token)
    return secret.pepper


def test_use_of_a_secret_of_an_older_pepper_moves_it_to_the_first(
    old: tuple[AccessToken, str], judge: Judge, settings: Settings
) -> None:
    token, secret = old
    assert judge(secret) == "good"
    assert pepper_of(token) == 1
    pending.flush_all()
    assert pepper_of(token) == 2
    assert bytes(TokenSecret.objects.get(token=token).digest) == digest(secret, 2)
    settings.TOKEN_PEPPERS = {2: NEW}
    assert judge(secret) == "good"


def test_use_of_a_dead_secret_moves_it_too(
    old: tuple[AccessToken, str], web: Actor, judge: Judge, now: datetime
) -> None:
    token, secret = old
    disable_token(token, by=web, now=now)
    assert judge(secret) == "disabled"
    pending.flush_all()
    assert pepper_of(token) == 2


def test_use_of_a_secret_of_the_first_pepper_or_of_nobody_moves_nothing(make_token: MakeToken, judge: Judge) -> None:
    _, secret = make_token()
    judge(secret)
    judge(NOBODYS_SECRET)
    assert len(moves) == 0


def test_flush_after_another_process_moved_it_changes_nothing(old: tuple[AccessToken, str], judge: Judge) -> None:
    token, secret = old
    judge(secret)
    TokenSecret.objects.filter(token=token).update(digest=b"x" * 32, pepper=3)
    pending.flush_all()
    assert (pepper_of(token), len(moves)) == (3, 0)


def test_flush_after_the_token_was_deleted_forgets_it(
    old: tuple[AccessToken, str], web: Actor, judge: Judge, now: datetime
) -> None:
    token, secret = old
    judge(secret)
    delete_token(token, by=web, now=now)
    pending.flush_all()
    assert len(moves) == 0


def test_what_waits_holds_no_secret(old: tuple[AccessToken, str], judge: Judge) -> None:
    judge(old[1])
    assert len(moves) == 1
    assert old[1][3:] not in str(vars(moves))


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_flush_while_somebody_holds_the_secret_waits_for_the_next(old: tuple[AccessToken, str], judge: Judge) -> None:
    token, secret = old
    judge(secret)

    def flush() -> None:
        pending.flush_all()
        connection.close()

    with transaction.atomic(), ThreadPoolExecutor(1) as other:
        TokenSecret.objects.select_for_update().get(token=token)
        other.submit(flush).result(timeout=20)
        assert (pepper_of(token), len(moves)) == (1, 1)
    pending.flush_all()
    assert pepper_of(token) == 2
