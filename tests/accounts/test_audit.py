"""The audit log is only ever added to."""

from collections.abc import Callable

import pytest
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from accounts.actor import COMMAND, Actor, actor_of, caller_of
from accounts.audit import AuditEvent, Subject, changes, record
from accounts.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def event() -> AuditEvent:
    return record("policy.changed", by=COMMAND, subject=Subject("policy", 1, "Policy"), now=timezone.now())


@pytest.mark.parametrize(
    "act",
    [
        lambda event: event.save(),
        lambda event: event.delete(),
        lambda event: AuditEvent.objects.update(kind="x"),
        lambda event: AuditEvent.objects.filter(pk=event.pk).delete(),
        lambda event: AuditEvent.objects.bulk_update([event], ["kind"]),
        lambda event: AuditEvent.objects.update_or_create(pk=event.pk, defaults={"kind": "x"}),
    ],
)
def test_audit_event_once_written_stays(event: AuditEvent, act: Callable[[AuditEvent], object]) -> None:
    with pytest.raises(TypeError, match="Audit events are never"), transaction.atomic():
        act(event)
    assert AuditEvent.objects.get().kind == "policy.changed"


def test_record_with_actor_copies_who_and_from_where(alice: User) -> None:
    by = Actor(alice, "api", "203.0.113.7", "x" * 300, token_id=5, request_id="abc")
    made = record("user.tried", by=by, subject=alice.subject, now=timezone.now(), before={"a": 1}, after={"a": 2})
    saved = AuditEvent.objects.get()
    assert (saved.actor_id, saved.actor_email, saved.actor_token_id) == (alice.pk, alice.email, 5)
    assert (saved.address, saved.agent, saved.request_id) == ("203.0.113.7", "x" * 200, "abc")
    assert (saved.before, saved.after, saved.owner_id) == ({"a": 1}, {"a": 2}, alice.pk)
    assert str(made) == "user.tried alice@example.com"


def test_record_when_its_person_is_deleted_stays(alice: User) -> None:
    record("user.tried", by=Actor(alice, "web"), subject=alice.subject, now=timezone.now())
    alice.delete()
    assert AuditEvent.objects.get().actor_email == "alice@example.com"


def test_changes_between_two_states_are_what_differs() -> None:
    assert changes({"a": 1, "b": 2}, {"a": 1, "b": 3, "c": 4}) == ({"b": 2, "c": None}, {"b": 3, "c": 4})


def test_actor_of_request_is_person_or_nobody(alice: User, client_request: HttpRequest) -> None:
    assert actor_of(client_request).user is None
    client_request.user = alice
    assert actor_of(client_request) == Actor(
        alice, "web", "127.0.0.1", "", request_id=caller_of(client_request).request_id
    )
