"""Secrets that somebody found, and those that their holders give up: what they opened is closed at once."""

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime

from django.conf import settings
from django.db import transaction

from accounts.actor import Actor
from accounts.audit import AuditEvent, record
from accounts.text import first_invisible
from tokens.domain import digests
from tokens.domain.lifecycle import end_secret, revoke_made_by, revoke_token
from tokens.domain.rows import lock, lock_owner
from tokens.domain.secret_rows import accepted
from tokens.errors import TokenGone
from tokens.models import AccessToken, TokenSecret
from tokens.secret_format import is_well_formed, scrub

LEAK_REPORTED = "token.leak_reported"
_SOURCE_LENGTH = 180
# Of a longer text no more is looked at.
_SOURCE_READ = 10_000


def report_leaks(texts: Iterable[str], *, source: str, by: Actor, now: datetime) -> None:
    """Revoke each token whose current secret is among `texts`, for good; switched off or not.

    `source` says where they were found; it comes from anybody, so the owner sees it as plain text.
    Says nothing of which were real. A secret that is dead already is recorded, and changes nothing but
    where it was the last one of a token that was revoked for another reason: what that had made goes.
    """
    where = clean_source(source)
    for secret in _known(texts):
        _report_leak(secret, where, by=by, now=now)


def end_by_holder(text: str, *, by: Actor, now: datetime) -> None:
    """Revoke the token whose current secret this is, for good. What is not known, or dead, stays as it is."""
    for secret in _known([text]):
        _end_by_holder(secret, by=by, now=now)


def clean_source(text: str) -> str:
    """What a stranger wrote, as a short line without secrets."""
    visible = "".join(character for character in text[:_SOURCE_READ] if not first_invisible(character))
    return scrub(visible).strip()[:_SOURCE_LENGTH]


def _known(texts: Iterable[str]) -> list[TokenSecret]:
    wellformed = {text for text in texts if is_well_formed(text, settings.TOKEN_PREFIXES)}
    wanted = [digest for text in wellformed for digest in digests.candidates(text)]
    return list(TokenSecret.objects.filter(digest__in=wanted).select_related("token__owner").order_by("pk"))


@transaction.atomic
def _report_leak(secret: TokenSecret, source: str, *, by: Actor, now: datetime) -> None:
    with suppress(TokenGone):
        token = _hold(secret)
        if not _was_reported(secret):
            after = {"hint": secret.hint, "source": source, "revoked": _ends_token(secret, token, now=now)}
            record(LEAK_REPORTED, by=by, subject=token.subject, now=now, after=after)
        reason = f"Found at {source}" if source else ""
        _close(secret, token, AccessToken.RevokedCode.LEAK, reason, by=by, now=now)
        if token.revoked_at is not None and _is_current(secret, token):  # a thief may have ended it before
            revoke_made_by(token, by=by, now=now)


@transaction.atomic
def _end_by_holder(secret: TokenSecret, *, by: Actor, now: datetime) -> None:
    with suppress(TokenGone):
        _close(secret, _hold(secret), AccessToken.RevokedCode.HOLDER, "", by=by, now=now)


def _hold(secret: TokenSecret) -> AccessToken:
    """The owner first, as everybody who locks both. Raises TokenGone."""
    lock_owner(secret.token.owner)
    return lock(secret.token)


def _close(
    secret: TokenSecret, token: AccessToken, code: AccessToken.RevokedCode, reason: str, *, by: Actor, now: datetime
) -> None:
    """With its current secret falls the token, whose row is held; an old one that lives on falls alone."""
    if _ends_token(secret, token, now=now):
        revoke_token(token, code=code, reason=reason, by=by, now=now)
    elif _is_living(token, now=now) and token.secrets.filter(accepted(now), pk=secret.pk).exists():
        end_secret(token, secret.pk, by=by, now=now)


def _ends_token(secret: TokenSecret, token: AccessToken, *, now: datetime) -> bool:
    """Whether the token, whose row is held, falls with this secret: it may be replaced by now."""
    return _is_living(token, now=now) and _is_current(secret, token)


def _is_current(secret: TokenSecret, token: AccessToken) -> bool:
    return token.secrets.filter(pk=secret.pk, replaced_at=None).exists()


def _is_living(token: AccessToken, *, now: datetime) -> bool:
    return token.revoked_at is None and token.expires_at > now


def _was_reported(secret: TokenSecret) -> bool:
    """Each is recorded once, or whoever knows a dead one could fill the log with it."""
    of_token = AuditEvent.objects.filter(kind=LEAK_REPORTED, subject_type="token", subject_id=secret.token_id)
    return of_token.filter(after__hint=secret.hint).exists()
