"""A token's secrets as rows: how one comes, and how it ends."""

from datetime import datetime

from django.conf import settings

from tokens.domain import digests
from tokens.models import AccessToken, TokenSecret
from tokens.secret_format import hint, make_secret


def replace_secret(secret: TokenSecret, token: AccessToken, *, now: datetime) -> None:
    """A secret that had ended by itself keeps its own end."""
    secret.replaced_at = now
    secret.accepted_until = min(now, token.expires_at)
    secret.save(update_fields=["replaced_at", "accepted_until"])


def add_secret(token: AccessToken, *, now: datetime) -> str:
    """Make the token's current secret, which is returned and exists nowhere else."""
    secret = make_secret(settings.TOKEN_PREFIXES[0])
    pepper = digests.first_pepper()
    TokenSecret.objects.create(
        token=token, digest=digests.digest(secret, pepper), pepper=pepper, hint=hint(secret), created_at=now
    )
    return secret
