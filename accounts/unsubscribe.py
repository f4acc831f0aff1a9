"""The link in a mail that turns mails of its kind off: signed, good without signing in, and for nothing else."""

from collections.abc import Sequence
from datetime import datetime

from django.core import signing
from django.db import transaction

from accounts.actor import Actor
from accounts.audit import record
from accounts.models import MAIL_CHOICES, User

_SALT = "accounts.unsubscribe"


class BadLink(Exception):
    """Not a link that this portal has made, or of somebody who is no longer here."""


def unsubscribe_key(user: User, choices: Sequence[str]) -> str:
    """What the link ends with; `choices` are columns of MAIL_CHOICES."""
    return signing.dumps([user.pk, *choices], salt=_SALT)


def read_key(key: str) -> tuple[User, list[str]]:
    """Whose mails, and which. Mails are kept for years, so a link never grows old. Raises BadLink."""
    try:
        user_id, *choices = signing.loads(key, salt=_SALT)
    except signing.BadSignature:
        raise BadLink from None
    user = User.objects.filter(pk=user_id).first()
    if user is None:
        raise BadLink
    return user, [choice for choice in choices if choice in MAIL_CHOICES]


@transaction.atomic
def turn_mails_off(user: User, choices: Sequence[str], *, by: Actor, now: datetime) -> None:
    """Nothing happens to what is off already."""
    current = User.objects.select_for_update().get(pk=user.pk)
    on = [choice for choice in choices if getattr(current, choice)]
    if not on:
        return
    for choice in on:
        setattr(current, choice, False)
    current.save(update_fields=on)
    record(
        "user.mails_turned_off",
        by=by,
        subject=current.subject,
        now=now,
        before=dict.fromkeys(on, True),
        after=dict.fromkeys(on, False),
    )
