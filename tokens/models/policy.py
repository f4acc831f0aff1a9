"""The rules that administrators set: one row."""

from django.db import models
from django.db.models import F, Q


class Policy(models.Model):
    """Days are 24 hours. `default_days` is offered first; no end may lie past `longest_days` from now."""

    default_days = models.PositiveSmallIntegerField(default=30)
    longest_days = models.PositiveSmallIntegerField(default=365)
    overlap_allowed = models.BooleanField(default=False)
    tokens_per_owner = models.PositiveIntegerField(default=100)
    reminder_days = models.PositiveSmallIntegerField(default=7)
    recheck_minutes = models.PositiveSmallIntegerField(default=15)
    full_access_allowed = models.BooleanField(default=True)
    keep_expired_days = models.PositiveSmallIntegerField(default=90)
    keep_activity_days = models.PositiveSmallIntegerField(default=365)

    class Meta:
        verbose_name_plural = "policy"
        constraints = [
            models.CheckConstraint(condition=Q(pk=1), name="policy_one_row"),
            models.CheckConstraint(
                condition=Q(default_days__gte=1, default_days__lte=F("longest_days"), longest_days__lte=3650),
                name="policy_life",
            ),
            models.CheckConstraint(condition=Q(tokens_per_owner__gte=1), name="policy_tokens_per_owner"),
            models.CheckConstraint(condition=Q(reminder_days__range=(1, 30)), name="policy_reminder_days"),
            models.CheckConstraint(condition=Q(recheck_minutes__range=(1, 1440)), name="policy_recheck_minutes"),
            models.CheckConstraint(
                condition=Q(keep_expired_days__gte=1, keep_activity_days__gte=1), name="policy_keep_days"
            ),
        ]

    def __str__(self) -> str:
        return "Policy"

    @classmethod
    def current(cls) -> "Policy":
        """The row; a migration made it."""
        return cls.objects.get(pk=1)
