"""Which token is meant: by an id, a name, or "current", the token that is used."""

import re
import unicodedata
from typing import TYPE_CHECKING

from tokenportal.cli.errors import Failure
from tokenportal.cli.output import clean
from tokenportal.cli.views import Token, read

if TYPE_CHECKING:
    from tokenportal.cli.portal import Portal

TOKENS = "/api/v1/tokens"
_CURRENT = "current"
CURRENT_PATH = f"{TOKENS}/{_CURRENT}"
_ID = re.compile(r"[0-9]+")


def path_of(portal: "Portal", reference: str, *, by_id: bool = False) -> str:
    """Where the API has the token; `by_id` for what it does not do to "current"."""
    if reference == _CURRENT and by_id:
        return f"{TOKENS}/{_current(portal).id}"
    if reference == _CURRENT or _ID.fullmatch(reference):
        return f"{TOKENS}/{reference}"
    return f"{TOKENS}/{_find(portal, reference).id}"


def _current(portal: "Portal") -> Token:
    return read(Token, portal.get(CURRENT_PATH))


def _find(portal: "Portal", name: str) -> Token:
    found = (read(Token, item) for item in portal.items(TOKENS, q=name))
    match = next((token for token in found if _name_key(token.name) == _name_key(name)), None)
    if match is None:
        raise Failure(f"You have no token called {clean(name)}.")
    return match


def _name_key(name: str) -> str:
    """Names are one to the portal if these are."""
    return unicodedata.normalize("NFKC", name).strip().casefold()


def is_saved(portal: "Portal", path: str) -> bool:
    """Whether it is the token that `login` saved."""
    return portal.access.is_saved and path in (CURRENT_PATH, f"{TOKENS}/{_current(portal).id}")
