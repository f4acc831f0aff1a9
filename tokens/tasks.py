"""What the worker does: sweeps, which find their work in the database.

A task carries nothing, so a lost one costs time and nothing else, and a second one finds nothing to do.
"""

from typing import Any

import structlog
from celery import Task, shared_task
from django.utils import timezone
from kombu.exceptions import OperationalError

from tokens.domain import expiry

log = structlog.get_logger(__name__)


@shared_task
def flag_expiring() -> dict[str, int]:
    """Set and take off the flags of tokens that end soon."""
    counts: dict[str, int] = expiry.flag_expiring(now=timezone.now()).counts
    return counts


def wake(task: "Task[Any, Any]") -> None:
    """Have a sweep run soon. Without a broker it runs when the next beat does, and nobody is told an error."""
    try:
        task.apply_async(retry=False)
    except (OperationalError, OSError) as error:
        log.warning("task not woken", task=task.name, error=str(error))
