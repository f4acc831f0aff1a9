"""What the worker does: sweeps, which find their work in the database.

A task carries nothing, so a lost one costs time and nothing else, and a second one finds nothing to do.
"""

from typing import Any

import structlog
from celery import Task, shared_task
from django.conf import settings
from django.utils import timezone
from django.utils.module_loading import import_string

from tokens.domain import expiry

# In seconds. A worker that comes later than that runs every sweep at its start.
WAKE_EXPIRES = 60
log = structlog.get_logger(__name__)


@shared_task
def flag_expiring() -> dict[str, int]:
    """Set and take off the flags of tokens that end soon."""
    counts: dict[str, int] = expiry.flag_expiring(now=timezone.now()).counts
    return counts


def wake(task: "Task[Any, Any]") -> None:
    """Have a sweep run soon. Without a broker it runs when the next beat does, and nobody is told an error."""
    try:
        # The app by name: Celery knows a current one in the thread alone that imported it.
        import_string(settings.WORKER_APP).send_task(task.name, retry=False, expires=WAKE_EXPIRES)
    except Exception as error:  # whatever a broker raises, what woke the task is done and committed
        log.warning("task not woken", task=task.name, error=str(error))
