"""What waits to be written: merged, bounded, and kept when the database fails."""

import operator
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import DataError, OperationalError

from tokens.domain import pending
from tokens.domain.pending import Pending


class Database:
    """What was written, or the reason why nothing is."""

    def __init__(self) -> None:
        self.rows: dict[str, int] = {}
        self.parts: list[int] = []
        self.failure: Exception | None = None
        self.held: set[str] = set()

    def write(self, batch: Mapping[str, int]) -> Collection[str]:
        self.parts.append(len(batch))
        if self.failure:
            raise self.failure
        self.rows |= {key: value for key, value in batch.items() if key not in self.held}
        return self.held & batch.keys()


@pytest.fixture
def database() -> Database:
    return Database()


@pytest.fixture
def sums(database: Database) -> Pending[str, int]:
    return Pending("sums", database.write, merge=operator.add, limit=3)


@pytest.fixture
def many(database: Database, monkeypatch: pytest.MonkeyPatch) -> Pending[str, int]:
    """Ten keys wait, and four are written at once."""
    monkeypatch.setattr(pending, "_WRITTEN_AT_ONCE", 4)
    waiting: Pending[str, int] = Pending("many", database.write, merge=operator.add)
    for key in "abcdefghij":
        waiting.note(key, 1)
    return waiting


def test_flush_of_one_key_noted_twice_writes_the_merged_value_once(database: Database, sums: Pending[str, int]) -> None:
    sums.note("a", 1)
    sums.note("a", 2)
    sums.flush()
    assert database.rows == {"a": 3}
    database.rows.clear()
    sums.flush()
    assert database.rows == {}


def test_note_past_the_limit_forgets_what_was_noted_longest_ago(database: Database, sums: Pending[str, int]) -> None:
    for key in ("a", "b", "c", "a", "d"):
        sums.note(key, 1)
    sums.flush()
    assert database.rows == {"c": 1, "a": 2, "d": 1}


def test_flush_without_a_database_keeps_what_waits_for_the_next(database: Database, sums: Pending[str, int]) -> None:
    sums.note("a", 1)
    database.failure = OperationalError("gone")
    sums.flush()
    sums.note("a", 1)
    database.failure = None
    sums.flush()
    assert database.rows == {"a": 2}


def test_flush_without_a_database_for_long_keeps_the_recent(database: Database, sums: Pending[str, int]) -> None:
    database.failure = OperationalError("gone")
    for key in "abcde":
        sums.note(key, 1)
        sums.flush()
    database.failure = None
    sums.flush()
    assert list(database.rows) == ["c", "d", "e"]


def test_flush_of_a_row_that_is_held_writes_it_the_next_time(database: Database, sums: Pending[str, int]) -> None:
    sums.note("a", 1)
    sums.note("b", 1)
    database.held = {"a"}
    sums.flush()
    assert (database.rows, len(sums)) == ({"b": 1}, 1)
    database.held = set()
    sums.flush()
    assert database.rows == {"a": 1, "b": 1}


def test_flush_of_what_the_database_will_never_take_is_not_tried_again(
    database: Database, sums: Pending[str, int]
) -> None:
    sums.note("a", 1)
    database.failure = DataError("no such number")
    sums.flush()
    assert len(sums) == 0


def test_note_while_a_flush_fails_is_merged_with_what_it_puts_back(database: Database) -> None:
    def write(batch: Mapping[str, int]) -> Collection[str]:
        busy.note("a", 1)
        return database.write(batch)

    busy: Pending[str, int] = Pending("busy", write, merge=operator.add)
    busy.note("a", 1)
    database.failure = OperationalError("gone")
    busy.flush()
    database.failure = None
    busy.flush()
    assert database.rows == {"a": 2}


# --- By parts ---------------------------------------------------------------------------------


def test_flush_of_many_writes_them_by_parts_with_a_rest_after_each(database: Database, many: Pending[str, int]) -> None:
    shares: list[float] = []
    many.flush(shares.append)
    assert (database.parts, len(database.rows)) == ([4, 4, 2], 10)
    assert shares == [1 / 3] * 3


def test_flush_of_parts_that_are_held_tries_each_row_once(database: Database, many: Pending[str, int]) -> None:
    database.held = set("abcdefghij")
    many.flush()
    assert (database.parts, len(many)) == ([4, 4, 2], 10)


def test_flush_without_a_database_tries_one_part_and_keeps_all(database: Database, many: Pending[str, int]) -> None:
    database.failure = OperationalError("gone")
    many.flush()
    assert (database.parts, len(many)) == ([4], 10)
    database.failure = None
    many.flush()
    assert list(database.rows) == list("abcdefghij")


def test_flush_of_a_part_that_is_never_taken_drops_that_part_alone(database: Database, many: Pending[str, int]) -> None:
    database.failure = DataError("no such number")

    def mend(_share: float) -> None:
        database.failure = None

    many.flush(mend)
    assert list(database.rows) == list("efghij")


def test_note_of_many_is_merged_before_a_flush(sums: Pending[str, int]) -> None:
    """Else what is noted while the database hangs would have no limit."""
    for _ in range(1_000):
        sums.note("a", 1)
    assert len(sums._noted) < 100


def test_note_by_threads_at_once_loses_nothing(database: Database) -> None:
    counted: Pending[str, int] = Pending("counted", database.write, merge=operator.add)

    def note(key: str) -> None:
        for _ in range(1_000):
            counted.note(key, 1)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(note, "abab"))
    counted.flush()
    assert database.rows == {"a": 2_000, "b": 2_000}
