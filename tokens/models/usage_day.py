"""How many verifications came out how, day by day."""

from django.db import models


class UsageDay(models.Model):
    """`outcome` is one of tokens.domain.verification.Outcome; a day is that of UTC."""

    day = models.DateField()
    outcome = models.CharField(max_length=20)
    count = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["day", "outcome"], name="usage_day_outcome_once")]

    def __str__(self) -> str:
        return f"{self.day} {self.outcome}"
