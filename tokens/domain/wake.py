"""Asking the worker for a sweep before its time."""

import structlog
from django.conf import settings
from django.utils.module_loading import import_string

FLAG_EXPIRING = "tokens.tasks.flag_expiring"
SEND_NOTIFICATIONS = "tokens.tasks.send_notifications"
# In seconds. A worker that comes later than that runs every sweep at its start.
WAKE_EXPIRES = 60
log = structlog.get_logger(__name__)


def wake(task: str) -> None:
    """Have a sweep run soon. Without a broker it runs when the next beat does, and nobody is told an error."""
    try:
        # The app by name: Celery knows a current one in the thread alone that imported it.
        import_string(settings.WORKER_APP).send_task(task, retry=False, expires=WAKE_EXPIRES)
    except Exception as error:  # whatever a broker raises, what woke the task is done and committed
        log.warning("task not woken", task=task, error=str(error))
