"""The acts by which administrators let people in and keep them out."""

from datetime import datetime

from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import QuerySet

from accounts.actor import Actor
from accounts.audit import record
from accounts.email_changes import end_email_changes
from accounts.models import User


class CannotDeactivate(Exception):
    """An act that was not done; `message` is a sentence for people."""

    message = "This account can't be deactivated."

    def __init__(self) -> None:
        super().__init__(self.message)


class CannotDeactivateSelf(CannotDeactivate):
    message = "You can't deactivate yourself. Ask another administrator."


class LastAdministrator(CannotDeactivate):
    message = "This is the last administrator: nobody could undo it."


class CannotCreate(Exception):
    """An account that was not made; `message` is a sentence for people."""

    def __init__(self, message: str) -> None:
        self.message = message
        super().__init__(message)


@transaction.atomic
def create_person(email: str, *, name: str, by: Actor, now: datetime) -> User:
    """An account without a password, which its owner chooses by a mailed link; so its address counts as confirmed.

    Raises CannotCreate.
    """
    user = User(email=email.strip().lower(), name=name.strip())
    user.set_unusable_password()
    try:
        validate_email(user.email)
        user.full_clean()
    except ValidationError as error:
        raise CannotCreate(" ".join(error.messages)) from None
    user.save()
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    record("user.created", by=by, subject=user.subject, now=now, after={"email": user.email})
    return user


def is_administrator(user: object) -> bool:
    """Whether this is an administrator who may act; takes any `request.user`."""
    return isinstance(user, User) and user.is_active and user.is_staff and user.is_superuser


@transaction.atomic
def deactivate_user(user: User, *, by: Actor, now: datetime) -> User:
    """Keep the account from signing in, and stop all its tokens, from this instant.

    Its sessions end for good, and so does a change of its address that waits.
    Does nothing to an account that is deactivated already.
    Raises CannotDeactivateSelf, LastAdministrator.
    """
    others = [pk for pk in _lock_administrators() if pk != user.pk]
    current = User.objects.select_for_update().get(pk=user.pk)
    if current.deactivated_at is not None:
        return current
    if by.user is not None and by.user.pk == current.pk:
        raise CannotDeactivateSelf
    if is_administrator(current) and not others:
        raise LastAdministrator
    end_email_changes(current, by=by, now=now)
    return _set_deactivated(current, now, "user.deactivated", by=by, now=now)


@transaction.atomic
def reactivate_user(user: User, *, by: Actor, now: datetime) -> User:
    """Let the account sign in again; its tokens that are still good work again, its sessions don't.

    Nothing happens to an active one.
    """
    current = User.objects.select_for_update().get(pk=user.pk)
    if current.deactivated_at is None:
        return current
    return _set_deactivated(current, None, "user.reactivated", by=by, now=now)


def _administrators() -> QuerySet[User]:
    return User.objects.filter(is_staff=True, is_superuser=True, is_service=False, deactivated_at=None)


def _lock_administrators() -> list[int]:
    """Of two administrators who deactivate each other at once, the second waits and then sees the first."""
    return list(_administrators().select_for_update().order_by("pk").values_list("pk", flat=True))


def _set_deactivated(user: User, moment: datetime | None, kind: str, *, by: Actor, now: datetime) -> User:
    was, is_now = ({"deactivated_at": at and at.isoformat()} for at in (user.deactivated_at, moment))
    user.deactivated_at, user.sessions_ended_at = moment, now
    user.save(update_fields=["deactivated_at", "sessions_ended_at"])
    record(kind, by=by, subject=user.subject, now=now, before=was, after=is_now)
    return user
