"""What the audit log says of accounts: who signed in or failed to, and what changed about them."""

from django.http import HttpRequest
from django.utils import timezone

from accounts.actor import Actor, caller_of
from accounts.audit import JSON, Subject, record
from accounts.models import User


def record_account(
    act: str, user: User, *, request: HttpRequest, before: JSON | None = None, after: JSON | None = None
) -> None:
    """`user.<act>`, done by that person: signed in, or holding the link from a mail."""
    record(
        f"user.{act}",
        by=actor_with_link(user, request),
        subject=user.subject,
        now=timezone.now(),
        before=before,
        after=after,
    )


def record_failed_password(email: str, *, request: HttpRequest) -> None:
    """A wrong password, in the activity of the person whose it is not.

    What was typed is kept only as far as it is the address of somebody here: people put passwords
    into the wrong field.
    """
    target = User.objects.filter(email=email.lower(), is_service=False).first()
    asked_again = isinstance(request.user, User)
    record(
        "user.check_failed" if asked_again else "user.sign_in_failed",
        by=actor_with_link(request.user if isinstance(request.user, User) else None, request),
        subject=target.subject if target else Subject("user", None, ""),
        now=timezone.now(),
    )


def actor_with_link(user: User | None, request: HttpRequest) -> Actor:
    """The person as who acts, signed in or not: `request.user` may be nobody, or somebody else."""
    caller = caller_of(request)
    return Actor(user, "web", caller.address, caller.agent, request_id=caller.request_id)
