"""A change of address that waits for its confirmation, and how it ends without one."""

from datetime import datetime

from allauth.account.models import EmailAddress

from accounts.actor import Actor
from accounts.audit import record
from accounts.models import User


def end_email_changes(user: User, *, by: Actor, now: datetime) -> None:
    """No link that was mailed for another address works any more. Call it inside the transaction of the act.

    A link names the row, and no row gets the number of one that was: whoever asks for the same address
    again makes no old link good. The account's own address, where it isn't confirmed yet, goes on waiting.
    """
    for address in EmailAddress.objects.filter(user=user, verified=False).exclude(email=user.email):
        address.delete()
        before = {"email": address.email}
        record("user.email_change_cancelled", by=by, subject=user.subject, now=now, before=before)


def still_waits(address: EmailAddress) -> bool:
    """Whether it can still be confirmed; true until the end of the transaction once its user's row is held."""
    return bool(EmailAddress.objects.filter(pk=address.pk, verified=False).exists())
