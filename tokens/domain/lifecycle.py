"""The acts that change a token. No other code does.

Every act takes who does it (`by`) and when (`now`), runs in one transaction that also writes its
audit event, and raises a `tokens.errors.Refused` when it can't be done.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction

from accounts.actor import Actor
from accounts.audit import record
from accounts.models import User
from tokens.domain import request_keys
from tokens.domain.checks import (
    allowed_scopes,
    changed_scopes,
    clean_networks,
    hold_resources,
    refuse_enabling,
    refuse_one_too_many,
    refuse_unconfirmed,
)
from tokens.domain.expiration import NO_OVERLAP, check_expiration, check_overlap
from tokens.domain.names import clean_description, clean_name, clean_reason
from tokens.domain.rows import (
    described,
    lock,
    lock_active_owner,
    lock_made_by,
    lock_owner,
    lock_unrevoked,
    save,
    save_change,
)
from tokens.domain.secret_rows import add_secret, replace_secret, secret_to_end, secret_to_replace
from tokens.errors import ChangedElsewhere
from tokens.models import AccessToken, Policy


@transaction.atomic
def create_token(
    owner: User,
    *,
    name: str,
    expires_at: datetime,
    by: Actor,
    now: datetime,
    description: str = "",
    scopes: Iterable[str] = (),
    allowed_networks: Iterable[str] = (),
    may_introspect: bool = False,
    made_by: AccessToken | None = None,
    request_key: str = "",
    fingerprint: str = "",
) -> tuple[AccessToken, str]:
    """A new token and its secret, which exists nowhere else. Without scopes it is good for nothing.

    `may_introspect` lets the scope `introspect` through: only administrators may give it. `made_by`
    is the token that made this one. A second call with the same `request_key` within a day makes
    nothing and raises AlreadyDone, or KeyReused if its `fingerprint` is another.
    Raises InvalidName, NameTaken, InvalidDescription, HoldsSecret, InvalidScopes, InvalidNetworks,
    InvalidExpiration, TooManyTokens, Unconfirmed, OwnerDeactivated.
    """
    policy = Policy.current()
    lock_active_owner(owner)
    refuse_unconfirmed(owner)
    request_keys.refuse_repeat(owner, request_key, fingerprint=fingerprint, now=now)
    wanted = list(scopes)
    hold_resources(wanted)
    shown_name, key = clean_name(name)
    token = AccessToken(
        owner=owner,
        name=shown_name,
        name_key=key,
        description=clean_description(description),
        scopes=allowed_scopes(wanted, policy=policy, may_introspect=may_introspect),
        allowed_networks=clean_networks(allowed_networks),
        created_at=now,
        updated_at=now,
        expires_at=check_expiration(expires_at, policy=policy, now=now),
        made_by_token=made_by,
    )
    refuse_one_too_many(owner, policy=policy, now=now)
    save(token)
    secret = add_secret(token, now=now)
    request_keys.remember(owner, request_key, fingerprint=fingerprint, token=token, now=now)
    record("token.created", by=by, subject=token.subject, now=now, after=described(token))
    return token, secret


@transaction.atomic
def edit_token(
    token: AccessToken,
    *,
    name: str | None = None,
    description: str | None = None,
    scopes: Iterable[str] | None = None,
    allowed_networks: Iterable[str] | None = None,
    by: Actor,
    now: datetime,
    version: datetime | None = None,
) -> AccessToken:
    """Change what is not secret; the secrets go on working and the end does not move.

    What is None stays. `version` is the `updated_at` that the caller saw: another one raises
    ChangedElsewhere, unless the token is already as wanted. Scopes that the token has already may
    stay even if the policy gives them no more.
    Raises also TokenGone and what create_token says of each field.
    """
    wanted = None if scopes is None else list(scopes)
    hold_resources(wanted or ())
    current = lock(token)
    before = described(current)
    _edit(current, name, description, wanted, allowed_networks)
    if described(current) == before:  # as after a form that was sent twice
        return current
    if version is not None and version != current.updated_at:
        raise ChangedElsewhere
    return save_change("token.edited", current, before, by=by, now=now)


def _edit(
    token: AccessToken,
    name: str | None,
    description: str | None,
    scopes: list[str] | None,
    networks: Iterable[str] | None,
) -> None:
    if name is not None:
        token.name, token.name_key = clean_name(name)
    if description is not None:
        token.description = clean_description(description)
    if scopes is not None:
        token.scopes = changed_scopes(token, scopes)
    if networks is not None:
        token.allowed_networks = clean_networks(networks)


@transaction.atomic
def regenerate_token(
    token: AccessToken,
    *,
    expires_at: datetime,
    by: Actor,
    now: datetime,
    overlap: timedelta = NO_OVERLAP,
    replaces: int | None = None,
    regenerated_by: AccessToken | None = None,
    request_key: str = "",
    fingerprint: str = "",
) -> tuple[AccessToken, str]:
    """A new secret with a new end. Returns the token and the secret.

    The old one is dead at this instant, or lives on for `overlap`, but never past its own end; one
    that lived on already is dead. `replaces` is the id of the secret that the caller means to
    replace: when that one was replaced before, AlreadyDone. `regenerated_by` is the other token
    that asks. A disabled token stays disabled.
    `request_key` and `fingerprint` are those of create_token.
    Raises TokenGone, TokenIsRevoked, AlreadyDone, KeyReused, InvalidExpiration, InvalidOverlap, TooManyTokens,
    OwnerDeactivated.
    """
    policy = Policy.current()
    lock_active_owner(token.owner)
    request_keys.refuse_repeat(token.owner, request_key, fingerprint=fingerprint, now=now)
    current = lock_unrevoked(token)
    old = secret_to_replace(current, replaces)
    before = described(current)
    end = check_expiration(expires_at, policy=policy, now=now)
    check_overlap(overlap, policy=policy)
    refuse_one_too_many(current.owner, policy=policy, now=now, besides=current)
    lives_on = replace_secret(old, current, overlap=overlap, new_end=end, now=now)
    current.expires_at, current.regenerated_at, current.regenerated_by_token = end, now, regenerated_by
    current.expiry_flagged_at = current.banner_dismissed_at = None
    secret = add_secret(current, now=now)
    request_keys.remember(current.owner, request_key, fingerprint=fingerprint, token=current, now=now)
    return save_change("token.regenerated", current, before, by=by, now=now, also=lives_on), secret


@transaction.atomic
def end_secret(token: AccessToken, secret_id: int, *, by: Actor, now: datetime) -> AccessToken:
    """End a replaced secret that lives on, before its time.

    Raises TokenGone, SecretIsCurrent, and SecretGone when no secret of that id lives.
    """
    current = lock(token)
    secret = secret_to_end(current, secret_id, now=now)
    secret.accepted_until = now
    secret.save(update_fields=["accepted_until"])
    return save_change("token.secret_ended", current, described(current), by=by, now=now, also={"hint": secret.hint})


@transaction.atomic
def disable_token(token: AccessToken, *, by: Actor, now: datetime, disabled_by: str = "owner") -> AccessToken:
    """Switch the token off until somebody switches it on. An administrator's word stands over the owner's.

    Does nothing to a token that is off already. Raises TokenGone, TokenIsRevoked.
    """
    current = lock_unrevoked(token)
    wanted = AccessToken.DisabledBy(disabled_by)
    changes_hands = wanted == AccessToken.DisabledBy.ADMINISTRATOR and wanted != current.disabled_by
    if current.disabled_at is not None and not changes_hands:
        return current
    before = described(current)
    current.disabled_at = current.disabled_at or now
    current.disabled_by, current.expiry_flagged_at = wanted, None
    return save_change("token.disabled", current, before, by=by, now=now)


@transaction.atomic
def enable_token(token: AccessToken, *, by: Actor, now: datetime, as_administrator: bool = False) -> AccessToken:
    """Switch the token on again; nothing happens to one that is on.

    Raises TokenGone, TokenIsRevoked, DisabledByAdministrator, TooManyTokens, OwnerDeactivated.
    """
    lock_active_owner(token.owner)
    current = lock(token)
    refuse_enabling(current, as_administrator=as_administrator)
    if current.disabled_at is None:
        return current
    refuse_one_too_many(current.owner, policy=Policy.current(), now=now, besides=current)
    before = described(current)
    current.disabled_at, current.disabled_by = None, ""
    return save_change("token.enabled", current, before, by=by, now=now)


@transaction.atomic
def dismiss_banner(token: AccessToken, *, by: Actor, now: datetime) -> AccessToken:
    """The owner has read the warning; it comes back once when a day is left. Raises TokenGone."""
    current = lock(token)
    current.banner_dismissed_at = now
    current.save(update_fields=["banner_dismissed_at"])
    record("token.banner_dismissed", by=by, subject=current.subject, now=now)
    return current


@transaction.atomic
def delete_token(token: AccessToken, *, by: Actor, now: datetime) -> None:
    """Remove the token with its digests: from then on its secrets are unknown ones. Raises TokenGone."""
    current = lock(token)
    record("token.deleted", by=by, subject=current.subject, now=now, before=described(current))
    # What it made counts as made by its maker, or a thief could cut the line by deleting what is in between.
    current.made_tokens.update(made_by_token=current.made_by_token_id)
    current.regenerated_tokens.update(regenerated_by_token=current.made_by_token_id)
    current.delete()


@transaction.atomic
def revoke_token(token: AccessToken, *, code: str, reason: str, by: Actor, now: datetime) -> AccessToken:
    """End the token for good. `code` is one of AccessToken.RevokedCode; `reason` is shown to the owner.

    With one that leaked goes what came of it, see `revoke_made_by`.
    Raises TokenGone, TokenIsRevoked, InvalidReason, HoldsSecret.
    """
    shown_reason, why = clean_reason(reason), AccessToken.RevokedCode(code)
    lock_owner(token.owner)
    current = lock_unrevoked(token)
    revoked = _revoke(current, why, shown_reason, by=by, now=now)
    if why == AccessToken.RevokedCode.LEAK:
        revoke_made_by(current, by=by, now=now)
    return revoked


@transaction.atomic
def revoke_made_by(token: AccessToken, *, by: Actor, now: datetime) -> None:
    """Revoke the tokens whose secrets came of one that leaked, and of these: a thief may have them.

    To be called with the token and its owner locked.
    """
    reason = f"Its secret was made by “{token.name}”, which was reported as leaked"
    for made in lock_made_by(token):
        if made.revoked_at is None:
            _revoke(made, AccessToken.RevokedCode.LEAK, reason, by=by, now=now)


def _revoke(token: AccessToken, code: AccessToken.RevokedCode, reason: str, *, by: Actor, now: datetime) -> AccessToken:
    before = described(token)
    token.revoked_at, token.revoked_code, token.revoked_reason = now, code, reason
    token.expiry_flagged_at = None
    return save_change("token.revoked", token, before, by=by, now=now)
