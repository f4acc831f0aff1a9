"""Secrets in streams of bytes."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tokenportal.cli.finding import find_in
from tokens.secret_format import make_secret

SECRETS = [make_secret("tp_") for _ in range(3)] + [make_secret("acme_") for _ in range(2)]


def lines_and_secrets(chunks: list[bytes], *prefixes: str) -> list[tuple[int, str]]:
    return [(found.line, found.secret) for found in find_in(chunks, prefixes or ("tp_",))]


@given(st.lists(st.integers(0, 400), max_size=6))
def test_find_in_a_stream_cut_anywhere_finds_each_secret_once_on_its_line(cuts: list[int]) -> None:
    text = "\n".join(["first", f"a={SECRETS[0]}", "", f'{SECRETS[3]} "{SECRETS[1]}"', "last"]).encode()
    edges = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    chunks = [text[start:end] for start, end in pairwise(edges)]
    assert lines_and_secrets(chunks, "tp_", "acme_") == [(2, SECRETS[0]), (4, SECRETS[3]), (4, SECRETS[1])]


def test_find_in_chunks_much_smaller_than_a_secret_finds_it() -> None:
    text = f"\n\n{SECRETS[0]}\n".encode()
    assert lines_and_secrets([bytes([byte]) for byte in text]) == [(3, SECRETS[0])]


def test_find_in_text_of_any_encoding_finds_the_secret_behind_it() -> None:
    text = f"Schlüssel — 鍵\n{SECRETS[0]}"
    for encoding in ("utf-8", "utf-16-le", "utf-16-be", "utf-16", "utf-8-sig"):
        assert lines_and_secrets([text.encode(encoding)]) == [(2, SECRETS[0])], encoding


def test_find_in_binary_bytes_finds_what_lies_between_them() -> None:
    assert lines_and_secrets([b"\x00\xff\xfe\n" + SECRETS[0].encode() + b"\x00\x80"]) == [(2, SECRETS[0])]


def test_find_in_look_alikes_finds_none() -> None:
    secret = SECRETS[0]
    swapped = secret[:10] + ("a" if secret[10] != "a" else "b") + secret[11:]
    look_alikes = [
        swapped,
        secret[:-1],
        "tp_" + "A" * 46,
        secret.replace("tp_", "tq_"),
        secret[:20] + "-" + secret[21:],
    ]
    assert lines_and_secrets(["\n".join(look_alikes).encode()]) == []


def test_find_in_with_the_prefix_of_another_portal_finds_that_portals_alone() -> None:
    text = "\n".join(SECRETS).encode()
    assert lines_and_secrets([text], "acme_") == [(4, SECRETS[3]), (5, SECRETS[4])]


def test_found_secret_in_a_repr_is_not_shown() -> None:
    [found] = find_in([SECRETS[0].encode()], ("tp_",))
    assert SECRETS[0] not in repr(found)
    assert found.hint == f"tp_{SECRETS[0][3:7]}…{SECRETS[0][39:43]}"
