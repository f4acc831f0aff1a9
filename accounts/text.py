"""Text that people type and others read."""

import unicodedata

# Marks that reorder the text around them (Unicode UAX #9): a name could be made to read as another.
_BIDI_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# Control characters, line and paragraph separators, lone surrogates (which no database stores).
_REFUSED_CATEGORIES = frozenset({"Cc", "Zl", "Zp", "Cs"})


def first_invisible(text: str) -> str:
    """The first character that must not be in a line of text, as `U+202E`; "" when there is none."""
    for character in text:
        if character in _BIDI_CONTROLS or unicodedata.category(character) in _REFUSED_CATEGORIES:
            return f"U+{ord(character):04X}"
    return ""
