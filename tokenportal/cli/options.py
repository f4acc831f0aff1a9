"""Options that several commands have."""

import re
from collections.abc import Callable
from typing import TypeVar

import click

from tokenportal.cli.moments import read_end

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
allow_http_option = click.option(
    "--allow-http", is_flag=True, envvar="TOKENPORTAL_ALLOW_HTTP", help="Send the token over http:// to other machines."
)
yes_option = click.option("--yes", "-y", is_flag=True, help="Do not ask first.")
network_option = click.option(
    "--network", "networks", multiple=True, help="Where it may be used from, as a CIDR range; repeatable."
)
scope_option = click.option(
    "--scope", "scopes", multiple=True, help="full, or a permission such as deployments:read; repeatable."
)

Command = TypeVar("Command", bound=Callable[..., object])


def end_options(command: Command) -> Command:
    """When it ends: `expires_in` days, or `expires_at` as the API writes times."""
    at_help = "When it ends: 2026-12-22, or 2026-12-22T10:00:00Z."
    at = click.option("--expires-at", callback=_read_end, metavar="TIME", help=at_help)
    days = click.option("--expires-in", type=click.IntRange(min=1), metavar="DAYS", help="Days until it ends.")
    return days(at(command))


def place_options(command: Command) -> Command:
    """Where the secret goes: `copy`, `env_file`, `env_name`."""
    copy = click.option("--copy", is_flag=True, help="Put the secret in the clipboard, not on the screen.")
    file = click.option("--env-file", metavar="FILE", help="Put it in a file of variables, not on the screen.")
    name_help = "The variable in that file.  [default: TOKENPORTAL_TOKEN]"
    name = click.option("--env-name", default="TOKENPORTAL_TOKEN", metavar="NAME", callback=_check_name, help=name_help)
    return copy(file(name(command)))


def ending(expires_in: int | None, expires_at: str | None) -> dict[str, int | str | None]:
    """Both as the API takes them; UsageError if both are given."""
    if expires_in and expires_at:
        raise click.UsageError("Give --expires-in or --expires-at, not both.")
    return {"expires_in": expires_in, "expires_at": expires_at}


def _read_end(context: click.Context, parameter: click.Parameter, given: str | None) -> str | None:
    return read_end(given) if given else None


def _check_name(context: click.Context, parameter: click.Parameter, given: str) -> str:
    if not _VARIABLE.fullmatch(given):
        raise click.BadParameter("a variable is letters, digits and underscores, and does not begin with a digit.")
    return given
