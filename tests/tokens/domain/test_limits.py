"""How often something may happen, in the process and in Redis."""

import os
import secrets
from datetime import UTC, datetime, timedelta
from typing import NoReturn

import pytest
from pytest_django.fixtures import Settings

from tokens.domain import limits
from tokens.domain.limits import by_address, hit
from tokens.networks import CallerAddress, parse_address

# Half a minute into a minute.
NOW = datetime(2026, 12, 22, 10, 0, 30, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture(params=["process", pytest.param("redis", marks=pytest.mark.redis)])
def _each_store(request: pytest.FixtureRequest, settings: Settings) -> None:
    settings.REDIS_URL = os.environ["REDIS_URL"] if request.param == "redis" else ""


@pytest.fixture
def key() -> str:
    """One that no other test counts under, whatever Redis remembers."""
    return secrets.token_hex(8)


def hits(key: str, times: int, *, now: datetime = NOW) -> list[int | None]:
    return [hit(key, limit=3, window_seconds=60, now=now) for _ in range(times)]


@pytest.mark.usefixtures("_each_store")
def test_hit_past_the_limit_is_told_how_long_to_wait(key: str) -> None:
    assert hits(key, 5) == [None, None, None, 30, 30]


@pytest.mark.usefixtures("_each_store")
def test_hit_in_the_next_window_counts_from_the_beginning(key: str) -> None:
    assert hits(key, 4, now=NOW + 29 * SECOND) == [None, None, None, 1]
    assert hits(key, 4, now=NOW + 30 * SECOND) == [None, None, None, 60]


@pytest.mark.usefixtures("_each_store")
def test_hit_under_another_key_or_window_counts_apart(key: str) -> None:
    hits(key, 4)
    assert hits(key + "x", 1) == [None]
    assert hit(key, limit=3, window_seconds=3600, now=NOW) is None


def test_hit_just_before_the_window_ends_waits_a_whole_second(key: str) -> None:
    assert hits(key, 4, now=NOW + 29.999 * SECOND)[-1] == 1


def test_hit_under_more_keys_than_are_kept_lets_the_new_ones_through(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_KEYS", 2)
    for known in ("a", "b"):
        hits(known, 3)
    assert hits("c", 5) == [None] * 5
    assert hits("a", 1) == [30]


@pytest.mark.redis
def test_hit_in_two_processes_is_counted_together(
    key: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.REDIS_URL = os.environ["REDIS_URL"]
    hits(key, 3)
    monkeypatch.setattr(limits, "_counts", limits.Counts())
    assert hits(key, 1) == [30]


def test_hit_after_a_failure_leaves_redis_alone_for_a_while(
    key: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def fail(asked_key: str, *_arguments: object) -> NoReturn:
        asked.append(asked_key)
        raise ConnectionError

    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    monkeypatch.setattr(limits, "_add_in_redis", fail)
    for seconds in (0, 1, 4, 5, 6):
        hits(key, 1, now=NOW + seconds * SECOND)
    assert len(asked) == 2


@pytest.mark.parametrize("url", ["http://nobody", "redis://127.0.0.1:port", "redis://127.0.0.1:1/0"])
def test_hit_with_a_redis_that_can_not_be_is_counted_all_the_same(key: str, url: str, settings: Settings) -> None:
    settings.REDIS_URL = url
    assert hits(key, 4)[-1] == 30


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("", ""),
    ],
)
def test_by_address_takes_a_64_of_ipv6_as_one_caller(address: str, network: str) -> None:
    assert by_address("wrong", CallerAddress(parse_address(address))) == f"wrong:{network}"
