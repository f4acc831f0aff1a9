"""Requests that made a token, so that a repeat makes no second one."""

from django.conf import settings
from django.db import models

KEY_LENGTH = 64
FINGERPRINT_LENGTH = 64


class RequestKey(models.Model):
    """A form key or an Idempotency-Key; counts for 24 hours from `created_at`.

    `token_id` is no foreign key: a repeat is a repeat even when the token is deleted by then.
    `fingerprint` is a keyed digest of what was asked for with an Idempotency-Key, so that the same
    key with something else is told apart; empty for a form.
    """

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    key = models.CharField(max_length=KEY_LENGTH)
    fingerprint = models.CharField(max_length=FINGERPRINT_LENGTH, blank=True, default="", db_default="")
    token_id = models.BigIntegerField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "key"], name="request_key_once_per_owner")]

    def __str__(self) -> str:
        return self.key
