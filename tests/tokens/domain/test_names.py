"""Names and descriptions: what people may type."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tokens.conftest import NOBODYS_SECRET
from tokens.domain.names import clean_description, clean_name, name_key
from tokens.errors import HoldsSecret, InvalidDescription, InvalidName, Refused

BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
SEPARATORS = "\n\r\t\v\f\0\x1b\x7f\x85\x9b\u2028\u2029"
INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u034f\ufe0f\u115f\u1160\u17b4\u180b\u2800\u3164\uffa0\U000e0041"


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("ci", "ci"),
        ("  ci deploy\t\n", "ci deploy"),
        ("\u00a0\u3000ci\u2003", "ci"),
        ("a", "a"),
        ("x" * 64, "x" * 64),
        (" " + "x" * 64 + " ", "x" * 64),
        ("%s {{ 7*7 }} <script>alert(1)</script>", "%s {{ 7*7 }} <script>alert(1)</script>"),
        ("'; DROP TABLE tokens; --", "'; DROP TABLE tokens; --"),
        ("Zoë’s “CI” — 100 %", "Zoë’s “CI” — 100 %"),
        ("مفتاح", "مفتاح"),
        ("キー", "キー"),
        ("क्षि", "क्षि"),
        ("👩‍👩‍👧‍👦", "👩‍👩‍👧‍👦"),
        ("🏳️‍🌈 🏴󠁧󠁢󠁥󠁮󠁧󠁿 1️⃣", "🏳️‍🌈 🏴󠁧󠁢󠁥󠁮󠁧󠁿 1️⃣"),
        ("e\u0301", "e\u0301"),
        ("...", "..."),
        ("0", "0"),
        ("𝒸𝒾" * 32, "𝒸𝒾" * 32),
    ],
)
def test_clean_name_of_a_good_name_is_it_trimmed(typed: str, name: str) -> None:
    assert clean_name(typed)[0] == name


@pytest.mark.parametrize("typed", ["", " ", "\t\n", "\u00a0\u3000", *INVISIBLE, INVISIBLE, "\u0301", "\ud800"])
def test_clean_name_with_nothing_to_see_is_refused(typed: str) -> None:
    with pytest.raises(InvalidName, match="Give the token a name"):
        clean_name(typed)


@pytest.mark.parametrize("character", [*BIDI, *SEPARATORS, "\udc80"])
def test_clean_name_with_a_control_inside_is_refused_and_names_it(character: str) -> None:
    with pytest.raises(InvalidName, match=rf"invisible character U\+{ord(character):04X}\.$"):
        clean_name(f"ci{character}deploy")


@pytest.mark.parametrize("typed", ["x" * 65, "👩‍👩‍👧‍👦" * 10, "é" * 65, "x" * 1_000_000])
def test_clean_name_of_more_than_64_code_points_is_refused(typed: str) -> None:
    with pytest.raises(InvalidName, match=f"at most 64 characters; this has {len(typed)}"):
        clean_name(typed)


@pytest.mark.parametrize(
    "typed",
    [NOBODYS_SECRET, f"  {NOBODYS_SECRET}", f"Bearer {NOBODYS_SECRET}", f"x{NOBODYS_SECRET}x", f"\0{NOBODYS_SECRET}"],
)
def test_clean_name_that_holds_a_secret_is_refused_without_echo(typed: str) -> None:
    with pytest.raises(HoldsSecret) as refused:
        clean_name(typed)
    assert (refused.value.field, refused.value.code) == ("name", "holds_secret")
    assert NOBODYS_SECRET[3:] not in repr(refused.value) + refused.value.message


def test_clean_name_that_holds_a_long_secret_is_refused_as_a_secret() -> None:
    with pytest.raises(HoldsSecret):
        clean_name(NOBODYS_SECRET * 2)


@pytest.mark.parametrize("invisible", [*INVISIBLE, "\u180f", "\U000e0100"])
def test_name_key_leaves_out_what_is_not_seen(invisible: str) -> None:
    assert name_key(f"ci-de{invisible}ploy") == "ci-deploy"
    assert name_key(f"e{invisible}\u0301") == name_key("é")


@given(st.text(st.characters(codec=None, categories=None), max_size=80))
def test_clean_name_of_anything_is_storable_or_refused(typed: str) -> None:
    try:
        name, key = clean_name(typed)
    except Refused:
        return
    assert 1 <= len(name) <= 64
    assert 1 <= len(key) <= 64 * 18 * 3
    (name + key).encode()  # every database stores UTF-8


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ci", "CI"),
        ("straße", "STRASSE"),
        ("straße", "strasse"),
        ("Ω", "ω"),
        ("σ", "ς"),
        ("é", "e\u0301"),
        ("É", "e\u0301"),
        ("ﬁle", "FILE"),
        ("ｃｉ", "ci"),
        ("①", "1"),
        ("K", "k"),
        ("𝒸𝒾", "ci"),
        ("가", "\u1100\u1161"),
        ("a b", "a\u00a0b"),
        ("İ", "i\u0307"),
        ("ᾳ", "ΑΙ"),
    ],
)
def test_name_key_of_names_that_look_alike_is_the_same(one: str, other: str) -> None:
    assert clean_name(one)[1] == clean_name(other)[1]


@pytest.mark.parametrize(
    ("one", "other"), [("ci", "ci2"), ("e", "é"), ("i", "ı"), ("a b", "ab"), ("a", "а"), ("ß", "s")]
)
def test_name_key_of_other_names_differs(one: str, other: str) -> None:
    assert clean_name(one)[1] != clean_name(other)[1]


@given(st.text())
def test_name_key_of_its_own_key_is_that_key(name: str) -> None:
    assert name_key(name_key(name)) == name_key(name)


@given(st.text(), st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"]))
def test_name_key_of_every_unicode_form_is_the_same(name: str, form: str) -> None:
    assert name_key(unicodedata.normalize(form, name)) == name_key(name)  # type: ignore[arg-type]


def test_name_key_of_the_name_that_grows_most_fits_its_column() -> None:
    assert len(clean_name("\ufdfa" * 64)[1]) == 64 * 18


@pytest.mark.parametrize(
    ("typed", "description"),
    [("", ""), ("  ", ""), (" Deploys. ", "Deploys."), ("x" * 200, "x" * 200), ("👩‍👩‍👧‍👦", "👩‍👩‍👧‍👦")],
)
def test_clean_description_of_a_good_one_is_it_trimmed(typed: str, description: str) -> None:
    assert clean_description(typed) == description


@pytest.mark.parametrize("typed", ["x" * 201, *(f"a{character}b" for character in BIDI + SEPARATORS + "\ud800")])
def test_clean_description_too_long_or_with_controls_is_refused(typed: str) -> None:
    with pytest.raises(InvalidDescription) as refused:
        clean_description(typed)
    assert refused.value.field == "description"


def test_clean_description_that_holds_a_secret_is_refused_without_echo() -> None:
    with pytest.raises(HoldsSecret) as refused:
        clean_description(f"its secret is {NOBODYS_SECRET}")
    assert refused.value.field == "description"
    assert NOBODYS_SECRET[3:] not in repr(refused.value)
