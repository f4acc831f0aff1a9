"""Last use and daily counts: noted in memory, written by a flush."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any, NoReturn

import pytest
from django.db import OperationalError, connection, transaction
from pytest_django import DjangoAssertNumQueries

from accounts.actor import Actor
from tests.conftest import MakeToken
from tests.tokens.conftest import NOBODYS_SECRET, Rotated, secret_id
from tokens.domain import pending, usage
from tokens.domain.lifecycle import delete_token, disable_token, edit_token
from tokens.domain.verification import verify
from tokens.models import AccessToken, TokenSecret, UsageDay
from tokens.networks import CallerAddress, parse_address

Use = Callable[..., None]


@pytest.fixture
def use(db: None, now: datetime) -> Use:
    """Present a secret somewhere."""

    def present(secret: str, *, address: str = "203.0.113.7", agent: str = "curl/8.5.0", at: datetime = now) -> None:
        verify(secret, needed=(), address=CallerAddress(parse_address(address)), agent=agent, now=at)

    return present


LastUse = tuple[datetime | None, str, str]


def last_use_of(token: AccessToken) -> LastUse:
    token.refresh_from_db()
    return token.last_used_at, token.last_used_address, token.last_used_agent


def last_uses_of_secrets(token: AccessToken) -> list[LastUse]:
    """The oldest secret's first."""
    token.refresh_from_db()
    used = [token.last_use_of(secret) for secret in TokenSecret.objects.filter(token=token).order_by("pk")]
    return [(row.last_used_at, row.last_used_address, row.last_used_agent) for row in used]


def days() -> dict[tuple[str, str], int]:
    return {(str(row.day), row.outcome): row.count for row in UsageDay.objects.all()}


# --- Last use ---------------------------------------------------------------------------------


def test_verify_of_a_good_secret_after_a_flush_is_its_last_use(make_token: MakeToken, use: Use, now: datetime) -> None:
    token, secret = make_token()
    use(secret)
    assert last_use_of(token) == (None, "", "")
    pending.flush_all()
    expected = (now, "203.0.113.7", "curl/8.5.0")
    assert last_use_of(token) == expected
    assert last_uses_of_secrets(token) == [expected]


@pytest.mark.parametrize("agent", ['a"b', "a\\b", "{a,b}", "NULL", "%s %(a)s", "Grüße/1", "'; --", "x" * 200])
def test_last_use_keeps_whatever_the_agent_calls_itself(
    make_token: MakeToken, use: Use, now: datetime, agent: str
) -> None:
    token, secret = make_token()
    use(secret, agent=agent, address="2001:db8::7")
    pending.flush_all()
    assert last_use_of(token) == (now, "2001:db8::7", agent)


def test_verify_many_times_keeps_the_latest(make_token: MakeToken, use: Use, now: datetime) -> None:
    token, secret = make_token()
    for seconds in (1, 3, 2):
        use(secret, at=now + timedelta(seconds=seconds), address=f"203.0.113.{seconds}")
    pending.flush_all()
    assert last_use_of(token)[:2] == (now + timedelta(seconds=3), "203.0.113.3")


def test_flush_of_an_older_use_than_another_process_wrote_changes_nothing(
    make_token: MakeToken, use: Use, now: datetime
) -> None:
    token, secret = make_token()
    use(secret, at=now + timedelta(seconds=5), agent="new")
    pending.flush_all()
    use(secret, at=now, agent="old")
    pending.flush_all()
    assert last_use_of(token)[::2] == (now + timedelta(seconds=5), "new")


# Which secret is used in which second; a flush at each bar.
@pytest.mark.parametrize(
    ("uses", "expected"),
    [
        ("old 1, new 2 |", [1, 2]),
        ("old 1 | new 2 |", [1, 2]),
        ("old 1 | new 2 | new 3 | old 4 |", [4, 3]),
        ("old 1 | old 2, new 3 |", [2, 3]),
        ("old 1 | new 2, old 3 |", [3, 2]),
        ("old 1 | new 2 | new 3, old 4 |", [4, 3]),
        ("new 3 | old 2 |", [2, 3]),
        ("new 3 | old 2 | old 1 |", [2, 3]),
        ("new 4 | old 1 | old 2, new 3 |", [2, 4]),
        ("new 1 |", [None, 1]),
    ],
)
def test_verify_of_two_secrets_of_a_token_keeps_the_last_use_of_each(
    rotated: Rotated, use: Use, now: datetime, uses: str, expected: list[int | None]
) -> None:
    token, old, new = rotated
    secrets = {"old": old, "new": new}
    for flushed in uses.split("|")[:-1]:
        for which, second in (one.split() for one in flushed.split(",")):
            use(secrets[which], at=now + timedelta(seconds=int(second)), agent=second)
        pending.flush_all()
    lasts = [(now + timedelta(seconds=at), "203.0.113.7", str(at)) if at else (None, "", "") for at in expected]
    assert last_uses_of_secrets(token) == lasts
    assert last_use_of(token) == max(last for last in lasts if last[0])


def test_verify_with_another_secret_after_the_one_used_before_is_gone(
    rotated: Rotated, use: Use, now: datetime
) -> None:
    token, old, new = rotated
    use(old)
    pending.flush_all()
    TokenSecret.objects.filter(pk=secret_id(old)).delete()
    use(new, at=now + timedelta(seconds=1))
    pending.flush_all()
    assert (
        last_uses_of_secrets(token)
        == [last_use_of(token)]
        == [(now + timedelta(seconds=1), "203.0.113.7", "curl/8.5.0")]
    )


