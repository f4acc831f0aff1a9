"""A token's secrets as rows: how one comes, and how it ends."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F, Q, QuerySet

from tokens.domain import digests
from tokens.errors import AlreadyDone, SecretGone, SecretIsCurrent
from tokens.models import AccessToken, TokenSecret
from tokens.secret_format import hint, make_secret


def accepted_secrets(token: AccessToken, *, now: datetime) -> QuerySet[TokenSecret]:
    """The current secret, then the one that was replaced and lives on for a while."""
    # Not token.secrets: a page may have fetched the current one alone into it.
    living = TokenSecret.objects.filter(accepted(now), token=token)
    return living.order_by(F("replaced_at").desc(nulls_first=True))


def accepted(now: datetime) -> Q:
    """The secrets that are accepted for as long as their token is."""
    return Q(replaced_at=None) | Q(accepted_until__gt=now)


def secret_to_replace(token: AccessToken, expected: int | None) -> TokenSecret:
    """The current secret. Raises AlreadyDone when `expected`, an id, is given and another one."""
    current = token.secrets.get(replaced_at=None)
    if expected is not None and expected != current.pk:
        raise AlreadyDone(token_id=token.pk, at=current.created_at)
    return current


def secret_to_end(token: AccessToken, secret_id: int, *, now: datetime) -> TokenSecret:
    """The replaced secret of that id. Raises SecretIsCurrent, and SecretGone when none lives on."""
    secret = accepted_secrets(token, now=now).filter(pk=secret_id).first()
    if secret is None:
        raise SecretGone
    if secret.replaced_at is None:
        raise SecretIsCurrent
    return secret


def replace_secret(
    secret: TokenSecret, token: AccessToken, *, overlap: timedelta, new_end: datetime, now: datetime
) -> dict[str, str]:
    """The current secret becomes the old one, and whichever was old before it ends now.

    The old one lives on for `overlap`, never past its own end, which the token still has, nor past
    the token's `new_end`. Returns what to record of that.
    """
    # Who waited for the row may have read the clock before the one that it waited for.
    now = max(now, secret.created_at)
    token.secrets.filter(accepted_until__gt=now).update(accepted_until=now)
    # To the whole second, like every end that is shown; without an overlap it is this very instant.
    ends_at = (now + overlap).replace(microsecond=0) if overlap else now
    secret.replaced_at, secret.accepted_until = now, min(ends_at, token.expires_at, new_end)
    secret.save(update_fields=["replaced_at", "accepted_until"])
    return {"old_secret_ends_at": secret.accepted_until.isoformat()} if overlap else {}


def add_secret(token: AccessToken, *, now: datetime) -> str:
    """Make the token's current secret, which is returned and exists nowhere else."""
    secret = make_secret(settings.TOKEN_PREFIXES[0])
    pepper = digests.first_pepper()
    TokenSecret.objects.create(
        token=token, digest=digests.digest(secret, pepper), pepper=pepper, hint=hint(secret), created_at=now
    )
    return secret
