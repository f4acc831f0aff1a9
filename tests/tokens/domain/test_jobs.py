"""A job's run, and the row that tells of it."""

from datetime import datetime, timedelta

import pytest

from tokens.domain.jobs import KEPT_FOR, run_job
from tokens.models import JobRun

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)


def nothing(_now: datetime) -> dict[str, int]:
    return {}


def test_run_job_keeps_when_it_ran_and_what_it_counted(now: datetime) -> None:
    run = run_job("tidy", lambda _now: {"tidied": 3}, now=now)
    run.refresh_from_db()
    assert (run.job, run.started_at, run.counts) == ("tidy", now, {"tidied": 3})
    assert run.finished_at is not None
    assert run.finished_at >= now


def test_run_job_hands_its_time_to_the_work(now: datetime) -> None:
    def work(moment: datetime) -> dict[str, int]:
        return {"days ago": (now - moment).days}

    assert run_job("tidy", work, now=now - timedelta(days=3)).counts == {"days ago": 3}


def test_run_job_in_the_middle_can_be_seen(now: datetime) -> None:
    def work(_now: datetime) -> dict[str, int]:
        return {"unfinished": JobRun.objects.filter(job="tidy", finished_at=None).count()}

    assert run_job("tidy", work, now=now).counts == {"unfinished": 1}


def test_run_job_whose_work_fails_leaves_a_run_without_an_end(now: datetime) -> None:
    def work(_now: datetime) -> dict[str, int]:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run_job("tidy", work, now=now)
    assert JobRun.objects.get().finished_at is None


def test_run_job_with_a_time_to_come_ends_no_earlier_than_it_began(now: datetime) -> None:
    later = now + timedelta(days=1)
    assert run_job("tidy", nothing, now=later).finished_at == later


def test_run_job_forgets_its_own_runs_of_more_than_a_week_ago(now: datetime) -> None:
    for job in ("tidy", "another"):
        for began in (now - KEPT_FOR - SECOND, now - KEPT_FOR):
            JobRun.objects.create(job=job, started_at=began)
    run_job("tidy", nothing, now=now)
    assert JobRun.objects.filter(job="tidy").count() == 2
    assert JobRun.objects.filter(job="another").count() == 2


def test_run_of_a_job_is_named_by_what_and_when(now: datetime) -> None:
    run = run_job("sweep", lambda _now: {}, now=now)
    assert str(run) == f"sweep at {now:%Y-%m-%d %H:%M:%S}"
