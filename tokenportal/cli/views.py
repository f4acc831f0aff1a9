"""What the API answers, as far as the commands read it, and how it is shown."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

import click

from tokenportal.cli.errors import Failure
from tokenportal.cli.moments import in_words, read_moment
from tokenportal.cli.output import clean, on_terminal, show_lines, show_table

T = TypeVar("T")
_HEADINGS = ("ID", "NAME", "TOKEN", "STATE", "PERMISSIONS", "EXPIRES", "LAST USED")


@dataclass(frozen=True)
class User:
    id: int
    email: str
    name: str


@dataclass(frozen=True)
class Made:
    """A token that was made or regenerated: only then its secret is told."""

    id: int
    name: str
    expires_at: str
    secret: str = field(repr=False)


@dataclass(frozen=True)
class Page:
    items: list[Any]
    count: int


@dataclass(frozen=True)
class Secret:
    """One that is accepted; never the secret itself."""

    hint: str
    accepted_until: str | None  # None: it is the current one


@dataclass(frozen=True)
class Revoked:
    at: str
    code: str
    reason: str


@dataclass(frozen=True)
class Token:
    id: int
    name: str
    description: str
    hint: str
    state: str
    scopes: list[str]
    allowed_networks: list[str]
    created_at: str
    expires_at: str
    last_used_at: str | None
    last_used_address: str | None
    secrets: list[Any]
    revoked: dict[str, Any] | None

    @property
    def permissions(self) -> str:
        return " ".join(self.scopes) or "none"

    def last_use(self, now: datetime) -> str:
        """`used 4 minutes ago from 203.0.113.7`"""
        if not self.last_used_at:
            return "never used"
        address = f" from {self.last_used_address}" if self.last_used_address else ""
        return f"used {_relative(self.last_used_at, now)}{address}"


def read(kind: type[T], answer: Any) -> T:
    """The fields of a dataclass out of a JSON object; Failure if one is missing or of another kind."""
    try:
        return kind(**{name: _checked(answer[name], hint) for name, hint in get_type_hints(kind).items()})
    except (KeyError, TypeError):
        raise Failure(
            "The portal's answer lacks what this command needs. Is it a portal, and not much older or newer?"
        ) from None


def _checked(value: Any, hint: Any) -> Any:
    kinds = get_args(hint) if isinstance(hint, UnionType) else (hint,)
    if isinstance(value, tuple(get_origin(kind) or kind for kind in kinds)):
        return value
    raise TypeError


def show_tokens(tokens: Iterable[Token]) -> None:
    if on_terminal():
        now = datetime.now(UTC)
        show_table(_HEADINGS, [_row(token, now) for token in tokens])
    else:
        show_lines([_line(token) for token in tokens])


def show_token(token: Token) -> None:
    show_fields(
        ("id", str(token.id)),
        ("name", token.name),
        ("description", token.description),
        ("token", token.hint),
        ("state", token.state),
        ("permissions", token.permissions),
        ("networks", " ".join(token.allowed_networks) or "any"),
        ("created", _exact(token.created_at)),
        ("expires", _exact(token.expires_at)),
        ("last used", _exact(token.last_used_at) if token.last_used_at else "never"),
        ("last address", token.last_used_address or ""),
        *_what_became(token),
    )


def _what_became(token: Token) -> Iterator[tuple[str, str]]:
    """What few tokens have: an old secret that lives on, a revocation."""
    for secret in (read(Secret, each) for each in token.secrets):
        if secret.accepted_until:
            yield "old token", f"{secret.hint} until {_exact(secret.accepted_until)}"
    if token.revoked:
        revoked = read(Revoked, token.revoked)
        yield "revoked", _exact(revoked.at)
        yield "revoked by", revoked.code
        yield "reason", revoked.reason


def show_fields(*pairs: tuple[str, str]) -> None:
    """A line each: aligned for people, with a tab in between for programs."""
    if not on_terminal():
        show_lines(pairs)
        return
    width = max(len(name) for name, _text in pairs)
    for name, text in pairs:
        click.echo(f"{click.style(name.capitalize().ljust(width), bold=True)}  {clean(text)}".rstrip())


def _row(token: Token, now: datetime) -> tuple[str, ...]:
    used = _relative(token.last_used_at, now) if token.last_used_at else "never"
    ends = _relative(token.expires_at, now)
    return (str(token.id), token.name, token.hint, token.state, token.permissions, ends, used)


def _line(token: Token) -> tuple[str, ...]:
    used = token.last_used_at or ""
    return (str(token.id), token.name, token.hint, token.state, " ".join(token.scopes), token.expires_at, used)


def _exact(text: str) -> str:
    """The time itself, and for people what it means."""
    moment = read_moment(text)
    return f"{text} ({in_words(moment, datetime.now(UTC))})" if moment and on_terminal() else text


def _relative(text: str, now: datetime) -> str:
    moment = read_moment(text)
    return in_words(moment, now) if moment else text
