"""Who was refused with a token's secrets, minute by minute."""

from django.db import models
from django.db.models import Q

from tokens.models.access_token import AccessToken

REASON_LENGTH = 20


class RefusalMinute(models.Model):
    """So many refusals for one `reason` (tokens.domain.verification.Outcome) in the minute that begins at `minute`.

    `sources` tells from where: `{"10.0.4.7": [300, "curl/8.5.0"]}`, an address with how often and by
    what; those that came after the first few are "others".
    """

    token = models.ForeignKey(AccessToken, models.CASCADE, related_name="refusals")
    minute = models.DateTimeField(db_index=True)  # old ones are cleaned up
    reason = models.CharField(max_length=REASON_LENGTH)
    count = models.PositiveBigIntegerField()
    sources = models.JSONField()

    token_id: int

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["token", "minute", "reason"], name="refusal_minute_once"),
            models.CheckConstraint(condition=Q(count__gte=1), name="refusal_minute_counts"),
        ]

    def __str__(self) -> str:
        return f"{self.count} {self.reason} at {self.minute:%Y-%m-%d %H:%M}"
