"""What the worker does: sweeps, which find their work in the database.

A task carries nothing, so a lost one costs time and nothing else, and a second one finds nothing to do.
`tokens.domain.wake` asks for one before its time.
"""

from celery import shared_task
from django.utils import timezone

from tokens.domain import cleanup, expiry
from tokens.mail import sending


@shared_task
def flag_expiring() -> dict[str, int]:
    """Set and take off the flags of tokens that end soon."""
    counts: dict[str, int] = expiry.flag_expiring(now=timezone.now()).counts
    return counts


@shared_task
def send_notifications() -> dict[str, int]:
    """Send what waits in the outbox."""
    counts: dict[str, int] = sending.send_notifications(clock=timezone.now).counts
    return counts


@shared_task
def clean_up() -> dict[str, int]:
    """Forget what is old enough."""
    counts: dict[str, int] = cleanup.clean_up(clock=timezone.now).counts
    return counts
