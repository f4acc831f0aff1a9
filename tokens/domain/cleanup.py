"""What is old enough to be forgotten, and goes, a small batch at a time."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import CharField, Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat

from accounts.actor import SYSTEM
from accounts.audit import forget_until
from tokens.domain import lifecycle, request_keys
from tokens.domain.jobs import run_job
from tokens.domain.outbox import TRIED_FOR, Outcome, waiting
from tokens.domain.reminders import MOST_LATE, Stage
from tokens.models import (
    AccessToken,
    JobRun,
    Notification,
    Policy,
    RefusalMinute,
    RequestKey,
    TokenSecret,
    UsageDay,
)
from tokens.models.notification import REMINDER

JOB = "clean_up"
# Rows in a transaction: nobody waits long for one.
BATCH = 500
BATCH_OF_TOKENS = 50
# The three indexes by end, one after the other (see AccessToken).
_PARTS = (
    Q(expiry_flagged_at__isnull=False),
    Q(expiry_flagged_at=None) & (Q(revoked_at__isnull=False) | Q(disabled_at__isnull=False)),
    Q(expiry_flagged_at=None, revoked_at=None, disabled_at=None),
)
# A run ends after that, and the next goes on.
LONGEST_RUN = timedelta(minutes=4)
# So long a replaced secret that is still being used can be told of.
SECRETS_KEPT_FOR = timedelta(days=90)
# Longer than any reminder may come late: its key has to stand for as long.
NOTIFICATIONS_KEPT_FOR = timedelta(days=30)

Clock = Callable[[], datetime]
# A batch of it; says how many rows went.
Step = Callable[[], int]


def clean_up(*, clock: Clock) -> JobRun:
    """Forget what the policy's ages say, and what served its time; safe to run twice, or on two workers."""
    return run_job(JOB, lambda now: _clean_up(clock, now=now), now=clock())


def _clean_up(clock: Clock, *, now: datetime) -> dict[str, int]:
    counts = {"reminders": _drop_late_reminders(now)}
    for name, step in _steps(now).items():
        counts[name] = 0
        while clock() < now + LONGEST_RUN and (gone := step()):
            counts[name] += gone
    return counts


def _steps(now: datetime) -> dict[str, Step]:
    policy = Policy.current()
    # An event must be there for as long as its mail may be tried.
    oldest_activity = now - max(timedelta(days=policy.keep_activity_days), TRIED_FOR + timedelta(days=1))
    done = ~Q(outcome="") & Q(done_at__lte=now - NOTIFICATIONS_KEPT_FOR)
    rows: dict[str, tuple[QuerySet[Any], str]] = {
        "secrets": (TokenSecret.objects.filter(replaced_at__lte=now - SECRETS_KEPT_FOR), "replaced_at"),
        "refusals": (RefusalMinute.objects.filter(minute__lte=now - SECRETS_KEPT_FOR), "minute"),
        "notifications": (Notification.objects.filter(done), "done_at"),
        "request_keys": (RequestKey.objects.filter(created_at__lte=now - request_keys.KEPT_FOR), "pk"),
        "usage_days": (UsageDay.objects.filter(day__lt=oldest_activity.date()), "pk"),
        "sessions": (Session.objects.filter(expire_date__lte=now), "expire_date"),
    }
    steps: dict[str, Step] = {name: _deleting(*what) for name, what in rows.items()}
    steps["tokens"] = lambda: _delete_tokens(now)
    steps["activity"] = lambda: forget_until(oldest_activity, most=BATCH)
    return steps


def _deleting(rows: QuerySet[Any], order: str) -> Step:
    def step() -> int:
        keys = list(rows.order_by(order).values_list("pk", flat=True)[:BATCH])
        return rows.filter(pk__in=keys).delete()[0]

    return step


def _drop_late_reminders(now: datetime) -> int:
    """Where no mail can be sent they would wait for ever."""
    late = waiting().filter(kind__startswith=REMINDER, created_at__lt=now - MOST_LATE)
    return late.update(outcome=Outcome.DROPPED, done_at=now)


def expired_tokens(*, now: datetime) -> QuerySet[AccessToken]:
    """Tokens whose end is as long ago as the policy says, and whose owners were told of it.

    Nobody is told of the end of what was revoked or switched off, of what is a deactivated person's, or
    later than MOST_LATE.
    """
    untold = Q(revoked_at=None, disabled_at=None, owner__deactivated_at=None) & ~Q(owner__email="")
    key = Concat(Value(f"{Stage.ENDED}:"), Cast(OuterRef("pk"), CharField()))
    done = Notification.objects.filter(dedupe_key=key).exclude(outcome="")
    told = TokenSecret.objects.filter(Exists(done), token=OuterRef("pk"), replaced_at=None)
    ended = AccessToken.objects.filter(expires_at__lte=now - timedelta(days=Policy.current().keep_expired_days))
    return ended.filter(~untold | Q(expires_at__lt=now - MOST_LATE) | Exists(told))


@transaction.atomic
def _delete_tokens(now: datetime) -> int:
    """Locked first: one that its owner regenerates in this very moment is not among them any more."""
    for part in _PARTS:
        due = expired_tokens(now=now).filter(part).order_by("expires_at")
        batch = list(due.select_for_update(skip_locked=True, of=("self",))[:BATCH_OF_TOKENS])
        for token in batch:
            lifecycle.delete_token(token, by=SYSTEM, now=now)
        if batch:
            return len(batch)
    return 0
