"""The act that gives somebody a new password."""

from datetime import datetime

from django.db import transaction

from accounts.actor import Actor
from accounts.audit import record
from accounts.email_changes import end_email_changes
from accounts.models import User


@transaction.atomic
def change_password(user: User, password: str, *, by: Actor, now: datetime, was_reset: bool = False) -> None:
    """Set it, which ends every session, and with them what a thief began: changes of the address that wait.

    `was_reset` says that it was done with a mailed link.
    """
    user.set_password(password)
    # Only this column: an account that is deactivated in this very moment stays so.
    user.save(update_fields=["password"])
    end_email_changes(user, by=by, now=now)
    record("user.password_reset" if was_reset else "user.password_changed", by=by, subject=user.subject, now=now)
