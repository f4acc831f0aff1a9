"""What the worker runs, and how it is asked to run soon."""

import time
from datetime import datetime, timedelta
from threading import Thread
from typing import Any

import pytest
from kombu.exceptions import OperationalError

from tests.conftest import MakeToken
from tokenportal.celery import app, run_sweeps_at_start
from tokens.domain.wake import FLAG_EXPIRING, REST, SEND_NOTIFICATIONS, WAKE_EXPIRES, _Broker, wake
from tokens.tasks import clean_up, flag_expiring, send_notifications

Sent = list[tuple[str, dict[str, Any]]]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Sent:
    """What the worker's application was asked to send."""
    calls: Sent = []
    monkeypatch.setattr(app, "send_task", lambda name, **options: calls.append((name, options)))
    return calls


def test_flag_expiring_flags_by_the_clock(make_token: MakeToken, now: datetime) -> None:
    token, _ = make_token(expires_at=now + timedelta(days=3))
    assert flag_expiring() == {"flagged": 1, "unflagged": 0, "reminders": 0}
    token.refresh_from_db()
    assert token.expiry_flagged_at is not None
    assert token.expiry_flagged_at >= now


def test_wake_sends_the_name_alone_and_does_not_wait_for_the_broker(sent: Sent) -> None:
    wake(FLAG_EXPIRING)
    assert sent == [("tokens.tasks.flag_expiring", {"retry": False, "expires": WAKE_EXPIRES})]


def test_wake_in_another_thread_finds_the_same_broker(sent: Sent) -> None:
    thread = Thread(target=wake, args=[FLAG_EXPIRING])
    thread.start()
    thread.join()
    assert len(sent) == 1


@pytest.mark.parametrize("error", [OperationalError("refused"), OSError("no space"), ValueError("torn")])
def test_wake_with_a_broker_that_fails_says_so_in_the_log_alone(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    def fail(*_args: object, **_options: object) -> None:
        raise error

    monkeypatch.setattr(app, "send_task", fail)
    monkeypatch.setattr(_Broker, "rests_until", 0.0)  # and put back what the failure leaves there
    wake(FLAG_EXPIRING)
    assert "task not woken" in caplog.text
    assert str(error) in caplog.text


def test_wake_after_a_failure_does_not_wait_for_the_broker_again_at_once(
    monkeypatch: pytest.MonkeyPatch, sent: Sent
) -> None:
    monkeypatch.setattr(_Broker, "rests_until", time.monotonic() + REST)
    wake(FLAG_EXPIRING)
    assert sent == []
    monkeypatch.setattr(_Broker, "rests_until", time.monotonic())
    wake(FLAG_EXPIRING)
    assert len(sent) == 1


def test_wake_names_a_task_that_the_worker_has() -> None:
    assert (flag_expiring.name, send_notifications.name) == (FLAG_EXPIRING, SEND_NOTIFICATIONS)


def test_worker_at_its_start_asks_for_every_sweep_of_the_schedule(sent: Sent) -> None:
    run_sweeps_at_start()
    assert [name for name, _options in sent] == [entry["task"] for entry in app.conf.beat_schedule.values()]
    assert ("tokens.tasks.flag_expiring", {}) in sent


def test_send_notifications_and_clean_up_run_by_the_clock(make_token: MakeToken) -> None:
    make_token(request_key="k")
    assert send_notifications()["mails"] == 1
    assert clean_up()["request_keys"] == 0
