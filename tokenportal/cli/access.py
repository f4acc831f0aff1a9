"""Which portal is asked, with which token: the environment first, then what `login` saved."""

import os
import re
from dataclasses import dataclass, field

import click

from tokenportal.cli import config, keeping
from tokenportal.cli.address import portal_address
from tokenportal.cli.errors import NotSignedIn

_SENDABLE = re.compile(r"[\x21-\x7e]{1,512}")


@dataclass(frozen=True)
class Access:
    url: str
    token: str = field(repr=False)  # "" to ask without one
    is_saved: bool  # by `login`, so that a newer one replaces it there
    is_given: bool = False  # to be asked about: not the token that one works with

    @property
    def remedy(self) -> str:
        """What to do once the token is dead; "" if that changes nothing for whoever asks."""
        if self.is_given:
            return ""
        return f"tokenportal login {self.url}" if self.is_saved else "set TOKENPORTAL_TOKEN to a new one"


def find_access(given: str | None = None) -> Access:
    """NotSignedIn where there is no token for that portal. A token that is `given` wins over all others.

    A saved token goes to the portal that it was saved for and to no other, whatever TOKENPORTAL_URL says.
    """
    url, token = os.environ.get("TOKENPORTAL_URL", ""), given or os.environ.get("TOKENPORTAL_TOKEN", "")
    saved = None if url and token else config.load()  # not even looked at while both are set
    if token:
        where = _address(url) if url else _url_of(saved)
        return Access(where, checked_token(token), is_saved=False, is_given=given is not None)
    wanted = _address(url) if url else _url_of(saved)
    found = _saved_token(saved) if saved and saved.url == wanted else None
    if not found:
        raise NotSignedIn(f"Not signed in to {wanted}. Do: tokenportal login {wanted}")
    return Access(wanted, found, is_saved=True)


def save_token(url: str, token: str, *, allow_http: bool) -> str:
    """Keep the token in the keyring, else in a file, in the place of another portal's; says where. OSError."""
    previous = config.load()
    in_keyring = keeping.keep(url, token)
    config.save(config.Saved(url, allow_http, None if in_keyring else token))
    if previous and previous.url != url and previous.token is None:
        keeping.forget(previous.url)
    if in_keyring:
        return "The token is in the system's keyring."
    return f"No keyring works here: the token is in {config.path()}, which only you can read."


def replace_saved(token: str) -> str:
    """The same for a newer secret of the token that is saved."""
    saved = config.load()
    assert saved is not None
    return save_token(saved.url, token, allow_http=saved.allow_http)


def forget_saved() -> str | None:
    """The address of the portal that is signed out of, if there was one."""
    saved = config.load()
    if saved is None:
        return None
    if saved.token is None:
        keeping.forget(saved.url)
    config.remove()
    return saved.url


def checked_token(text: str) -> str:
    """A token as a header can carry it; what is wrong with another is said without showing it."""
    token = text.strip()
    if not is_sendable(token):
        raise click.UsageError("That is not a token: one is a single line of letters, digits and underscores.")
    return token


def is_sendable(token: str) -> bool:
    """Whether a header can carry it, and a terminal and a file of variables take no harm from it."""
    return bool(_SENDABLE.fullmatch(token))


def http_allowed() -> bool:
    return os.environ.get("TOKENPORTAL_ALLOW_HTTP", "").lower() in ("1", "true", "yes", "on")


def _address(url: str) -> str:
    return portal_address(url, allow_http=http_allowed())


def _url_of(saved: config.Saved | None) -> str:
    if saved is None:
        raise NotSignedIn("Not signed in. Do: tokenportal login URL, or set TOKENPORTAL_URL and TOKENPORTAL_TOKEN.")
    return portal_address(saved.url, allow_http=saved.allow_http)


def _saved_token(saved: config.Saved) -> str | None:
    return saved.token or keeping.kept(saved.url)
