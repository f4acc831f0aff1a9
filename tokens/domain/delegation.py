"""What tokens do to tokens: the acts of `lifecycle`, within what the token that asks may do itself.

`by` is its owner with its id and its secret's. What comes of an act has no scope, no wider network and no later end
than that token has, or BeyondAuthority takes the whole act back; ending is allowed to all.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from accounts.actor import Actor
from tokens import networks
from tokens import scopes as scope_rules
from tokens.domain import lifecycle
from tokens.domain.checks import hold_resources
from tokens.domain.expiration import NO_OVERLAP, WantedEnd
from tokens.domain.rows import lock_owner
from tokens.domain.secret_rows import accepted_secrets
from tokens.domain.states import state_of
from tokens.errors import ActingTokenEnded, BeyondAuthority, ChangedElsewhere, TokenGone
from tokens.models import AccessToken, Policy

NO_WINDOW = timedelta()


@dataclass(frozen=True, slots=True)
class Made:
    """A token and its new secret; `is_cut` when it ends earlier than asked for, with the token that asked."""

    token: AccessToken
    secret: str = field(repr=False)  # so that no traceback or log shows it
    is_cut: bool = False


@transaction.atomic
def create_token(*, end: WantedEnd, scopes: Iterable[str], by: Actor, now: datetime, **fields: Any) -> Made:
    """`fields` are those of lifecycle.create_token. Raises what it raises, BeyondAuthority and ActingTokenEnded."""
    wanted = list(scopes)
    maker, _ = _hold(by, None, scopes=wanted, now=now)
    expires_at, is_cut = end.resolve_before(maker.expires_at, policy=Policy.current(), now=now)
    token, secret = lifecycle.create_token(
        maker.owner, scopes=wanted, expires_at=expires_at, made_by=maker, by=by, now=now, **fields
    )
    _refuse_stronger(token, maker)
    return Made(token, secret, is_cut)


@transaction.atomic
def change_token(
    token: AccessToken,
    *,
    disabled: bool | None = None,
    version: datetime | None = None,
    by: Actor,
    now: datetime,
    **fields: Any,
) -> AccessToken:
    """Edit (`fields` and `version` are those of lifecycle.edit_token), and switch off or on.

    Raises what edit_token, disable_token and enable_token raise, BeyondAuthority and ActingTokenEnded.
    """
    maker, current = _hold(by, token, scopes=fields.get("scopes") or (), now=now)
    if version is not None and version != current.updated_at:
        raise ChangedElsewhere
    if fields:
        current = lifecycle.edit_token(current, by=by, now=now, **fields)
    if disabled is not None:
        switch = lifecycle.disable_token if disabled else lifecycle.enable_token
        current = switch(current, by=by, now=now)
    if fields or disabled is False:
        _refuse_stronger(current, maker)
    return current


@transaction.atomic
def regenerate_token(
    token: AccessToken, *, end: WantedEnd, overlap: timedelta = NO_OVERLAP, by: Actor, now: datetime, **repeat: Any
) -> Made:
    """`repeat` are the keys against repeats. Raises what lifecycle.regenerate_token, and what create_token raises."""
    maker, current = _hold(by, token, scopes=(), now=now)
    expires_at, is_cut = end.resolve_before(maker.expires_at, policy=Policy.current(), now=now)
    other = maker if maker.pk != current.pk else None
    made = lifecycle.regenerate_token(
        current, expires_at=expires_at, overlap=overlap, regenerated_by=other, by=by, now=now, **repeat
    )
    _refuse_stronger(made[0], maker)
    return Made(*made, is_cut)


@transaction.atomic
def regenerate_itself(
    *, end: WantedEnd, overlap: timedelta = NO_OVERLAP, by: Actor, now: datetime, **repeat: Any
) -> Made:
    """A new secret for the token that asks, and any end that the policy allows.

    Raises what lifecycle.regenerate_token raises; AlreadyDone if the secret that asks was replaced.
    """
    maker, _ = _hold_tokens(by, None, scopes=(), now=now)
    expires_at = end.resolve(policy=Policy.current(), now=now)
    made = lifecycle.regenerate_token(
        maker, expires_at=expires_at, overlap=overlap, replaces=by.secret_id, by=by, now=now, **repeat
    )
    return Made(*made)


def _hold(
    by: Actor, token: AccessToken | None, *, scopes: Iterable[str], now: datetime
) -> tuple[AccessToken, AccessToken]:
    """The token that asks, and the one that is acted on (without one, the same), locked.

    Locked, so that what a leaked token makes is either there when it is revoked or regenerated, or
    not made. Raises TokenGone, ActingTokenEnded.
    """
    assert by.secret_id is not None
    maker, current = _hold_tokens(by, token, scopes=scopes, now=now)
    # Who waited may have read the clock before the act that it waited for; that act has set updated_at.
    if not accepted_secrets(maker, now=max(now, maker.updated_at)).filter(pk=by.secret_id).exists():
        raise ActingTokenEnded
    return maker, current


def _hold_tokens(
    by: Actor, token: AccessToken | None, *, scopes: Iterable[str], now: datetime
) -> tuple[AccessToken, AccessToken]:
    """As _hold, whatever became of the secret that asks.

    In one order for all: the owner, the resources, then tokens by their ids, so that no two acts wait
    for each other.
    """
    assert by.user is not None
    assert by.token_id is not None
    lock_owner(by.user)
    hold_resources(scopes)
    ids = [by.token_id, token.pk if token else by.token_id]
    rows = AccessToken.objects.select_for_update(of=("self",)).select_related("owner").order_by("pk")
    held = {row.pk: row for row in rows.filter(pk__in=ids)}
    maker, current = map(held.get, ids)
    if maker is None or not _is_accepted(maker, now):
        raise ActingTokenEnded
    if current is None:
        raise TokenGone
    return maker, current


def _is_accepted(token: AccessToken, now: datetime) -> bool:
    return token.owner.deactivated_at is None and state_of(token, now=now, window=NO_WINDOW).is_accepted


def _refuse_stronger(token: AccessToken, maker: AccessToken) -> None:
    within = (
        scope_rules.covers(maker.scopes, token.scopes)
        and networks.covers(maker.allowed_networks, token.allowed_networks)
        and token.expires_at <= maker.expires_at
    )
    if not within:
        raise BeyondAuthority
