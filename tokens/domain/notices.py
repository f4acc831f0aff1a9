"""What people are told at once: acts on their tokens and accounts that would hurt if it wasn't them.

The audit log hands over each event in the transaction that wrote it (the setting AFTER_EVENT), so no
act and no interface can forget to tell.
"""

from collections.abc import Callable
from functools import partial

from django.db import transaction

from accounts.audit import AuditEvent
from tokens import networks, scopes
from tokens.domain.outbox import waiting
from tokens.domain.wake import SEND_NOTIFICATIONS, wake
from tokens.models import AccessToken, Notification
from tokens.models.notification import REMINDER

WIDENED = "token.widened"
LEAKED = "token.leaked"
EMAIL_CHANGED = "user.email_changed"
Rule = Callable[[AuditEvent], str]


def notify_of(event: AuditEvent) -> None:
    """Put a notice of `event` into the outbox if the one whom it concerns is to be told."""
    if event.owner_id is None or not (kind := kind_of(event)):
        return
    # A new address may be a thief's: the old one is told.
    address = event.before["email"] if kind == EMAIL_CHANGED else ""
    if address:
        _send_what_waits(event.owner_id, to=address)
    Notification.objects.create(
        dedupe_key=f"event:{event.pk}",
        kind=kind,
        user_id=event.owner_id,
        address=address,
        event_id=event.pk,
        created_at=event.at,
        next_try_at=event.at,
    )
    transaction.on_commit(partial(wake, SEND_NOTIFICATIONS))


def _send_what_waits(user_id: int, *, to: str) -> None:
    """What was done before a change of address, as by a thief, is told where the owner reads it."""
    waiting().filter(user_id=user_id, address="").exclude(kind__startswith=REMINDER).update(address=to)


def kind_of(event: AuditEvent) -> str:
    """What the notice is called; "" when nobody is told."""
    rule = _RULES.get(event.kind)
    return rule(event) if rule else ""


def _always(event: AuditEvent) -> str:
    return event.kind


def _when_widened(event: AuditEvent) -> str:
    """Wider is what may do more, or works from more places."""
    before, after = event.before, event.after
    may_more = "scopes" in after and not scopes.covers(before["scopes"], after["scopes"])
    from_more = "allowed_networks" in after and not networks.covers(
        before["allowed_networks"], after["allowed_networks"]
    )
    return WIDENED if may_more or from_more else ""


def _unless_revoked(event: AuditEvent) -> str:
    """That the token was revoked for it is an event of its own, and nothing goes on of one that was dead before."""
    assert event.subject_id is not None
    living = AccessToken.objects.filter(pk=event.subject_id, revoked_at=None, expires_at__gt=event.at)
    return event.kind if not event.after["revoked"] and living.exists() else ""


def _unless_by_owner(event: AuditEvent) -> str:
    if event.after.get("revoked_code") == AccessToken.RevokedCode.LEAK:
        return LEAKED
    return event.kind if event.actor_id != event.owner_id else ""


_RULES: dict[str, Rule] = {
    "token.created": _always,
    "token.regenerated": _always,
    "token.edited": _when_widened,
    "token.revoked": _unless_by_owner,
    "token.leak_reported": _unless_revoked,
    EMAIL_CHANGED: _always,
    "user.password_changed": _always,
    "user.password_reset": _always,
    "user.factor_added": _always,
    "user.sign_in_connected": _always,
}
