"""Never twice: what a repeated request is told."""

from datetime import datetime, timedelta

from accounts.models import User
from tokens.errors import AlreadyDone
from tokens.models import AccessToken, RequestKey

KEPT_FOR = timedelta(hours=24)


def refuse_repeat(owner: User, key: str, *, now: datetime) -> None:
    """Raises AlreadyDone when this owner used `key` within a day. An empty key is never a repeat."""
    used = RequestKey.objects.filter(owner=owner, key=key, created_at__gt=now - KEPT_FOR).first() if key else None
    if used is not None:
        raise AlreadyDone(token_id=used.token_id, at=used.created_at)


def remember(owner: User, key: str, *, token: AccessToken, now: datetime) -> None:
    """Keep the key for a day; the row of an older use makes way."""
    if key:
        RequestKey.objects.update_or_create(owner=owner, key=key, defaults={"token_id": token.pk, "created_at": now})
