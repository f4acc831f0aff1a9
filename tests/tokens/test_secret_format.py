"""The format of a secret, against an implementation of the checksum that shares no line with ours."""

import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokens.secret_format import (
    ALPHABET,
    checksum,
    find_secrets,
    hint,
    holds_secret,
    is_well_formed,
    make_secret,
    scrub,
)

KNOWN = "tp_Q7rkabcdefghijklmnopqrstuvwxyz012345mZ0c0APijx"
PREFIXES = ("tp_",)

bodies = st.text(ALPHABET, min_size=40, max_size=40)
secrets = bodies.map(lambda body: (unchecked := "tp_" + body) + checksum_bit_by_bit(unchecked))


def checksum_bit_by_bit(text: str) -> str:
    """CRC-32 (reflected, polynomial 0xEDB88320) bit by bit, in base62 of 0-9A-Za-z."""
    crc = 0xFFFFFFFF
    for byte in text.encode():
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xEDB88320 if crc & 1 else 0)
    crc ^= 0xFFFFFFFF
    digits = string.digits + string.ascii_uppercase + string.ascii_lowercase
    return "".join(digits[crc // 62**place % 62] for place in range(5, -1, -1))


def test_make_secret_with_the_default_prefix_has_the_documented_form() -> None:
    assert re.fullmatch(r"tp_[0-9A-Za-z]{46}", make_secret("tp_"))
    assert len(make_secret("tp_")) == 49


def test_make_secret_a_thousand_times_repeats_none() -> None:
    assert len({make_secret("tp_") for _ in range(1000)}) == 1000


def test_make_secret_a_thousand_times_uses_the_whole_alphabet_at_every_place() -> None:
    # Of 62 characters about 61.99999 are expected at each place.
    made = [make_secret("tp_")[3:43] for _ in range(1000)]
    assert all(len({secret[place] for secret in made}) > 55 for place in range(40))


@pytest.mark.parametrize("prefix", ["tp_", "a", "acme_live_0123456789"])
def test_make_secret_with_any_prefix_is_well_formed_under_it(prefix: str) -> None:
    secret = make_secret(prefix)
    assert secret.startswith(prefix)
    assert is_well_formed(secret, (prefix,))


@pytest.mark.parametrize(
    ("text", "digits"),
    [("", "000000"), ("123456789", "3jZRME"), (KNOWN[:-6], "0APijx"), ("tp_" + "5426".rjust(40, "0"), "000AgD")],
)
def test_checksum_of_a_known_text_is_the_known_one(text: str, digits: str) -> None:
    assert checksum(text) == digits


@given(st.text(string.printable))
def test_checksum_of_any_ascii_agrees_with_the_other_implementation(text: str) -> None:
    assert checksum(text) == checksum_bit_by_bit(text)


def test_is_well_formed_known_secret_holds() -> None:
    assert is_well_formed(KNOWN, PREFIXES)


@pytest.mark.parametrize("index", range(len(KNOWN)))
def test_is_well_formed_with_one_character_changed_does_not_hold(index: int) -> None:
    others = set(ALPHABET + "_- \n\0é٣") - {KNOWN[index]}
    changed = [KNOWN[:index] + other + KNOWN[index + 1 :] for other in others]
    assert not any(is_well_formed(text, PREFIXES) for text in changed)


@pytest.mark.parametrize("index", range(len(KNOWN) - 1))
def test_is_well_formed_with_two_neighbours_swapped_does_not_hold(index: int) -> None:
    swapped = KNOWN[:index] + KNOWN[index + 1] + KNOWN[index] + KNOWN[index + 2 :]
    assert swapped == KNOWN or not is_well_formed(swapped, PREFIXES)


@pytest.mark.parametrize(
    "text",
    ["", "tp_", KNOWN[:-1], KNOWN[1:], KNOWN + "0", " " + KNOWN, KNOWN + "\n", KNOWN + KNOWN, KNOWN.swapcase()],
)
def test_is_well_formed_of_more_less_or_other_case_does_not_hold(text: str) -> None:
    assert not is_well_formed(text, PREFIXES)


@pytest.mark.parametrize("length", [0, 1, 39, 41, 86])
def test_is_well_formed_of_another_length_with_the_right_checksum_does_not_hold(length: int) -> None:
    unchecked = "tp_" + "a" * length
    assert not is_well_formed(unchecked + checksum_bit_by_bit(unchecked), PREFIXES)


@given(st.text())
def test_is_well_formed_of_any_text_never_raises(text: str) -> None:
    assert not is_well_formed("tp_" + text, ())
    assert is_well_formed("tp_" + text, PREFIXES) in (True, False)


def test_is_well_formed_with_several_prefixes_reads_all_of_them() -> None:
    prefixes = ("acme_", "tp_", "tp")
    assert all(is_well_formed(make_secret(prefix), prefixes) for prefix in prefixes)


def test_is_well_formed_with_a_prefix_that_is_not_listed_does_not_hold() -> None:
    assert not is_well_formed(make_secret("old_"), ("acme_", "tp_"))


def test_is_well_formed_with_another_listed_prefix_in_its_place_does_not_hold() -> None:
    assert not is_well_formed("tq_" + KNOWN[3:], ("tq_", "tp_"))


@given(st.text(), secrets, st.text())
def test_find_secrets_in_any_surroundings_finds_it(before: str, secret: str, after: str) -> None:
    assert (len(before), secret) in find_secrets(before + secret + after, PREFIXES)


def test_find_secrets_of_two_prefixes_finds_each_with_its_place() -> None:
    old, new = make_secret("old_"), make_secret("acme_")
    text = f"export A={old}; export B={new}"
    assert set(find_secrets(text, ("acme_", "old_"))) == {(9, old), (text.index(new), new)}


def test_find_secrets_whose_prefix_overlaps_itself_finds_it() -> None:
    secret = make_secret("aa")
    assert (1, secret) in find_secrets(f"a{secret}", ("aa",))


def test_find_secrets_side_by_side_finds_both() -> None:
    assert [secret for _, secret in find_secrets(KNOWN + KNOWN, PREFIXES)] == [KNOWN, KNOWN]


@given(secrets, st.integers(0, 48))
def test_holds_secret_with_a_hole_in_it_does_not_hold(secret: str, index: int) -> None:
    assert not holds_secret(f"a {secret[:index]}{secret[index + 1 :]} b", PREFIXES)


def test_holds_secret_in_a_megabyte_of_prefixes_is_quick_and_right() -> None:
    assert not holds_secret("tp_" * 300_000, PREFIXES)
    assert holds_secret("tp_" * 300_000 + KNOWN, PREFIXES)


def test_hint_of_the_known_secret_shows_four_and_four() -> None:
    assert hint(KNOWN) == "tp_Q7rk…mZ0c"


@given(secrets)
def test_hint_of_any_secret_tells_eight_characters_and_none_of_the_checksum(secret: str) -> None:
    assert hint(secret) == f"tp_{secret[3:7]}…{secret[39:43]}"


def test_hint_with_the_longest_prefix_fits_its_column() -> None:
    assert len(hint(make_secret("a" * 20))) <= 40


@given(st.text(), secrets, st.text())
def test_scrub_of_any_text_leaves_no_random_part(before: str, secret: str, after: str) -> None:
    assert secret[3:] not in scrub(before + secret + after)


@pytest.mark.parametrize("prefix", ["tp_", "retired_", "x"])
def test_scrub_of_a_retired_prefix_takes_the_secret_out(prefix: str) -> None:
    secret = make_secret(prefix)
    assert secret[len(prefix) :] not in scrub(f"Bearer {secret}, then more")


def test_scrub_of_a_mistyped_secret_takes_it_out() -> None:
    assert scrub(f"a {KNOWN[:-1]}y b") == "a tp_[secret] b"


@given(st.text(ALPHABET + " -_/.", max_size=45))
def test_scrub_of_a_short_text_leaves_it_alone(text: str) -> None:
    assert scrub(text) == text
