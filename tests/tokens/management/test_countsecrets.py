"""`manage.py countsecrets`: what an older pepper is still needed for."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from pytest_django.fixtures import Settings

from accounts.actor import Actor
from tests.conftest import MakeToken
from tests.tokens.conftest import Judge, SetPolicy
from tokens.domain import pending
from tokens.domain.lifecycle import disable_token, regenerate_token, revoke_token

OLD, NEW = b"1" * 32, b"2" * 32


@pytest.fixture
def make_old_token(make_token: MakeToken, settings: Settings) -> Iterator[MakeToken]:
    """Tokens of pepper 1, in a portal that makes new ones with pepper 2."""

    def make(**overrides: object) -> object:
        settings.TOKEN_PEPPERS = {1: OLD}
        made = make_token(**overrides)
        settings.TOKEN_PEPPERS = {2: NEW, 1: OLD}
        return made

    yield make  # type: ignore[misc]  # it takes and gives what the other does
    pending.forget_all()


def counted() -> list[str]:
    out = StringIO()
    call_command("countsecrets", stdout=out)
    return out.getvalue().splitlines()


def test_countsecrets_says_how_many_live_under_each_pepper(make_old_token: MakeToken, make_token: MakeToken) -> None:
    make_old_token()
    make_old_token()
    make_token()
    assert counted() == ["Pepper 2: 1 living", "Pepper 1: 2 living"]


def test_countsecrets_of_one_that_was_used_finds_it_under_the_first(make_old_token: MakeToken, judge: Judge) -> None:
    _token, secret = make_old_token()
    judge(secret)
    pending.flush_all()
    assert counted() == ["Pepper 2: 1 living", "Pepper 1: 0 living"]


def test_countsecrets_leaves_out_what_is_dead_for_good(make_old_token: MakeToken, web: Actor, now: datetime) -> None:
    make_old_token(now=now - timedelta(days=2), expires_at=now - timedelta(days=1))
    revoke_token(make_old_token()[0], code="administrator", reason="found", by=web, now=now)
    regenerate_token(make_old_token()[0], expires_at=now + timedelta(days=1), by=web, now=now)
    assert counted() == ["Pepper 2: 1 living", "Pepper 1: 0 living"]


def test_countsecrets_counts_what_is_switched_off_or_lives_on(
    make_old_token: MakeToken, web: Actor, now: datetime, set_policy: SetPolicy
) -> None:
    set_policy(overlap_allowed=True)
    disable_token(make_old_token()[0], by=web, now=now)
    token, day = make_old_token()[0], timedelta(days=1)
    regenerate_token(token, expires_at=now + 2 * day, overlap=day, by=web, now=now)
    assert counted() == ["Pepper 2: 1 living", "Pepper 1: 2 living"]
