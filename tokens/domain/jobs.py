"""A job's run, and the row that tells of it."""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.utils import timezone

from tokens.models import JobRun

KEPT_FOR = timedelta(days=7)


def run_job(job: str, work: Callable[[datetime], dict[str, int]], *, now: datetime) -> JobRun:
    """Do `work(now)` and keep when it began and ended, and the numbers that it returns.

    The row is written before the work, in no transaction with it: a run whose process died can be seen.
    """
    run = JobRun.objects.create(job=job, started_at=now)
    run.counts = work(now)
    run.finished_at = max(timezone.now(), now)
    run.save(update_fields=["counts", "finished_at"])
    JobRun.objects.filter(job=job, started_at__lt=now - KEPT_FOR).delete()
    return run
