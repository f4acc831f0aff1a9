"""How the database finds what the job has to do: among many tokens by the index made for it."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.db.models import QuerySet

from accounts.models import User
from tokens.domain.expiry import due_for_flag, due_for_unflag
from tokens.domain.reminders import Stage, due_for_reminder
from tokens.models import AccessToken

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)
DAY = timedelta(days=1)
MANY = 5000


@pytest.fixture
def _many_tokens(alice: User) -> None:
    """Spread over the next years; one in a hundred is flagged."""
    made = {"owner": alice, "created_at": NOW - timedelta(days=9), "updated_at": NOW}
    AccessToken.objects.bulk_create(
        AccessToken(
            name=f"token {number}",
            name_key=f"token {number}",
            expires_at=NOW + timedelta(hours=number),
            expiry_flagged_at=None if number % 100 else NOW,
            **made,
        )
        for number in range(MANY)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def plan(tokens: QuerySet[AccessToken]) -> str:
    return tokens.explain()


@pytest.mark.usefixtures("_many_tokens")
def test_due_for_flag_among_many_tokens_reads_the_index_of_unflagged_ends() -> None:
    assert "token_unflagged_end" in plan(due_for_flag(now=NOW))


@pytest.mark.usefixtures("_many_tokens")
def test_due_for_unflag_among_many_tokens_reads_the_index_of_flagged_ones() -> None:
    assert "token_flagged" in plan(due_for_unflag(now=NOW))


@pytest.mark.usefixtures("_many_tokens")
def test_reminders_among_many_tokens_read_an_index_of_flagged_ends() -> None:
    """Where there are few people, that of each one's."""
    assert "token_flagged" in due_for_reminder(Stage.LAST, lead=DAY, now=NOW).explain()
