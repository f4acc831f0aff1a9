"""The act that changes how a person is called and sees the portal."""

from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.actor import Actor
from accounts.audit import changes, record
from accounts.models import MAIL_CHOICES, User

_COLUMNS = ("name", "time_zone", "theme", *MAIL_CHOICES)


@transaction.atomic
def change_profile(
    user: User,
    *,
    name: str,
    time_zone: str,
    theme: str,
    mail_week_before: bool,
    mail_day_before: bool,
    by: Actor,
    now: datetime,
) -> None:
    """Save what differs; an event is written only if something does."""
    current = User.objects.select_for_update().get(pk=user.pk)
    before = _described(current)
    current.name, current.time_zone, current.theme = name, time_zone, theme
    current.mail_week_before, current.mail_day_before = mail_week_before, mail_day_before
    old, new = changes(before, _described(current))
    if new:
        current.save()
        record("user.profile_changed", by=by, subject=current.subject, now=now, before=old, after=new)


def _described(user: User) -> dict[str, Any]:
    return {column: getattr(user, column) for column in _COLUMNS}
