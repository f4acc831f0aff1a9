"""What comes of verifying: which secret was last used when, from where and by what; and how many each day.

Both are collected in the process (see pending.py), because a row written on every request would cost
several times what verifying does.
"""

import operator
from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import NamedTuple

from django.db import connection, transaction
from django.db.models import F

from tokens.domain import last_use_postgres, last_use_sqlite
from tokens.domain.last_use import Use, later
from tokens.domain.pending import Pending, register
from tokens.models import UsageDay
from tokens.networks import CallerAddress


class DayOutcome(NamedTuple):
    """Of the verifications of one day (UTC), those with one outcome."""

    day: date
    outcome: str


def note_outcome(outcome: str, *, now: datetime) -> None:
    counts.note(DayOutcome(now.date(), outcome), 1)


def note_use(secret_id: int, token_id: int, *, address: CallerAddress, agent: str, now: datetime) -> None:
    """A secret was accepted. `agent` holds printable characters alone, at most 200."""
    uses.note(secret_id, Use(now, token_id, address, agent))


def write_uses(batch: Mapping[int, Use]) -> Collection[int]:
    """Those of secrets, by their ids. Returns those that could not be written now."""
    return last_use_sqlite.write(batch) if connection.vendor == "sqlite" else last_use_postgres.write(batch)


@transaction.atomic
def write_counts(batch: Mapping[DayOutcome, int]) -> Collection[DayOutcome]:
    """Add to the rows, in one order everywhere, so that two processes don't wait for each other in a ring."""
    keys = sorted(batch)
    UsageDay.objects.bulk_create([UsageDay(day=key.day, outcome=key.outcome) for key in keys], ignore_conflicts=True)
    for key in keys:
        UsageDay.objects.filter(day=key.day, outcome=key.outcome).update(count=F("count") + batch[key])
    return ()


uses = register(Pending("uses", write_uses, merge=later))
counts = register(Pending("outcomes", write_counts, merge=operator.add))
