"""Whether a presented secret is good. No other code says yes or no."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from django.conf import settings

from tokens import scopes
from tokens.domain import lookup, peppering, refusals, usage
from tokens.domain.lookup import Found
from tokens.networks import CallerAddress, in_any, parse_networks
from tokens.secret_format import is_well_formed


class Outcome(StrEnum):
    GOOD = "good"
    UNKNOWN = "unknown"
    REVOKED = "revoked"
    DEACTIVATED = "deactivated"
    REPLACED = "replaced"
    EXPIRED = "expired"
    DISABLED = "disabled"
    WRONG_NETWORK = "wrong_network"
    INSUFFICIENT_SCOPE = "insufficient_scope"


class Verdict(NamedTuple):
    """What is to be said of a secret.

    `found` is None only when the secret is unknown. `since` is when a dead secret died. `needed` are
    the scopes that were asked for.
    """

    outcome: Outcome
    found: Found | None = None
    since: datetime | None = None
    needed: Sequence[str] = ()


def verify(secret: str, *, needed: Sequence[str], address: CallerAddress, now: datetime, agent: str = "") -> Verdict:
    """Judge a secret, and note what came of it.

    `needed` scopes are all needed; without any, every scope will do, but not none. `address` and
    `agent` are those of whoever uses the secret, as far as they are known.
    """
    verdict = _judge(secret, needed, address, now)
    usage.note_outcome(verdict.outcome, now=now)
    if verdict.found and verdict.outcome is Outcome.GOOD:
        usage.note_use(verdict.found.secret_id, verdict.found.token_id, address=address, agent=agent, now=now)
    elif verdict.found:
        refusals.note_refusal(verdict.found.token_id, verdict.outcome, address=address, agent=agent, now=now)
    return verdict


def _judge(secret: str, needed: Sequence[str], address: CallerAddress, now: datetime) -> Verdict:
    found = lookup.find(secret) if is_well_formed(secret, settings.TOKEN_PREFIXES) else None
    if found is None:
        return Verdict(Outcome.UNKNOWN)
    peppering.note_pepper(secret, found.secret_id, found.pepper)
    outcome, since = _death(found, now)
    if outcome is Outcome.GOOD:
        outcome = _limits(found, needed, address)
    return Verdict(outcome, found, since, needed)


def _death(found: Found, now: datetime) -> tuple[Outcome, datetime | None]:
    """Why the secret is dead, and since when; the order is that of the state shown to people."""
    if found.revoked_at is not None:
        return Outcome.REVOKED, found.revoked_at
    if found.deactivated_at is not None:
        return Outcome.DEACTIVATED, found.deactivated_at
    if found.accepted_until is not None and found.accepted_until <= now:
        return Outcome.REPLACED, found.replaced_at
    if found.expires_at <= now:
        return Outcome.EXPIRED, found.expires_at
    if found.disabled_at is not None:
        return Outcome.DISABLED, found.disabled_at
    return Outcome.GOOD, None


def _limits(found: Found, needed: Sequence[str], address: CallerAddress) -> Outcome:
    networks = parse_networks(found.allowed_networks)
    if networks and not (address.certain and in_any(address.address, networks)):
        return Outcome.WRONG_NETWORK
    if not found.scopes or not all(scopes.holds(found.scopes, scope) for scope in needed):
        return Outcome.INSUFFICIENT_SCOPE
    return Outcome.GOOD
