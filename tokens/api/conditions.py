"""Headers that make a call safe to repeat, or to make beside others: Idempotency-Key, ETag and If-Match."""

import re
from datetime import datetime
from typing import Annotated, Any

from django.utils.crypto import salted_hmac
from ninja import Header

from tokens.api.auth import ApiRequest
from tokens.api.fields import EPOCH, MICROSECOND
from tokens.api.schemas import In
from tokens.errors import ChangedElsewhere
from tokens.models import AccessToken

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        description="The same key within 24 hours does nothing a second time.",
    ),
]
IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match", max_length=1000, description="The ETag that you saw: another one by now is answered by 412."
    ),
]


def repeat_keys(request: ApiRequest, key: str | None, payload: In | None) -> dict[str, str]:
    """What the domain takes to tell a repeat. Digests: neither the key nor the body is kept.

    A server key goes into them, so that a body can't be guessed from what is stored.
    """
    if key is None:
        return {}
    asked = f"{request.method} {request.path}\n{payload.model_dump_json(exclude_unset=True) if payload else '{}'}"
    return {"request_key": _digest("key", key), "fingerprint": _digest("body", asked)}


def etag(token: AccessToken) -> str:
    """Another one after every change. It is not told by when the token was last used, which nobody changes."""
    return f'"{token.pk}-{(token.updated_at - EPOCH) // MICROSECOND}"'


def version_to_match(token: AccessToken, if_match: str | None) -> datetime | None:
    """The version that the caller means to change; None for any. Raises ChangedElsewhere (RFC 9110, section 13.1.1)."""
    if if_match is None or if_match.strip() == "*":
        return None
    # A weak tag is taken too: compressing an answer on its way makes every tag weak.
    if etag(token) in re.findall(r'"[^"]*"', if_match):
        return token.updated_at
    raise ChangedElsewhere


def _digest(what: str, value: Any) -> str:
    return salted_hmac(f"tokens.api.{what}", value, algorithm="sha256").hexdigest()
