"""Scopes: what a token may do. Plain strings in one canonical text; no Django.

The canonical text is what is stored, and what services receive byte for byte: the scopes sorted and
separated by a space, each `write` beside its `read`. The empty text is no access.
"""

import re
from collections.abc import Collection, Iterable

from tokens.errors import InvalidScopes

FULL = "full"
INTROSPECT = "introspect"
ROTATE = "tokens:rotate"
PORTAL = "tokens"
RESERVED_NAMES = frozenset({FULL, "any", PORTAL, INTROSPECT})
RESOURCE_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")
ACTIONS = ("read", "write")


def split(text: str) -> list[str]:
    return text.split()


def normalise(scopes: Iterable[str], *, resources: Collection[str], may_introspect: bool = False) -> str:
    """The canonical text of `scopes`, each of which must be known.

    `resources` are the registered names. `introspect` is refused unless an administrator asks.
    Raises InvalidScopes.
    """
    chosen = set(scopes)
    for scope in sorted(chosen):
        if not _is_known(scope, resources, may_introspect=may_introspect):
            raise InvalidScopes(f"There is no permission “{scope[:60]}”.")
    if FULL in chosen and len(chosen) > 1:
        raise InvalidScopes("Full access stands alone: it holds every other permission already.")
    reads = {scope.removesuffix(":write") + ":read" for scope in chosen if scope.endswith(":write")}
    return " ".join(sorted(chosen | reads))


def holds(text: str, scope: str) -> bool:
    """Whether a token with these scopes may do what needs `scope`."""
    if scope == INTROSPECT:
        return scope in text.split()
    granted = text.split()
    return FULL in granted or scope in granted or (scope == ROTATE and f"{PORTAL}:write" in granted)


def covers(wide: str, narrow: str) -> bool:
    """Whether everything that `narrow` may do, `wide` may do too."""
    return all(holds(wide, scope) for scope in split(narrow))


def of_resources(names: Iterable[str]) -> list[str]:
    """Every scope that full access holds while these resources are registered, sorted."""
    return sorted({ROTATE, *(f"{name}:{action}" for name in names for action in ACTIONS)})


def without_resource(text: str, resource: str) -> str:
    return " ".join(scope for scope in split(text) if not scope.startswith(f"{resource}:"))


def _is_known(scope: str, resources: Collection[str], *, may_introspect: bool) -> bool:
    if scope == INTROSPECT:
        return may_introspect
    if scope in (FULL, ROTATE):
        return True
    resource, _, action = scope.partition(":")
    return resource in resources and action in ACTIONS
