"""Digests of secrets, under numbered peppers.

HMAC-SHA-256 and no password hash: a secret holds 238 random bits, so there is nothing to guess, and
a service verifies it on every request (docs/adr has the reasoning). The pepper is kept outside the
database, so that a stolen copy of it can't even confirm a secret that somebody found.
"""

import hashlib
import hmac
from functools import lru_cache

from django.conf import settings


def digest(secret: str, pepper: int) -> bytes:
    """32 bytes."""
    return _digest(secret, settings.TOKEN_PEPPERS[pepper])


def _digest(secret: str, key: bytes) -> bytes:
    keyed = _keyed(key).copy()
    keyed.update(secret.encode("ascii"))
    return keyed.digest()


@lru_cache(maxsize=16)
def _keyed(key: bytes) -> hmac.HMAC:
    """To copy: what OpenSSL does to begin with takes as long as all the rest."""
    return hmac.new(key, digestmod=hashlib.sha256)


def first_pepper() -> int:
    """The number of the pepper that makes new digests."""
    return next(iter(settings.TOKEN_PEPPERS))


def candidates(secret: str) -> list[bytes]:
    """The digests that the secret may be stored as, one a live pepper."""
    return [_digest(secret, key) for key in settings.TOKEN_PEPPERS.values()]
