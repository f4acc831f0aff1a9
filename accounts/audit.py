"""The audit log: every change and every refusal, in the transaction that made it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NoReturn

from django.conf import settings
from django.db import models
from django.utils.module_loading import import_string

from accounts.actor import Actor

JSON = Mapping[str, Any]


class AuditQuerySet(models.QuerySet["AuditEvent"]):
    def update(self, **_values: object) -> NoReturn:
        raise TypeError("Audit events are never changed.")

    def delete(self) -> NoReturn:
        raise TypeError("Audit events are never deleted one by one.")


class AuditEvent(models.Model):
    """One line of the log.

    It has no foreign keys: it outlives the people and the tokens that it tells of, so ids and names
    are copied. `owner_id` is the person in whose activity it shows.
    """

    at = models.DateTimeField(db_index=True)
    kind = models.CharField(max_length=64)
    actor_id = models.BigIntegerField(null=True)
    actor_email = models.CharField(max_length=254, blank=True)
    channel = models.CharField(max_length=16)
    address = models.CharField(max_length=45, blank=True)
    agent = models.CharField(max_length=200, blank=True)
    actor_token_id = models.BigIntegerField(null=True)
    request_id = models.CharField(max_length=64, blank=True)
    subject_type = models.CharField(max_length=32)
    subject_id = models.BigIntegerField(null=True)
    subject_name = models.CharField(max_length=254, blank=True)
    owner_id = models.BigIntegerField(null=True)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)

    objects = AuditQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["owner_id", "-at"], name="audit_owner_at"),  # the owner's activity page
            models.Index(fields=["subject_type", "subject_id", "-at"], name="audit_subject_at"),  # one token's activity
            models.Index(fields=["actor_id", "-at"], name="audit_actor_at"),  # what one did that is nobody's
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject_name}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            raise TypeError("Audit events are never changed.")
        super().save(*args, **kwargs)

    def delete(self, *_args: object, **_kwargs: object) -> NoReturn:
        raise TypeError("Audit events are never deleted one by one.")


@dataclass(frozen=True, slots=True)
class Subject:
    """What an event is about: a token, a person, the policy."""

    type: str
    id: int | None
    name: str
    owner_id: int | None = None


def record(
    kind: str, *, by: Actor, subject: Subject, now: datetime, before: JSON | None = None, after: JSON | None = None
) -> AuditEvent:
    """Write one event. Call it inside the transaction of the change; values must hold no secrets.

    Whoever the setting AFTER_EVENT names is handed it in the same transaction.
    """
    event = AuditEvent.objects.create(
        at=now,
        kind=kind,
        actor_id=by.user.pk if by.user else None,
        actor_email=by.user.email if by.user else "",
        channel=by.channel,
        address=by.address,
        agent=by.agent[:200],
        actor_token_id=by.token_id,
        request_id=by.request_id,
        subject_type=subject.type,
        subject_id=subject.id,
        subject_name=subject.name,
        owner_id=subject.owner_id,
        before=dict(before or {}),
        after=dict(after or {}),
    )
    import_string(settings.AFTER_EVENT)(event)
    return event


def forget_until(moment: datetime, *, most: int) -> int:
    """Remove the oldest events up to `moment`, so many at most: by their age is the only way that any goes.

    Returns how many went.
    """
    oldest = AuditEvent.objects.filter(at__lte=moment).order_by("at").values_list("pk", flat=True)[:most]
    rows = AuditEvent.objects.filter(pk__in=list(oldest))
    return rows._raw_delete(rows.db)


def changes(before: JSON, after: JSON) -> tuple[dict[str, Any], dict[str, Any]]:
    """Only what differs between the two, as the pair that `record` takes."""
    keys = [key for key in after if before.get(key) != after[key]]
    return {key: before.get(key) for key in keys}, {key: after[key] for key in keys}
