"""A token as JSON."""

from datetime import datetime, timedelta

from django.db.models import F, Prefetch, QuerySet

from tokens.api.schemas import MadeOut, RevokedOut, SecretOut, TokenOut
from tokens.domain.delegation import Made
from tokens.domain.secret_rows import accepted
from tokens.domain.states import state_of
from tokens.models import AccessToken, TokenSecret
from tokens.presenting import rfc3339


def with_secrets(tokens: QuerySet[AccessToken], *, now: datetime) -> QuerySet[AccessToken]:
    """With the secrets that are accepted, the current one first."""
    secrets = TokenSecret.objects.filter(accepted(now)).order_by(F("replaced_at").desc(nulls_first=True))
    return tokens.prefetch_related(Prefetch("secrets", secrets))


def token_out(token: AccessToken, *, now: datetime, window: timedelta) -> TokenOut:
    """`token` comes from `with_secrets`; `window` is the policy's reminder window."""
    return TokenOut(
        id=token.pk,
        name=token.name,
        description=token.description,
        hint=token.hint,
        scopes=token.scope_list,
        state=state_of(token, now=now, window=window),
        created_at=rfc3339(token.created_at),
        updated_at=rfc3339(token.updated_at),
        expires_at=rfc3339(token.expires_at),
        regenerated_at=_time(token.regenerated_at),
        last_used_at=_time(token.last_used_at),
        last_used_address=token.last_used_address or None,
        allowed_networks=token.allowed_networks,
        disabled=token.disabled_at is not None,
        revoked=_revoked(token),
        secrets=[_secret_out(secret, token) for secret in token.secrets.all()],
    )


def made_out(made: Made, shown: TokenOut) -> MadeOut:
    return MadeOut(**dict(shown), secret=made.secret, expiration_cut=made.is_cut)


def _secret_out(secret: TokenSecret, token: AccessToken) -> SecretOut:
    used = token.last_use_of(secret)
    return SecretOut(
        id=secret.pk,
        hint=secret.hint,
        created_at=rfc3339(secret.created_at),
        accepted_until=_time(secret.accepted_until),
        last_used_at=_time(used.last_used_at),
        last_used_address=used.last_used_address or None,
    )


def _revoked(token: AccessToken) -> RevokedOut | None:
    if token.revoked_at is None:
        return None
    return RevokedOut(
        at=rfc3339(token.revoked_at), code=AccessToken.RevokedCode(token.revoked_code), reason=token.revoked_reason
    )


def _time(moment: datetime | None) -> str | None:
    return rfc3339(moment) if moment else None
