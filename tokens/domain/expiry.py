"""The flag of tokens that end soon or have ended. It decides what people are told, never what is accepted."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet

from accounts.models import User
from tokens.domain.jobs import run_job
from tokens.domain.reminders import add_reminders
from tokens.domain.states import reminder_window
from tokens.domain.wake import SEND_NOTIFICATIONS, wake
from tokens.models import AccessToken, JobRun, Policy

JOB = "flag_expiring"
# A dismissed banner comes back once, when so much is left; and goes for good so long after the end.
LAST_CALL = timedelta(days=1)
BANNER_KEPT_FOR = timedelta(days=30)


def flag_expiring(*, now: datetime) -> JobRun:
    """Set the flags that should stand, take off the others, and put reminders into the outbox.

    Safe to run twice, late, or on two workers.
    """
    run = run_job(JOB, _flag, now=now)
    if run.counts["reminders"]:
        wake(SEND_NOTIFICATIONS)
    return run


def _flag(now: datetime) -> dict[str, int]:
    return {
        "flagged": _update(due_for_flag(now=now), flagged_at=now),
        "unflagged": _update(due_for_unflag(now=now), flagged_at=None),
        "reminders": add_reminders(now=now),
    }


def due_for_flag(*, now: datetime) -> QuerySet[AccessToken]:
    """Unflagged tokens of active owners, neither revoked nor disabled, that end within the window or have ended."""
    return AccessToken.objects.filter(
        _ends_by(now), expiry_flagged_at=None, revoked_at=None, disabled_at=None, owner__in=_active_owners()
    )


def due_for_unflag(*, now: datetime) -> QuerySet[AccessToken]:
    """Flagged tokens of which that is no longer true."""
    untrue = (
        ~_ends_by(now) | Q(revoked_at__isnull=False) | Q(disabled_at__isnull=False) | ~Q(owner__in=_active_owners())
    )
    return AccessToken.objects.filter(untrue, expiry_flagged_at__isnull=False)


def banner_tokens(owner: User, *, now: datetime) -> QuerySet[AccessToken]:
    """The flagged tokens that the owner should see, soonest end first."""
    dismissed_before = Q(banner_dismissed_at__lt=F("expires_at") - LAST_CALL)
    undismissed = Q(banner_dismissed_at=None) | Q(expires_at__lte=now + LAST_CALL) & dismissed_before
    recent = Q(expires_at__gt=now - BANNER_KEPT_FOR)
    return owner.tokens.filter(undismissed, recent, expiry_flagged_at__isnull=False).order_by("expires_at", "pk")


def _update(due: QuerySet[AccessToken], *, flagged_at: datetime | None) -> int:
    """One statement. Rows that somebody is just changing are left for the next run, so that no two
    runs can wait for each other (SQLite has one writer and ignores the lock)."""
    with transaction.atomic():
        ids = due.order_by("pk").select_for_update(skip_locked=True, of=("self",)).values("pk")
        return AccessToken.objects.filter(pk__in=ids).update(expiry_flagged_at=flagged_at)


def _ends_by(now: datetime) -> Q:
    return Q(expires_at__lte=now + reminder_window(Policy.current()))


def _active_owners() -> QuerySet[User]:
    return User.objects.filter(deactivated_at=None)
