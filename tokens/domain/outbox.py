"""Whose turn it is in the outbox: rows are claimed, and then marked with what came of them.

A claim is won by an UPDATE whose condition it makes untrue, so of two workers one has it. It lasts for
LEASE: what a worker that died had claimed is due again then. Only who holds the claim may mark.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import uuid4

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce

from accounts.actor import Actor
from accounts.audit import Subject, record
from tokens.domain.wake import SEND_NOTIFICATIONS, wake
from tokens.models import Notification
from tokens.models.notification import ERROR_LENGTH, REMINDER

# Longer than any mail may take (see tokens.mail.line): else two workers would send it.
LEASE = timedelta(minutes=15)
TRIED_FOR = timedelta(days=3)
LONGEST_PAUSE = timedelta(hours=6)

Outcome = Notification.Outcome


@dataclass(frozen=True, slots=True)
class Batch:
    """What leaves in one mail: of one person, to one address, about one kind of thing."""

    claim: str
    rows: tuple[Notification, ...]

    @property
    def user_id(self) -> int:
        return self.rows[0].user_id

    @property
    def address(self) -> str:
        """Empty for the person's own."""
        return self.rows[0].address

    @property
    def kind(self) -> str:
        """For reminders that of one of them: the mail is about all."""
        return self.rows[0].kind

    @property
    def is_reminder(self) -> bool:
        return self.kind.startswith(REMINDER)


def claim_next(*, now: datetime) -> Batch | None:
    """The mail that has waited longest, claimed; None when nothing is due."""
    due, missed = waiting().filter(next_try_at__lte=now).order_by("next_try_at", "pk"), list[int]()
    while first := due.exclude(pk__in=missed).first():
        if batch := _claim(first, now=now):
            return batch
        missed.append(first.pk)  # another worker was quicker
    return None


def waiting() -> QuerySet[Notification]:
    return Notification.objects.filter(outcome="")


def finish(batch: Batch, outcome: Outcome, rows: Iterable[Notification], *, now: datetime) -> int:
    """Mark `rows` of the batch; returns how many it still held."""
    keys = [row.pk for row in rows]
    return _held(batch).filter(pk__in=keys).update(outcome=outcome, done_at=now, claim="", error="")


def put_back(batch: Batch, *, error: str, now: datetime) -> None:
    """Try again after a pause that grows, or give up after TRIED_FOR."""
    text = error[:ERROR_LENGTH]
    given_up = _held(batch).filter(first_tried_at__lte=now - TRIED_FOR)
    given_up.update(outcome=Outcome.FAILED, done_at=now, claim="", error=text)
    _held(batch).update(next_try_at=now + pause_after(max(row.attempts for row in batch.rows)), claim="", error=text)


@transaction.atomic
def try_again(row: Notification, *, by: Actor, now: datetime) -> None:
    """What was given up begins anew; nothing happens to anything else."""
    given_up = Notification.objects.filter(pk=row.pk, outcome=Outcome.FAILED)
    fresh = {"outcome": "", "done_at": None, "next_try_at": now, "first_tried_at": None, "attempts": 0, "error": ""}
    if given_up.update(**fresh):
        subject = Subject("notification", row.pk, row.kind, row.user_id)
        record("notification.tried_again", by=by, subject=subject, now=now)
        transaction.on_commit(partial(wake, SEND_NOTIFICATIONS))


def pause_after(attempts: int) -> timedelta:
    """1, 2, 4, 8 … minutes, up to LONGEST_PAUSE."""
    return min(timedelta(minutes=2 ** min(attempts - 1, 16)), LONGEST_PAUSE)


def _claim(first: Notification, *, now: datetime) -> Batch | None:
    """What is due for the same mail as `first`; None when another worker has it by now."""
    claim = uuid4().hex
    with transaction.atomic():
        due = _same_mail(first).filter(next_try_at__lte=now)
        # Whoever holds the oldest row gets all: else two workers could each get a part, and send two mails.
        if due.select_for_update().order_by("pk").first() is None:
            return None
        due.update(
            claim=claim,
            next_try_at=now + LEASE,
            attempts=F("attempts") + 1,
            first_tried_at=Coalesce("first_tried_at", now),
        )
    rows = tuple(waiting().filter(claim=claim, user_id=first.user_id).order_by("pk"))
    return Batch(claim, rows) if rows else None


def _same_mail(first: Notification) -> QuerySet[Notification]:
    """All reminders of a person are one mail, and so are all notices of one kind."""
    kind = Q(kind__startswith=REMINDER) if first.kind.startswith(REMINDER) else Q(kind=first.kind)
    return waiting().filter(kind, user_id=first.user_id, address=first.address)


def _held(batch: Batch) -> QuerySet[Notification]:
    return waiting().filter(user_id=batch.user_id, claim=batch.claim)
