"""The sweep that sends what waits in the outbox."""

import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

from accounts.models import User
from accounts.time_zones import zone_named
from tokens.domain import outbox
from tokens.domain.jobs import run_job
from tokens.domain.outbox import Batch, Outcome
from tokens.mail.letters import Letter, message_of
from tokens.mail.line import Line
from tokens.mail.notices import notice_letter
from tokens.mail.reminders import reminder_letter
from tokens.models import JobRun

JOB = "send_notifications"
# A sweep ends after that; what is left waits for the next, which the beat starts each minute. So mails
# that a slow server takes for hours never keep the worker from its other jobs.
LONGEST_SWEEP = timedelta(seconds=50)
# In seconds, between the tries to mark a mail that has left.
PAUSES = (0.5, 1, 2, 4, 8, 16)

Clock = Callable[[], datetime]
log = structlog.get_logger(__name__)


def send_notifications(*, clock: Clock) -> JobRun:
    """Send what is due, a mail at a time; safe to run twice, late, or on two workers.

    Nothing happens where no mail can be sent: what waits goes out when it can.
    """
    return run_job(JOB, lambda now: _sweep(clock, until=now + LONGEST_SWEEP), now=clock())


def _sweep(clock: Clock, *, until: datetime) -> dict[str, int]:
    counts = Counter[str]()
    with Line() as line:
        while settings.CAN_MAIL and line.is_usable and (now := clock()) < until:
            batch = outbox.claim_next(now=now)
            if batch is None:
                break
            counts.update(_deliver(batch, line, clock))
    return dict(counts)


def _deliver(batch: Batch, line: Line, clock: Clock) -> dict[str, int]:
    """One person's mail. Whatever goes wrong with it, the others get theirs."""
    try:
        letter, message = _compose(batch, now=clock())
        if message:
            line.send(message)
    except Exception as error:
        log.warning("mail not sent", user_id=batch.user_id, kind=batch.kind, error=type(error).__name__)
        outbox.put_back(batch, error=f"{type(error).__name__}: {error}", now=clock())
        return {"put_back": len(batch.rows)}
    told = letter.told if letter else []
    untold = set(batch.rows) - set(told)
    return {
        "sent": _insist(lambda: outbox.finish(batch, Outcome.SENT, told, now=clock())),
        "dropped": outbox.finish(batch, Outcome.DROPPED, untold, now=clock()),
        "mails": 1 if message else 0,
    }


def _insist(mark: Callable[[], int]) -> int:
    """A mail that has left and is not marked would come again: a database that restarts is waited for."""
    for pause in PAUSES:
        try:
            return mark()
        except (OperationalError, InterfaceError):
            connection.close()
            time.sleep(pause)
    return mark()


def _compose(batch: Batch, *, now: datetime) -> tuple[Letter | None, EmailMultiAlternatives | None]:
    """What to say and the mail that says it, or nothing: to nobody who was deactivated or has no address."""
    user = User.objects.filter(pk=batch.user_id, deactivated_at=None).first()
    address = batch.address or (user.email if user else "")
    if user is None or not address:
        return None, None
    with timezone.override(zone_named(user.time_zone)):
        letter = reminder_letter(batch, now=now) if batch.is_reminder else notice_letter(batch, user)
        return letter, message_of(letter, user, address) if letter else None
