"""The worker's application: `celery -A tokenportal worker --beat`."""

import logging
import os
import threading
import time
from typing import Any

from celery import Celery
from celery.signals import beat_embedded_init, setup_logging, worker_ready

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tokenportal.settings")

app = Celery("tokenportal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def keep_django_logging(loglevel: int, **_signal: Any) -> None:
    """Celery would replace the handlers that take secrets out of lines."""
    logging.getLogger("celery").setLevel(loglevel)


@worker_ready.connect
def run_sweeps_at_start(**_signal: Any) -> None:
    """A fresh beat waits a whole interval first; what was missed while no worker ran is due now."""
    for entry in app.conf.beat_schedule.values():
        app.send_task(entry["task"])


@beat_embedded_init.connect
def end_with_worker(**_signal: Any) -> None:
    """The beat is a child of the worker. When that is killed, it would go on sending for nobody."""
    threading.Thread(target=_watch, args=[os.getppid()], daemon=True).start()


def _watch(worker: int) -> None:
    while os.getppid() == worker:
        time.sleep(1)
    os._exit(0)
