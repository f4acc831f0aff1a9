"""`login`, `logout`, `whoami` and `verify`."""

import os
import socket
import sys
from urllib.parse import unquote, urlencode

import click

from tokenportal.cli import config
from tokenportal.cli.access import Access, checked_token, find_access, forget_saved, save_token
from tokenportal.cli.address import portal_address
from tokenportal.cli.errors import Failure
from tokenportal.cli.options import allow_http_option, json_option
from tokenportal.cli.output import clean, say, show_json
from tokenportal.cli.views import Token, User, read, show_fields

_IN_ENVIRONMENT = "TOKENPORTAL_TOKEN is set, and goes before what is saved."


@click.command()
@click.argument("url", envvar="TOKENPORTAL_URL")
@click.option("--token", help="The token, or - to read it from standard input; else it is asked for.")
@allow_http_option
@json_option
def login(url: str, token: str | None, allow_http: bool, as_json: bool) -> None:
    """Sign in to the portal at URL with one of your tokens.

    The token is kept in the system's keyring, or, where none works, in a file that only you can read.
    """
    from tokenportal.cli.portal import Portal

    url = portal_address(url, allow_http=allow_http)
    config.load()  # what is in the way of keeping it is said before anything is asked
    access = Access(url, _given(token) or _ask_for_token(url), is_saved=True)
    answer = Portal(access).get("/api/v1/user")
    user = read(User, answer)
    try:
        where = save_token(url, access.token, allow_http=allow_http)
    except OSError as error:
        raise Failure(f"The token can't be kept in {config.path()}: {error.strerror}") from error
    say(f"Signed in to {url} as {clean(user.email)}. {where}")
    if as_json:
        show_json({**answer, "portal": url})
    if os.environ.get("TOKENPORTAL_TOKEN"):
        say(_IN_ENVIRONMENT)


@click.command()
@json_option
def logout(as_json: bool) -> None:
    """Forget the saved token. It goes on being good until it is deleted or ends."""
    url = forget_saved()
    say(f"Signed out of {url}. The token itself is still good: {url}/settings/tokens/" if url else "Not signed in.")
    if as_json:
        show_json({"portal": url})
    if os.environ.get("TOKENPORTAL_TOKEN"):
        say(_IN_ENVIRONMENT)


@click.command()
@json_option
def whoami(as_json: bool) -> None:
    """Show whose token is used, and what it may do."""
    access = find_access()
    from tokenportal.cli.portal import Portal

    portal = Portal(access)
    about, current = portal.get("/api/v1/user"), portal.get("/api/v1/tokens/current")
    user, token = read(User, about), read(Token, current)
    if as_json:
        show_json({**about, "portal": access.url, "token": current})
        return
    show_fields(
        ("email", user.email),
        ("name", user.name),
        ("portal", access.url),
        ("token", f"{token.name} ({token.id})"),
        ("permissions", token.permissions),
        ("expires", token.expires_at),
    )


@click.command()
@click.option("scopes", "--scope", multiple=True, help="A permission that it must have; repeatable.")
@click.option("--token", help="Another token than your own, or - to read it from standard input.")
@json_option
def verify(scopes: tuple[str, ...], token: str | None, as_json: bool) -> None:
    """Ask whether a token is good, as a service would.

    Exit code 0 if it is, 3 if it is dead or unknown, 4 if it lacks a permission or may not be used from here.
    """
    access = find_access(_given(token))
    from tokenportal.cli.portal import Portal

    query = {"scope": scopes} if scopes else {"any": "1"}
    answer = Portal(access).ask("GET", "/auth/verify", query=query)
    names = ("Token-Id", "Token-Name", "User-Id", "User-Email", "Scopes", "Expires-At")
    values = {name: unquote(answer.headers.get(f"X-Auth-{name}", "")) for name in names}
    if not values["Token-Id"]:
        raise Failure("The answer is not that of a portal.")
    if as_json:
        show_json({name.lower().replace("-", "_"): value for name, value in values.items()})
    else:
        show_fields(*((name.lower().replace("-", " "), value) for name, value in values.items()))


def _given(token: str | None) -> str | None:
    if token == "-":  # noqa: S105  # standard input
        token = sys.stdin.readline()
    return None if token is None else checked_token(token)


def _ask_for_token(url: str) -> str:
    if not sys.stdin.isatty():
        return checked_token(sys.stdin.readline())
    wanted = {"name": f"tokenportal on {socket.gethostname()}"[:64], "scopes": "tokens:write"}
    say(f"Make a token at {url}/settings/tokens/new/?{urlencode(wanted)}")
    return checked_token(click.prompt("and paste it here (it stays hidden)", hide_input=True, err=True))