def test_last_use_that_an_earlier_version_wrote_of_each_secret_stays(rotated: Rotated, use: Use, now: datetime) -> None:
    """It wrote to both rows, and not to the token with which secret."""
    token, old, new = rotated
    hour = timedelta(hours=1)
    AccessToken.objects.filter(pk=token.pk).update(last_used_at=now - hour, last_used_agent="old")
    TokenSecret.objects.filter(pk=secret_id(old)).update(last_used_at=now - hour, last_used_agent="old")
    assert [last[2] for last in last_uses_of_secrets(token)] == ["old", ""]
    use(new, agent="new")
    pending.flush_all()
    assert last_uses_of_secrets(token) == [(now - hour, "", "old"), (now, "203.0.113.7", "new")]


def test_verify_by_whoever_says_nothing_of_itself_is_a_use_all_the_same(make_token: MakeToken, now: datetime) -> None:
    token, secret = make_token()
    verify(secret, needed=(), address=CallerAddress(None), now=now)
    pending.flush_all()
    assert last_use_of(token) == (now, "", "")


@pytest.mark.parametrize("needed", [["introspect"], ["full", "introspect"]])
def test_verify_that_is_refused_is_no_use(make_token: MakeToken, now: datetime, needed: list[str]) -> None:
    token, secret = make_token()
    verify(secret, needed=needed, address=CallerAddress(None), now=now)
    pending.flush_all()
    assert last_use_of(token) == (None, "", "")


def test_verify_of_a_disabled_token_is_no_use(make_token: MakeToken, use: Use, web: Actor, now: datetime) -> None:
    token, secret = make_token()
    disable_token(token, by=web, now=now)
    use(secret)
    pending.flush_all()
    assert last_use_of(token) == (None, "", "")


def test_flush_after_the_token_was_deleted_writes_the_others(
    make_token: MakeToken, use: Use, web: Actor, now: datetime
) -> None:
    gone, other = make_token(), make_token()
    for _, secret in (gone, other):
        use(secret)
    delete_token(gone[0], by=web, now=now)
    pending.flush_all()
    assert last_use_of(other[0])[0] == now
    assert len(usage.uses) == 0


def test_edit_token_after_a_flush_keeps_the_last_use(
    make_token: MakeToken, use: Use, web: Actor, now: datetime
) -> None:
    token, secret = make_token()
    use(secret)
    pending.flush_all()
    edit_token(token, name="n", description="", scopes=["full"], allowed_networks=[], by=web, now=now)
    assert last_use_of(token)[0] == now


def test_flush_does_not_count_as_a_change_of_the_token(make_token: MakeToken, use: Use, now: datetime) -> None:
    token, secret = make_token()
    use(secret, at=now + timedelta(hours=1))
    pending.flush_all()
    token.refresh_from_db()
    assert token.updated_at == now


def test_verify_notes_without_a_query(
    make_token: MakeToken, use: Use, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    _, secret = make_token()
    with django_assert_num_queries(0):
        use(secret)


def test_flush_of_many_uses_is_few_queries(
    make_token: MakeToken, use: Use, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(10):
        use(make_token()[1])
    with django_assert_max_num_queries(8):
        pending.flush_all()


def test_flush_without_a_database_loses_nothing(make_token: MakeToken, use: Use, now: datetime) -> None:
    def fail(*_arguments: object) -> NoReturn:
        raise OperationalError("gone")

    token, secret = make_token()
    use(secret)
    with connection.execute_wrapper(fail):
        pending.flush_all()
    assert last_use_of(token)[0] is None
    pending.flush_all()
    assert last_use_of(token)[0] == now


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("held", [AccessToken, TokenSecret])
def test_flush_while_somebody_holds_a_row_does_not_wait_and_writes_it_later(
    rotated: Rotated, make_token: MakeToken, use: Use, now: datetime, held: Any
) -> None:
    (token, old, new), (other, others) = rotated, make_token()
    use(old, at=now - timedelta(hours=1))
    pending.flush_all()
    use(new)
    use(others)
    row = token.pk if held is AccessToken else secret_id(old)
    with transaction.atomic():
        held.objects.select_for_update().get(pk=row)
        with ThreadPoolExecutor(1) as pool:
            pool.submit(_flush_on_its_own).result(10)
        assert len(usage.uses) == 1
        assert last_use_of(other)[0] == now
        assert last_use_of(token)[0] == now - timedelta(hours=1)
    pending.flush_all()
    assert last_use_of(token)[0] == now
    assert [last[0] for last in last_uses_of_secrets(token)] == [now - timedelta(hours=1), now]


def _flush_on_its_own() -> None:
    try:
        pending.flush_all()
    finally:
        connection.close()


# --- Counts -----------------------------------------------------------------------------------


def test_verify_counts_each_outcome_of_the_day(make_token: MakeToken, use: Use, web: Actor) -> None:
    at = datetime.fromisoformat("2026-12-31T23:59:59+00:00")
    token, secret = make_token(now=at)
    for _ in range(3):
        use(secret, at=at)
    use(NOBODYS_SECRET, at=at)
    use("malformed", at=at + timedelta(seconds=1))
    disable_token(token, by=web, now=at)
    use(secret, at=at + timedelta(seconds=1))
    pending.flush_all()
    assert days() == {
        ("2026-12-31", "good"): 3,
        ("2026-12-31", "unknown"): 1,
        ("2027-01-01", "unknown"): 1,
        ("2027-01-01", "disabled"): 1,
    }


def test_flush_twice_on_one_day_adds_up(use: Use, now: datetime) -> None:
    for _ in range(2):
        use("malformed")
        pending.flush_all()
    assert days() == {(str(now.date()), "unknown"): 2}
