"""The rules of names, descriptions and reasons."""

import unicodedata

from django.conf import settings

from accounts.text import first_invisible
from tokens.errors import HoldsSecret, InvalidDescription, InvalidName, InvalidReason, Refused
from tokens.models.access_token import DESCRIPTION_LENGTH, NAME_LENGTH, REASON_LENGTH
from tokens.secret_format import holds_secret

# Letters and a symbol by their category, yet nothing is seen of them: Hangul fillers, the empty Braille pattern.
_BLANK = frozenset("\u115f\u1160\u3164\uffa0\u2800")
# Marks by their category of which nothing is seen either: the grapheme joiner, inherent vowels, variation selectors.
_JOINERS = frozenset("\u034f\u17b4\u17b5\u180b\u180c\u180d\u180f") | {
    chr(code) for selectors in (range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0)) for code in selectors
}


def clean_name(text: str) -> tuple[str, str]:
    """The name trimmed, and the key by which an owner's names are compared. Raises InvalidName, HoldsSecret."""
    name = text.strip()
    refuse_secret(name, field="name")
    if not any(map(_is_seen, name)):
        raise InvalidName("Give the token a name.")
    if len(name) > NAME_LENGTH:
        raise InvalidName(f"Use at most {NAME_LENGTH} characters; this has {len(name)}.")
    _refuse_unprintable(name, InvalidName)
    return name, name_key(name)


def clean_description(text: str) -> str:
    """Raises InvalidDescription, HoldsSecret."""
    description = text.strip()
    refuse_secret(description, field="description")
    if len(description) > DESCRIPTION_LENGTH:
        raise InvalidDescription(f"Use at most {DESCRIPTION_LENGTH} characters; this has {len(description)}.")
    _refuse_unprintable(description, InvalidDescription)
    return description


def clean_reason(text: str) -> str:
    """Why a token was revoked, as much of it as is kept. Raises InvalidReason, HoldsSecret."""
    reason = text.strip()
    refuse_secret(reason, field="reason")
    _refuse_unprintable(reason, InvalidReason)
    return reason[:REASON_LENGTH]


def name_key(name: str) -> str:
    """Names that look alike share a key: what is not seen left out, compatibility forms composed, case folded.

    As in Unicode's NFKC_Casefold, D145, but that more is left out than it ignores.
    """
    seen = "".join(character for character in name if not _is_ignored(character))
    folded = unicodedata.normalize("NFKC", seen).casefold()
    return unicodedata.normalize("NFKC", folded)


def refuse_secret(text: str, *, field: str) -> None:
    """Raises HoldsSecret when `text` holds a secret, of which nothing is repeated."""
    if holds_secret(text, settings.TOKEN_PREFIXES):
        raise HoldsSecret(field=field)


def _is_seen(character: str) -> bool:
    return unicodedata.category(character)[0] in "LNPS" and character not in _BLANK


def _is_ignored(character: str) -> bool:
    return character in _BLANK or character in _JOINERS or unicodedata.category(character) == "Cf"


def _refuse_unprintable(text: str, error: type[Refused]) -> None:
    if invisible := first_invisible(text):
        raise error(f"Take out the invisible character {invisible}.")
