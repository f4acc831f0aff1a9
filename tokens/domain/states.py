"""The state of a token, in the one order that verification uses too."""

from datetime import datetime, timedelta
from enum import StrEnum

from django.db.models import Q

from tokens.models import AccessToken, Policy


class State(StrEnum):
    """Values as the API and the filters spell them."""

    ACTIVE = "active"
    EXPIRING = "expiring"
    EXPIRED = "expired"
    DISABLED = "disabled"
    REVOKED = "revoked"

    @property
    def is_accepted(self) -> bool:
        return self in (State.ACTIVE, State.EXPIRING)


def reminder_window(policy: Policy) -> timedelta:
    return timedelta(days=policy.reminder_days)


def state_of(token: AccessToken, *, now: datetime, window: timedelta) -> State:
    """The first that holds; a token is expired from the very second of its end."""
    if token.revoked_at is not None:
        return State.REVOKED
    if token.expires_at <= now:
        return State.EXPIRED
    if token.disabled_at is not None:
        return State.DISABLED
    return State.EXPIRING if token.expires_at <= now + window else State.ACTIVE


def in_state(state: State, *, now: datetime, window: timedelta) -> Q:
    """The rows that `state_of` would say are in `state`."""
    unrevoked = Q(revoked_at=None)
    living = unrevoked & Q(expires_at__gt=now)
    enabled = living & Q(disabled_at=None)
    return {
        State.REVOKED: Q(revoked_at__isnull=False),
        State.EXPIRED: unrevoked & Q(expires_at__lte=now),
        State.DISABLED: living & Q(disabled_at__isnull=False),
        State.EXPIRING: enabled & Q(expires_at__lte=now + window),
        State.ACTIVE: enabled & Q(expires_at__gt=now + window),
    }[state]
