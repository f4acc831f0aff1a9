"""The format of a secret: prefix, 40 random base62 characters, 6 of a checksum.

Standard library only: the command line uses this module without Django. The checksum (CRC-32 over
all that stands before it, the idea is GitHub's) lets a scanner tell a real secret from a look-alike
offline, and lets the server refuse a mistyped one without asking the database.
"""

import re
import secrets
import zlib
from collections.abc import Iterator, Sequence

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
RANDOM_LENGTH = 40
CHECKSUM_LENGTH = 6
_BODY_LENGTH = RANDOM_LENGTH + CHECKSUM_LENGTH
# Three pairs are the six digits of a checksum, in a third of the steps.
_PAIRS = [tens + ones for tens in ALPHABET for ones in ALPHABET]
# Whatever stands before it: the secrets of a retired prefix are scrubbed too, and a checksum that
# a typo broke doesn't make the rest of a secret fit for a log.
_SECRET_SHAPED = re.compile(rf"[0-9A-Za-z]{{{_BODY_LENGTH},}}")


def make_secret(prefix: str) -> str:
    """A new secret of about 238 bits."""
    unchecked = prefix + "".join(secrets.choice(ALPHABET) for _ in range(RANDOM_LENGTH))
    return unchecked + checksum(unchecked)


def checksum(unchecked: str) -> str:
    """CRC-32 of the ASCII text as six base62 digits, zero-padded."""
    rest, last = divmod(zlib.crc32(unchecked.encode("ascii")), len(_PAIRS))
    first, middle = divmod(rest, len(_PAIRS))
    return _PAIRS[first] + _PAIRS[middle] + _PAIRS[last]


def is_well_formed(text: str, prefixes: Sequence[str]) -> bool:
    """Whether `text` is, as a whole, a secret that a portal with these prefixes may have made."""
    for prefix in prefixes:
        if len(text) == len(prefix) + _BODY_LENGTH and text.startswith(prefix):
            return _checks_out(text, len(prefix))
    return False


def find_secrets(text: str, prefixes: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Every well-formed secret in `text`, with the index where it starts."""
    for prefix in prefixes:
        start = text.find(prefix)
        while start >= 0:
            candidate = text[start : start + len(prefix) + _BODY_LENGTH]
            if is_well_formed(candidate, (prefix,)):
                yield start, candidate
            start = text.find(prefix, start + 1)


def holds_secret(text: str, prefixes: Sequence[str]) -> bool:
    return next(find_secrets(text, prefixes), None) is not None


def hint(secret: str) -> str:
    """`tp_Q7rk…mZ0c`: enough for a person to match a secret to a row, 48 bits of 238."""
    prefix, random = secret[:-_BODY_LENGTH], secret[-_BODY_LENGTH:-CHECKSUM_LENGTH]
    return f"{prefix}{random[:4]}…{random[-4:]}"


def scrub(text: str) -> str:
    """`text` with everything that is shaped like a secret taken out, for logs and error pages."""
    return _SECRET_SHAPED.sub("[secret]", text)


def _checks_out(secret: str, prefix_length: int) -> bool:
    body = secret[prefix_length:]
    if not (body.isascii() and body.isalnum()):
        return False
    return checksum(secret[:-CHECKSUM_LENGTH]) == secret[-CHECKSUM_LENGTH:]
