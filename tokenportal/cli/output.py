"""What is printed: results on standard output, everything that is said beside them on standard error."""

import json
import sys
import unicodedata
from typing import Any

import click

# They turn the direction of text around, so that a name could look like another.
_BIDI_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_NOT_SHOWN = frozenset({"Cc", "Cs", "Zl", "Zp"})  # control, lone surrogates, separators of lines and paragraphs


def say(text: str) -> None:
    click.echo(text, err=True)


def show_json(value: Any) -> None:
    click.echo(json.dumps(value, indent=2))


def clean(text: str) -> str:
    """`text` without what could act on a terminal: it comes from a server or is the name of a file."""
    return "".join("\ufffd" if _acts(character) else character for character in text)


def on_terminal() -> bool:
    return sys.stdout.isatty()


def _acts(character: str) -> bool:
    return character in _BIDI_CONTROLS or unicodedata.category(character) in _NOT_SHOWN
