"""Never twice: what a repeated request is told."""

from datetime import datetime, timedelta

from accounts.models import User
from tokens.errors import AlreadyDone, KeyReused
from tokens.models import AccessToken, RequestKey

KEPT_FOR = timedelta(hours=24)


def refuse_repeat(owner: User, key: str, *, fingerprint: str = "", now: datetime) -> None:
    """An empty key is never a repeat; `fingerprint` tells what the request asks for, "" where that is not judged.

    Raises AlreadyDone when this owner used `key` within a day, KeyReused when it was for something else.
    """
    used = RequestKey.objects.filter(owner=owner, key=key, created_at__gt=now - KEPT_FOR).first() if key else None
    if used is None:
        return
    if used.fingerprint != fingerprint:
        raise KeyReused
    raise AlreadyDone(token_id=used.token_id, at=used.created_at)


def remember(owner: User, key: str, *, fingerprint: str = "", token: AccessToken, now: datetime) -> None:
    """Keep the key for a day; the row of an older use makes way."""
    if key:
        values = {"fingerprint": fingerprint, "token_id": token.pk, "created_at": now}
        RequestKey.objects.update_or_create(owner=owner, key=key, defaults=values)
