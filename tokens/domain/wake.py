"""Asking the worker for a sweep before its time."""

import time

import structlog
from django.conf import settings
from django.utils.module_loading import import_string

FLAG_EXPIRING = "tokens.tasks.flag_expiring"
SEND_NOTIFICATIONS = "tokens.tasks.send_notifications"
# In seconds. A worker that comes later than that runs every sweep at its start.
WAKE_EXPIRES = 60
# In seconds, after a broker has failed: who acts on a hundred tokens waits for it once and not a hundred times.
REST = 30
log = structlog.get_logger(__name__)


class _Broker:
    """What this process knows of it."""

    rests_until = 0.0


def wake(task: str) -> None:
    """Have a sweep run soon. Without a broker it runs when the next beat does, and nobody is told an error."""
    if time.monotonic() < _Broker.rests_until:
        return
    try:
        # The app by name: Celery knows a current one in the thread alone that imported it.
        import_string(settings.WORKER_APP).send_task(task, retry=False, expires=WAKE_EXPIRES)
    except Exception as error:  # whatever a broker raises, what woke the task is done and committed
        _Broker.rests_until = time.monotonic() + REST
        log.warning("task not woken", task=task, error=str(error))
