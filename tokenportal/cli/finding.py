"""Secrets in a stream of bytes: by prefix and checksum, so that nothing that only looks like one is found."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from tokens.secret_format import CHECKSUM_LENGTH, RANDOM_LENGTH, find_secrets, hint, scrub


@dataclass(frozen=True, slots=True)
class Found:
    line: int  # from 1
    secret: str = field(repr=False)

    @property
    def hint(self) -> str:
        return hint(self.secret)


def looks_secret(text: str) -> bool:
    """Whether there is anything in it that is as long as a secret: of any portal, mistyped or not."""
    return scrub(text) != text


def find_in(chunks: Iterable[bytes], prefixes: Sequence[str]) -> Iterator[Found]:
    """Every secret in the bytes, in order, whichever chunks it is spread over.

    Bytes are read as Latin-1: any of them are text then, and what a secret consists of is the same in
    nearly every encoding. NULs are dropped, so that UTF-16 is read too, as PowerShell writes it.
    """
    kept = max(map(len, prefixes)) + RANDOM_LENGTH + CHECKSUM_LENGTH - 1
    tail = ""
    line = 1
    for chunk in chunks:
        window = tail + chunk.replace(b"\0", b"").decode("latin-1")
        for start, secret in sorted(find_secrets(window, prefixes)):
            if start + len(secret) > len(tail):  # else it was found in the window before
                yield Found(line + window.count("\n", 0, start), secret)
        tail = window[-kept:]
        line += window.count("\n", 0, len(window) - len(tail))
