"""Refused secrets: noted in memory, counted per token, minute and reason, and bounded whatever comes."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import reduce
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from accounts.actor import Actor
from tests.conftest import MakeToken
from tests.tokens.conftest import NOBODYS_SECRET
from tokens.domain import pending
from tokens.domain.lifecycle import delete_token, disable_token, edit_token, regenerate_token, revoke_token
from tokens.domain.refusals import MAX_ADDRESSES, OTHERS, Minute, Source, Sources, merged, write_refusals
from tokens.domain.verification import verify
from tokens.models import AccessToken, RefusalMinute
from tokens.networks import CallerAddress, parse_address

Try = Callable[..., None]
MINUTE = timedelta(minutes=1)


@pytest.fixture
def now(now: datetime) -> datetime:
    """The beginning of a minute."""
    return now.replace(second=0)


@pytest.fixture
def present(db: None, now: datetime) -> Try:
    """Present a secret, and write down what came of it."""

    def present_secret(
        secret: str, *needed: str, address: str = "203.0.113.7", agent: str = "curl/8.5.0", at: datetime = now
    ) -> None:
        verify(secret, needed=needed, address=CallerAddress(parse_address(address)), agent=agent, now=at)

    return present_secret


def counted(token: AccessToken) -> list[tuple[str, int, Any]]:
    pending.flush_all()
    rows = RefusalMinute.objects.filter(token=token).order_by("minute", "reason")
    return list(rows.values_list("reason", "count", "sources"))


def test_present_a_dead_secret_is_counted_with_where_it_came_from(
    make_token: MakeToken, present: Try, web: Actor, now: datetime
) -> None:
    token, secret = make_token()
    disable_token(token, by=web, now=now)
    for seconds in (0, 30, 59):
        present(secret, at=now + timedelta(seconds=seconds))
    assert counted(token) == [("disabled", 3, {"203.0.113.7": [3, "curl/8.5.0"]})]
    assert RefusalMinute.objects.get().minute == now


def test_present_a_dead_secret_over_several_flushes_adds_up(
    make_token: MakeToken, present: Try, web: Actor, now: datetime
) -> None:
    token, secret = make_token()
    disable_token(token, by=web, now=now)
    for address, agent in (("203.0.113.7", "old"), ("203.0.113.7", "new"), ("203.0.113.8", "git")):
        present(secret, address=address, agent=agent)
        pending.flush_all()
    assert counted(token) == [("disabled", 3, {"203.0.113.7": [2, "new"], "203.0.113.8": [1, "git"]})]


ENDS: dict[str, Callable[..., object]] = {
    "revoked": lambda token, **acting: revoke_token(token, code="leak", reason="", **acting),
    "replaced": lambda token, now, by: regenerate_token(token, expires_at=now + 60 * MINUTE, by=by, now=now),
    "expired": lambda token, **_acting: AccessToken.objects.update(expires_at=token.created_at + MINUTE / 60),
    "disabled": disable_token,
}


@pytest.mark.parametrize("reason", ENDS)
def test_present_a_secret_of_each_end_is_counted_under_its_reason(
    make_token: MakeToken, present: Try, web: Actor, now: datetime, reason: str
) -> None:
    token, secret = make_token()
    ENDS[reason](token, by=web, now=now)
    present(secret, at=now + MINUTE)
    assert [row[:2] for row in counted(token)] == [(reason, 1)]


def test_present_a_good_secret_where_it_is_not_allowed_is_counted_too(make_token: MakeToken, present: Try) -> None:
    token, secret = make_token(scopes=["tokens:read"], allowed_networks=["203.0.113.0/24"])
    present(secret, "tokens:write")
    present(secret, address="198.51.100.1")
    assert [row[:2] for row in counted(token)] == [("insufficient_scope", 1), ("wrong_network", 1)]


def test_present_in_another_minute_or_for_another_reason_is_another_row(
    make_token: MakeToken, present: Try, web: Actor, now: datetime
) -> None:
    token, secret = make_token()
    disable_token(token, by=web, now=now)
    present(secret)
    present(secret, at=now + MINUTE)
    revoke_token(token, code="leak", reason="", by=web, now=now)
    present(secret, at=now + MINUTE)
    assert [row[0] for row in counted(token)] == ["disabled", "disabled", "revoked"]


@pytest.mark.parametrize("secret", [NOBODYS_SECRET, "x", NOBODYS_SECRET[:-1] + "y"])
def test_present_an_unknown_secret_is_no_row(present: Try, secret: str) -> None:
    present(secret)
    pending.flush_all()
    assert not RefusalMinute.objects.exists()


def test_present_from_many_addresses_keeps_ten_and_counts_the_others(
    make_token: MakeToken, present: Try, web: Actor, now: datetime
) -> None:
    token, secret = make_token()
    disable_token(token, by=web, now=now)
    for number in range(100):
        present(secret, address=f"203.0.113.{number}")
        if number % 7 == 0:
            pending.flush_all()
    ((_, count, sources),) = counted(token)
    assert count == 100
    assert len(sources) == MAX_ADDRESSES + 1
    assert sources[OTHERS] == [90, ""]


def test_present_with_a_long_agent_keeps_eighty_characters(
    make_token: MakeToken, present: Try, web: Actor, now: datetime
) -> None:
    token, secret = make_token()
    disable_token(token, by=web, now=now)
    present(secret, agent="x" * 200)
    assert counted(token)[0][2] == {"203.0.113.7": [1, "x" * 80]}


def test_flush_after_the_token_was_deleted_drops_its_refusals(
    make_token: MakeToken, present: Try, web: Actor, now: datetime
) -> None:
    (token, secret), (other, other_secret) = make_token(), make_token()
    for each in (token, other):
        disable_token(each, by=web, now=now)
    present(secret)
    present(other_secret)
    delete_token(token, by=web, now=now)
    assert [row[:2] for row in counted(other)] == [("disabled", 1)]
    assert RefusalMinute.objects.count() == 1


def test_delete_token_takes_its_refusals_along(make_token: MakeToken, present: Try, web: Actor, now: datetime) -> None:
    token, secret = make_token()
    disable_token(token, by=web, now=now)
    present(secret)
    pending.flush_all()
    delete_token(token, by=web, now=now)
    assert not RefusalMinute.objects.exists()


addresses = st.sampled_from([f"203.0.113.{number}" for number in range(20)] + [OTHERS])
sources = st.dictionaries(addresses, st.builds(Source, st.integers(1, 50), st.sampled_from(["curl", "git"])))


@given(st.lists(sources, max_size=8))
def test_merged_loses_no_count_and_keeps_its_bound(batches: list[dict[str, Source]]) -> None:
    start: Sources = {}
    together = reduce(merged, batches, start)
    assert len(together.keys() - {OTHERS}) <= MAX_ADDRESSES
    assert sum(source.times for source in together.values()) == sum(
        source.times for batch in batches for source in batch.values()
    )


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_flush_while_somebody_edits_the_token_waits_for_the_next(
    make_token: MakeToken, present: Try, web: Actor, now: datetime
) -> None:
    token, secret = make_token()
    disable_token(token, by=web, now=now)
    present(secret)

    def flush() -> None:
        pending.flush_all()
        connection.close()

    with transaction.atomic(), ThreadPoolExecutor(1) as other:
        edit_token(token, name="held", description="", scopes=[], allowed_networks=[], by=web, now=now)
        other.submit(flush).result(timeout=20)
        assert not RefusalMinute.objects.exists()
    assert [row[:2] for row in counted(token)] == [("disabled", 1)]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_flush_of_several_processes_at_once_loses_no_count(make_token: MakeToken, web: Actor, now: datetime) -> None:
    """Each thread stands for a process: it writes a batch of its own, again as long as rows are held."""
    ids = [make_token()[0].pk for _ in range(5)]

    def write(number: int) -> None:
        batch = {Minute(pk, now, "expired"): {f"203.0.113.{number}": Source(1, "curl")} for pk in ids}
        while batch:
            batch = {key: batch[key] for key in write_refusals(batch)}
        connection.close()

    with ThreadPoolExecutor(4) as processes:
        list(processes.map(write, range(20)))
    assert set(RefusalMinute.objects.values_list("count", flat=True)) == {20}
