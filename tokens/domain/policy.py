"""The act that changes the rules of the portal."""

from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction

from accounts.actor import Actor
from accounts.audit import Subject, changes, record
from tokens.domain.wake import FLAG_EXPIRING, wake
from tokens.errors import InvalidPolicy
from tokens.models import Policy

# The least and the most that each number may be; the database holds the same, or more loosely.
LIMITS = {
    "default_days": (1, 3650),
    "longest_days": (1, 3650),
    "tokens_per_owner": (1, 1_000_000),
    "reminder_days": (1, 30),
    "recheck_minutes": (1, 1440),
    "keep_expired_days": (1, 3650),
    "keep_activity_days": (1, 3650),
}
SWITCHES = ("overlap_allowed", "full_access_allowed")


@transaction.atomic
def change_policy(*, by: Actor, now: datetime, **values: int) -> Policy:
    """Set the rules that are named, which are columns of Policy; the others stay.

    An event is written only if something changes. Raises InvalidPolicy.
    """
    policy = Policy.objects.select_for_update().get(pk=1)
    before = _described(policy)
    for name, value in values.items():
        _check(name, value)
        setattr(policy, name, value)
    if policy.default_days > policy.longest_days:
        raise InvalidPolicy("The default life can't be longer than the longest.", field="default_days")
    old, new = changes(before, _described(policy))
    if new:
        policy.save(update_fields=list(new))
        if "reminder_days" in new:  # other tokens are due for the flag now
            transaction.on_commit(partial(wake, FLAG_EXPIRING))
        record("policy.changed", by=by, subject=Subject("policy", policy.pk, "Policy"), now=now, before=old, after=new)
    return policy


def recheck_minutes() -> int:
    """For how long a person counts as checked; accounts, which know no policy, ask here."""
    return Policy.current().recheck_minutes


def _check(name: str, value: object) -> None:
    if name in SWITCHES:
        if not isinstance(value, bool):
            raise InvalidPolicy("Say yes or no.", field=name)
    elif name not in LIMITS:
        raise InvalidPolicy(f"There is no rule “{name[:60]}”.")
    else:
        least, most = LIMITS[name]
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise InvalidPolicy(f"Use a whole number from {least} to {most:,}.", field=name)


def _described(policy: Policy) -> dict[str, Any]:
    return {name: getattr(policy, name) for name in (*LIMITS, *SWITCHES)}
