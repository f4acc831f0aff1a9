"""What is printed: results on standard output, everything that is said beside them on standard error."""

import json
import sys
import unicodedata
from collections.abc import Sequence
from typing import Any

import click

# They turn the direction of text around, so that a name could look like another.
_BIDI_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_COLOURS = {"active": "green", "expiring": "yellow", "expired": "red", "revoked": "red", "disabled": "bright_black"}
_WIDEST = 32
_NOT_SHOWN = frozenset({"Cc", "Cs", "Zl", "Zp"})  # control, lone surrogates, separators of lines and paragraphs


def say(text: str) -> None:
    click.echo(text, err=True)


def show_json(value: Any) -> None:
    click.echo(json.dumps(value, indent=2))


def clean(text: str) -> str:
    """`text` without what could act on a terminal: it comes from a server or is the name of a file."""
    return "".join("\ufffd" if _acts(character) else character for character in text)


def show_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Columns, for people."""
    cells = [[_cut(clean(text)) for text in row] for row in (headings, *rows)]
    widths = [max(map(_width, column)) for column in zip(*cells, strict=True)]
    for number, row in enumerate(cells):
        padded = [_painted(text) + " " * (width - _width(text)) for text, width in zip(row, widths, strict=True)]
        click.echo(click.style("  ".join(padded).rstrip(), bold=True if number == 0 else None))


def show_lines(rows: Sequence[Sequence[str]]) -> None:
    """A line each, with tabs in between, for programs."""
    for row in rows:
        click.echo("\t".join(map(clean, row)))


def on_terminal() -> bool:
    return sys.stdout.isatty()


def _acts(character: str) -> bool:
    return character in _BIDI_CONTROLS or unicodedata.category(character) in _NOT_SHOWN


def _painted(text: str) -> str:
    return click.style(text, fg=_COLOURS.get(text))


def _cut(text: str) -> str:
    while _width(text) > _WIDEST:
        text = text[:-2] + "…"
    return text


def _width(text: str) -> int:
    """The columns that a terminal gives to it."""
    return sum(_columns(character) for character in text)


def _columns(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
