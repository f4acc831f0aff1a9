"""Changing the rules of the portal."""

from datetime import datetime
from typing import Any

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.actor import Actor
from accounts.audit import AuditEvent
from tests.tokens.conftest import last_event
from tokenportal.celery import app
from tokens.domain.policy import LIMITS, SWITCHES, change_policy
from tokens.domain.wake import FLAG_EXPIRING
from tokens.errors import InvalidPolicy
from tokens.models import Policy


def test_change_policy_sets_what_is_named_and_leaves_the_rest(admin: Actor, now: datetime) -> None:
    changed = change_policy(by=admin, now=now, longest_days=90, overlap_allowed=True)
    assert (changed.longest_days, changed.overlap_allowed, changed.default_days) == (90, True, 30)
    assert Policy.current().longest_days == 90


def test_change_policy_records_old_and_new_values(admin: Actor, now: datetime) -> None:
    change_policy(by=admin, now=now, default_days=7, longest_days=365)
    event = last_event("policy.changed")
    assert (event.before, event.after) == ({"default_days": 30}, {"default_days": 7})
    assert (event.actor_id, event.subject_type, event.at) == (admin.user and admin.user.pk, "policy", now)


def test_change_policy_to_what_it_is_records_nothing(admin: Actor, now: datetime) -> None:
    change_policy(by=admin, now=now, default_days=30, full_access_allowed=True)
    assert not AuditEvent.objects.filter(kind="policy.changed").exists()


@pytest.mark.parametrize("name", LIMITS)
def test_change_policy_bounds_are_taken_and_what_lies_outside_is_refused(
    name: str, admin: Actor, now: datetime
) -> None:
    least, most = LIMITS[name]
    for value in (least, most):
        change_policy(by=admin, now=now, **{"default_days": 1, "longest_days": 3650, name: value})
    for value in (least - 1, most + 1, 10**30):
        with pytest.raises(InvalidPolicy) as refused:
            change_policy(by=admin, now=now, **{name: value})
        assert refused.value.field == name


@pytest.mark.parametrize("value", ["7", None, 7.5, [], float("nan")])
def test_change_policy_value_of_another_type_is_refused(value: Any, admin: Actor, now: datetime) -> None:
    for name in (*LIMITS, *SWITCHES):
        with pytest.raises(InvalidPolicy) as refused:
            change_policy(by=admin, now=now, **{name: value})
        assert refused.value.field == name


def test_change_policy_yes_is_no_number(admin: Actor, now: datetime) -> None:
    with pytest.raises(InvalidPolicy):
        change_policy(by=admin, now=now, default_days=True)
    with pytest.raises(InvalidPolicy):
        change_policy(by=admin, now=now, overlap_allowed=1)


def test_change_policy_default_longer_than_longest_is_refused(admin: Actor, now: datetime) -> None:
    with pytest.raises(InvalidPolicy, match="longest"):
        change_policy(by=admin, now=now, longest_days=29)
    assert Policy.current().longest_days == 365


def test_change_policy_unknown_rule_is_refused(admin: Actor, now: datetime) -> None:
    with pytest.raises(InvalidPolicy, match="no rule"):
        change_policy(by=admin, now=now, id=2)


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tasks that the worker was asked for."""
    names: list[str] = []
    monkeypatch.setattr(app, "send_task", lambda name, **_options: names.append(name))
    return names


def test_change_policy_of_the_reminder_window_wakes_the_flagging_job_when_committed(
    admin: Actor, now: datetime, woken: list[str], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        change_policy(by=admin, now=now, reminder_days=14)
        assert woken == []
    assert woken == [FLAG_EXPIRING]


def test_change_policy_of_other_rules_wakes_nobody(
    admin: Actor, now: datetime, woken: list[str], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        change_policy(by=admin, now=now, longest_days=90)
    assert woken == []
