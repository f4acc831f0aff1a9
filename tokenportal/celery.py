"""The worker's application: `celery -A tokenportal worker --beat`."""

import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging, worker_ready

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tokenportal.settings")

app = Celery("tokenportal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def keep_django_logging(**_signal: Any) -> None:
    """Celery would replace the handlers that take secrets out of lines."""


@worker_ready.connect
def run_sweeps_at_start(**_signal: Any) -> None:
    """A fresh beat waits a whole interval first; what was missed while no worker ran is due now."""
    for entry in app.conf.beat_schedule.values():
        app.send_task(entry["task"])
