"""The outbox: what people are to be told by mail."""

from django.db import models
from django.db.models import Q

REMINDER = "reminder."  # how the kinds of reminders begin
ERROR_LENGTH = 200


class Notification(models.Model):
    """One thing to tell one person; several may leave in one mail.

    A reminder (`reminder.first`, `.last`, `.ended`) is about the secret of a token, anything else
    about an audit event. There are no foreign keys: when the cause is gone, nothing is sent.
    `address` is empty where the mail goes to the person's own. While it waits, `next_try_at` says from
    when on a worker may claim it; the claim moves it on, so that a dead worker's is taken over then.
    """

    class Outcome(models.TextChoices):
        SENT = "sent", "Sent"
        DROPPED = "dropped", "Not needed any more"
        FAILED = "failed", "Given up"

    dedupe_key = models.CharField(max_length=40, unique=True)
    kind = models.CharField(max_length=40)
    user_id = models.BigIntegerField()
    address = models.CharField(max_length=254, blank=True)
    token_id = models.BigIntegerField(null=True)
    secret_id = models.BigIntegerField(null=True)
    event_id = models.BigIntegerField(null=True)
    created_at = models.DateTimeField()
    next_try_at = models.DateTimeField()
    claim = models.CharField(max_length=32, blank=True, db_default="")
    attempts = models.PositiveSmallIntegerField(default=0, db_default=0)
    first_tried_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=ERROR_LENGTH, blank=True, db_default="")
    outcome = models.CharField(max_length=8, choices=Outcome, blank=True, db_default="")
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__startswith=REMINDER, token_id__isnull=False, secret_id__isnull=False, event_id=None)
                | ~Q(kind__startswith=REMINDER) & Q(event_id__isnull=False, secret_id=None),
                name="notification_has_one_cause",
            ),
            models.CheckConstraint(
                condition=Q(outcome="", done_at=None)
                | Q(outcome__in=["sent", "dropped", "failed"], done_at__isnull=False),
                name="notification_done_with_outcome",
            ),
        ]
        indexes = [
            # What the sender asks: what is due, and what else waits for the same person.
            models.Index(fields=["next_try_at", "id"], condition=Q(outcome=""), name="notification_due"),
            models.Index(fields=["user_id"], condition=Q(outcome=""), name="notification_waiting"),
            # What the console lists, and the clean-up removes.
            models.Index(fields=["outcome", "-done_at"], condition=~Q(outcome=""), name="notification_done"),
        ]

    def __str__(self) -> str:
        return self.dedupe_key
