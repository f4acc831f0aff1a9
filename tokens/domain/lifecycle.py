"""The acts that change a token. No other code does.

Every act takes who does it (`by`) and when (`now`), runs in one transaction that also writes its
audit event, and raises a `tokens.errors.Refused` when it can't be done.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction

from accounts.actor import Actor
from accounts.audit import record
from accounts.models import User
from tokens import scopes as scope_rules
from tokens.domain import digests
from tokens.domain.expiration import check_expiration
from tokens.domain.names import clean_description, clean_name, refuse_secret
from tokens.errors import InvalidScopes, NameTaken, TokenGone, TokenIsRevoked, TooManyTokens
from tokens.models import AccessToken, Policy, Resource, TokenSecret
from tokens.models.access_token import REASON_LENGTH
from tokens.networks import normalise_networks
from tokens.secret_format import hint, make_secret


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
) -> tuple[AccessToken, str]:
    """A new token and its secret, which exists nowhere else. Without scopes it is good for nothing.

    `may_introspect` lets the scope `introspect` through: only administrators may give it.
    Raises InvalidName, NameTaken, InvalidDescription, HoldsSecret, InvalidScopes, InvalidNetworks,
    InvalidExpiration, TooManyTokens.
    """
    policy = Policy.current()
    User.objects.select_for_update().get(pk=owner.pk)  # two creations at once can't both take the last place
    shown_name, key = clean_name(name)
    token = AccessToken(
        owner=owner,
        name=shown_name,
        name_key=key,
        description=clean_description(description),
        scopes=allowed_scopes(scopes, policy=policy, may_introspect=may_introspect),
        allowed_networks=normalise_networks(allowed_networks),
        created_at=now,
        updated_at=now,
        expires_at=check_expiration(expires_at, policy=policy, now=now),
    )
    _refuse_one_too_many(owner, policy=policy, now=now)
    _save(token)
    secret = _add_secret(token, now=now)
    record("token.created", by=by, subject=token.subject, now=now, after=described(token))
    return token, secret


@transaction.atomic
def delete_token(token: AccessToken, *, by: Actor, now: datetime) -> None:
    """Remove the token with its digests: from then on its secrets are unknown ones. Raises TokenGone."""
    current = lock(token)
    record("token.deleted", by=by, subject=current.subject, now=now, before=described(current))
    current.delete()


@transaction.atomic
def revoke_token(token: AccessToken, *, code: str, reason: str, by: Actor, now: datetime) -> AccessToken:
    """End the token for good. `code` is one of AccessToken.RevokedCode; `reason` is shown to the owner.

    Raises TokenGone, TokenIsRevoked, HoldsSecret.
    """
    refuse_secret(reason, field="reason")
    current = lock_unrevoked(token)
    current.revoked_at = current.updated_at = now
    current.revoked_code = AccessToken.RevokedCode(code)
    current.revoked_reason = reason.strip()[:REASON_LENGTH]
    current.expiry_flagged_at = None
    current.save()
    record("token.revoked", by=by, subject=current.subject, now=now, after={"code": code, "reason": reason})
    return current


def allowed_scopes(scopes: Iterable[str], *, policy: Policy, may_introspect: bool = False) -> str:
    """The canonical text of registered scopes that the policy allows. Raises InvalidScopes."""
    names = set(Resource.objects.values_list("name", flat=True))
    text = scope_rules.normalise(scopes, resources=names, may_introspect=may_introspect)
    if text == scope_rules.FULL and not policy.full_access_allowed:
        raise InvalidScopes("The policy of this portal allows no full access. Choose the permissions it needs.")
    return text


def described(token: AccessToken) -> dict[str, Any]:
    """What the audit log keeps of a token."""
    return {
        "name": token.name,
        "description": token.description,
        "scopes": token.scopes,
        "allowed_networks": token.allowed_networks,
        "expires_at": token.expires_at.isoformat(),
    }


def lock(token: AccessToken) -> AccessToken:
    """The row as it is now, held until the transaction ends. Raises TokenGone."""
    try:
        return AccessToken.objects.select_for_update(of=("self",)).select_related("owner").get(pk=token.pk)
    except AccessToken.DoesNotExist:
        raise TokenGone from None


def lock_unrevoked(token: AccessToken) -> AccessToken:
    """Raises TokenGone, TokenIsRevoked."""
    current = lock(token)
    if current.revoked_at is not None:
        raise TokenIsRevoked
    return current


def _save(token: AccessToken) -> None:
    """Save; the database says whether the name is free, since two may ask at once. Raises NameTaken."""
    try:
        with transaction.atomic():
            token.save()
    except IntegrityError:
        namesakes = AccessToken.objects.filter(owner=token.owner_id, name_key=token.name_key)
        if namesakes.exclude(pk=token.pk).exists():
            raise NameTaken from None
        raise


def _refuse_one_too_many(owner: User, *, policy: Policy, now: datetime) -> None:
    living = owner.tokens.filter(revoked_at=None, expires_at__gt=now).count()
    if living >= policy.tokens_per_owner:
        raise TooManyTokens(
            f"You have {living} tokens, and this portal allows {policy.tokens_per_owner}. Delete one you don't need."
        )


def _add_secret(token: AccessToken, *, now: datetime) -> str:
    secret = make_secret(settings.TOKEN_PREFIXES[0])
    pepper = digests.first_pepper()
    TokenSecret.objects.create(
        token=token, digest=digests.digest(secret, pepper), pepper=pepper, hint=hint(secret), created_at=now
    )
    return secret
