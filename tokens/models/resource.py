"""What a token may be given access to, apart from everything."""

from django.db import models
from django.db.models import Q

NAME_LENGTH = 40
TITLE_LENGTH = 80
DESCRIPTION_LENGTH = 200
# \Z: to Python, and so to SQLite, $ also stands before a last line break.
NAME_PATTERN = r"^[a-z][a-z0-9_-]{0,39}\Z"


class Resource(models.Model):
    """A service or a part of one; its scopes are `name:read` and `name:write`."""

    name = models.CharField(max_length=NAME_LENGTH, unique=True)
    title = models.CharField(max_length=TITLE_LENGTH)
    description = models.CharField(max_length=DESCRIPTION_LENGTH, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["title"]
        constraints = [
            models.CheckConstraint(condition=Q(name__regex=NAME_PATTERN), name="resource_name_form"),
            models.CheckConstraint(
                condition=~Q(name__in=["full", "any", "introspect"]), name="resource_name_not_reserved"
            ),
            models.CheckConstraint(condition=~Q(title=""), name="resource_has_title"),
        ]

    def __str__(self) -> str:
        return self.title
