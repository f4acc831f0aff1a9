"""Taking hold of a token's row, and writing the change down with its audit event."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q

from accounts.actor import Actor
from accounts.audit import changes, record
from accounts.models import User
from tokens.errors import NameTaken, OwnerDeactivated, TokenGone, TokenIsRevoked
from tokens.models import AccessToken

MICROSECOND = timedelta(microseconds=1)


def lock(token: AccessToken) -> AccessToken:
    """The row as it is now, held until the transaction ends. Raises TokenGone."""
    try:
        return AccessToken.objects.select_for_update(of=("self",)).select_related("owner").get(pk=token.pk)
    except AccessToken.DoesNotExist:
        raise TokenGone from None


def lock_unrevoked(token: AccessToken) -> AccessToken:
    """Raises TokenGone, TokenIsRevoked."""
    current = lock(token)
    refuse_revoked(current)
    return current


def lock_made_by(token: AccessToken) -> list[AccessToken]:
    """The tokens that this one made or regenerated, those that these did, and so on; held until the transaction ends.

    To be called with their owner locked, so that no further ones are made in the meantime. Like
    everybody, in the order of ids, so that no two acts wait for each other.
    """
    found: set[int] = set()
    makers = {token.pk}
    while makers:
        came_of_them = Q(made_by_token__in=makers) | Q(regenerated_by_token__in=makers)
        # Two tokens may have regenerated each other.
        makers = set(AccessToken.objects.filter(came_of_them).values_list("pk", flat=True)) - found - {token.pk}
        found |= makers
    return list(AccessToken.objects.select_for_update(of=("self",)).filter(pk__in=found).order_by("pk"))


def refuse_revoked(token: AccessToken) -> None:
    """Raises TokenIsRevoked."""
    if token.revoked_at is not None:
        raise TokenIsRevoked


def lock_owner(owner: User) -> User:
    """The row as it is now, held.

    Of two acts that would each take an owner's last free place, the second waits and then sees the first.
    """
    # The weaker lock: whoever writes a row that points at the owner need not wait for it.
    return User.objects.select_for_update(no_key=True).get(pk=owner.pk)


def lock_active_owner(owner: User) -> None:
    """Nobody who was deactivated during their own call gets a secret. Raises OwnerDeactivated."""
    if lock_owner(owner).deactivated_at is not None:
        raise OwnerDeactivated


def in_lock_order(tokens: Iterable[AccessToken]) -> list[AccessToken]:
    """For several acts in one transaction: the tokens in the order in which everybody locks them.

    Their owners are locked here, before any token, in the order of their ids.
    """
    ordered = sorted(tokens, key=lambda token: token.pk)
    owners = {token.owner_id for token in ordered}
    list(User.objects.select_for_update(no_key=True).filter(pk__in=owners).order_by("pk"))  # evaluated for its locks
    return ordered


def save(token: AccessToken) -> None:
    """Save; the database says whether the name is free, since two may ask at once. Raises NameTaken."""
    try:
        with transaction.atomic():
            token.save()
    except IntegrityError:
        namesakes = AccessToken.objects.filter(owner=token.owner_id, name_key=token.name_key)
        if namesakes.exclude(pk=token.pk).exists():
            raise NameTaken from None
        raise


def save_change(
    kind: str,
    token: AccessToken,
    before: dict[str, Any],
    *,
    by: Actor,
    now: datetime,
    also: Mapping[str, str] | None = None,
) -> AccessToken:
    """Save what an act changed, and record what differs from `before` (see `described`), and `also` this."""
    token.updated_at = next_version(token, now=now)
    save(token)
    was, is_now = changes(before, described(token))
    record(kind, by=by, subject=token.subject, now=now, before=was, after={**is_now, **(also or {})})
    return token


def next_version(token: AccessToken, *, now: datetime) -> datetime:
    """Another `updated_at` with every change, and never an earlier one: it is the version that callers compare."""
    return max(now, token.updated_at + MICROSECOND)


def described(token: AccessToken) -> dict[str, Any]:
    """What the audit log keeps of a token."""
    return {
        "name": token.name,
        "description": token.description,
        "scopes": token.scopes,
        "allowed_networks": token.allowed_networks,
        "expires_at": token.expires_at.isoformat(),
        "disabled": token.disabled_at is not None,
        "disabled_by": token.disabled_by,
        "revoked_code": token.revoked_code,
        "revoked_reason": token.revoked_reason,
    }
