"""What allauth tells only by a signal."""

from allauth.account.models import EmailAddress
from allauth.account.signals import email_removed
from django.dispatch import receiver
from django.http import HttpRequest

from accounts.account_events import record_account
from accounts.models import User


@receiver(email_removed)
def record_cancelled_change(request: HttpRequest, user: User, email_address: EmailAddress, **_: object) -> None:
    """The only address that can be removed is the one that waits for its confirmation."""
    record_account("email_change_cancelled", user, request=request, before={"email": email_address.email})
