"""What the periodic jobs did."""

from django.db import models
from django.db.models import F, Q


class JobRun(models.Model):
    """One run; `finished_at` stays empty when its process died. `counts` are the job's own numbers."""

    job = models.CharField(max_length=40)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    counts = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(finished_at=None) | Q(finished_at__gte=F("started_at")), name="job_run_ends_after_start"
            )
        ]
        indexes = [models.Index(fields=["job", "-started_at"], name="job_run_latest")]  # when did it run last?

    def __str__(self) -> str:
        return f"{self.job} at {self.started_at:%Y-%m-%d %H:%M:%S}"
