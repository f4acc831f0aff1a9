"""Digests, against the standard's own words for HMAC (RFC 2104)."""

import hashlib

from pytest_django.fixtures import Settings

from tests.tokens.conftest import NOBODYS_SECRET
from tokens.domain.digests import candidates, digest, first_pepper


def hmac_by_the_book(key: bytes, message: bytes) -> bytes:
    key = (hashlib.sha256(key).digest() if len(key) > 64 else key).ljust(64, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in key) + message).digest()
    return hashlib.sha256(bytes(byte ^ 0x5C for byte in key) + inner).digest()


def test_digest_is_hmac_sha_256_under_the_pepper(settings: Settings) -> None:
    settings.TOKEN_PEPPERS = {7: b"k" * 32, 3: b"a longer one than the block of the hash, which is 64 bytes long" * 2}
    for pepper, key in settings.TOKEN_PEPPERS.items():
        assert digest(NOBODYS_SECRET, pepper) == hmac_by_the_book(key, NOBODYS_SECRET.encode())


def test_first_pepper_is_the_first_that_is_listed(settings: Settings) -> None:
    settings.TOKEN_PEPPERS = {3: b"3" * 32, 9: b"9" * 32, 1: b"1" * 32}
    assert first_pepper() == 3


def test_candidates_are_one_digest_for_each_live_pepper() -> None:
    assert candidates(NOBODYS_SECRET) == [digest(NOBODYS_SECRET, 2), digest(NOBODYS_SECRET, 1)]
