"""Lists of the console stay quick: a bounded count, a fixed number of queries."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.actor import COMMAND
from accounts.audit import Subject, record
from accounts.models import User
from tests.conftest import MakeToken, MakeUser
from tests.tokens.admin.conftest import Console
from tokens.admin import listing
from tokens.domain.resources import register_resource

MOST_QUERIES = 12


def queries_of(console: Console, view: str, query: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert console.get(view, query=query).status_code == 200
    return len(captured)


@pytest.fixture
def make_more(make_user: MakeUser, make_token: MakeToken, now: datetime) -> Callable[[int], None]:
    """So many more rows for every list, the tokens of as many owners."""

    def make(count: int) -> None:
        for number in range(count):
            make_token(owner=make_user())
            register_resource(f"r-{count}-{number}", title="Resource", by=COMMAND, now=now)

    return make


@pytest.mark.parametrize(
    ("view", "query"),
    [
        ("tokens", ""),
        ("tokens", "?q=token&state=active&used=never"),
        ("people", "?q=person&state=active"),
        ("resources", ""),
        ("notifications", "?q=person&state=waiting"),
        ("audit", ""),
        ("audit", "?q=person&about=token&days=7"),
    ],
)
def test_list_asks_as_much_for_a_hundred_rows_as_for_one(
    view: str, query: str, console: Console, make_more: Callable[[int], None]
) -> None:
    make_more(1)
    few = queries_of(console, view, query)
    make_more(100)
    assert queries_of(console, view, query) == few
    assert few <= MOST_QUERIES


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of two, and nobody counts past six."""
    monkeypatch.setattr(listing, "PAGE_SIZE", 2)
    monkeypatch.setattr(listing, "MOST_COUNTED", 6)


def make_people(count: int) -> None:
    User.objects.bulk_create(User(email=f"p{number}@example.com", password="!") for number in range(count))


def test_list_page_past_the_end_is_the_last(few: None, console: Console) -> None:
    make_people(4)
    answer = console.get("people", query="?p=99")
    assert answer.context["cl"].page.number == 3
    assert "5–5 of 5" in answer.content.decode()


def test_list_counts_to_a_bound_and_says_that_there_is_more(few: None, console: Console) -> None:
    make_people(20)
    answer = console.get("people", query="?p=99")
    assert answer.context["cl"].page.number == 3
    assert "5–6 of more than 6" in answer.content.decode()


def test_list_links_of_pages_keep_search_and_filters(few: None, console: Console) -> None:
    make_people(6)
    text = console.text("people", query="?q=p&state=active&p=2")
    assert "?q=p&amp;state=active&amp;p=3" in text


def test_list_that_finds_nothing_offers_to_show_all(console: Console) -> None:
    text = console.text("tokens", query="?q=nothing+has+this+name")
    assert "Nothing matches" in text
    assert "Show all" in text


def test_list_count_is_bounded_in_the_database(console: Console, few: None) -> None:
    make_people(20)
    with CaptureQueriesContext(connection) as captured:
        console.get("people")
    counts = [query["sql"] for query in captured if "COUNT(" in query["sql"]]
    assert counts
    assert all("LIMIT 7" in sql for sql in counts)


def test_list_newest_first(console: Console, make_token: MakeToken, now: datetime) -> None:
    make_token(name="made first", now=now - timedelta(days=2))
    make_token(name="made last")
    text = console.text("tokens")
    assert text.index("made last") < text.index("made first")


def test_audit_list_newest_first_whatever_the_order_of_writing(console: Console, now: datetime) -> None:
    for kind, hours in (("token.second", 1), ("token.first", -1)):
        record(kind, by=COMMAND, subject=Subject("token", 1, "x"), now=now + timedelta(hours=hours))
    text = console.text("audit")
    assert text.index("Token second") < text.index("Token first")
