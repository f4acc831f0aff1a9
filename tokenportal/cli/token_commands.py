"""`tokens list|show|create|update|regenerate|delete`."""

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from tokenportal.cli.access import find_access, forget_saved
from tokenportal.cli.delivery import Output, Place, SavedLogin, open_places, put_everywhere
from tokenportal.cli.errors import Failure
from tokenportal.cli.options import (
    end_options,
    ending,
    json_option,
    network_option,
    place_options,
    scope_option,
    yes_option,
)
from tokenportal.cli.output import clean, say, show_json
from tokenportal.cli.references import CURRENT_PATH, TOKENS, is_saved, path_of
from tokenportal.cli.views import Made, Token, read, show_token, show_tokens

if TYPE_CHECKING:
    from tokenportal.cli.portal import Portal

_PAGES = "/settings/tokens"
_STATES = ("active", "expiring", "expired", "disabled", "revoked")
_SORTS = ("name", "created", "expires", "used")
_OVERLAPS = {"0": 0, "1h": 3600, "24h": 86400, "7d": 604800}


@click.group()
def tokens() -> None:
    """Manage your tokens. TOKEN is an id, a name, or "current": the token that you use."""


@tokens.command("list")
@click.option("--state", type=click.Choice(_STATES), help="Only these.")
@click.option("--search", "q", metavar="TEXT", help="Only those with this in their name, description or hint.")
@click.option("--sort", type=click.Choice([*_SORTS, *(f"-{sort}" for sort in _SORTS)]), help="- reverses.")
@json_option
def list_tokens(state: str | None, q: str | None, sort: str | None, as_json: bool) -> None:
    """List your tokens, the newest first."""
    found = list(_open_portal().items(TOKENS, state=state, q=q, sort=sort))
    if as_json:
        show_json(found)
    elif found:
        show_tokens([read(Token, item) for item in found])
    else:
        say("No tokens.")


@tokens.command()
@click.argument("token")
@json_option
def show(token: str, as_json: bool) -> None:
    """Show one token."""
    portal = _open_portal()
    found = portal.get(path_of(portal, token))
    if as_json:
        show_json(found)
    else:
        show_token(read(Token, found))


@tokens.command()
@click.option("--name", required=True, help="What it is for.")
@click.option("--description", help="What else is worth knowing.")
@scope_option
@network_option
@end_options
@place_options
@json_option
def create(
    *,
    name: str,
    description: str | None,
    scopes: tuple[str, ...],
    networks: tuple[str, ...],
    expires_in: int | None,
    expires_at: str | None,
    copy: bool,
    env_file: str | None,
    env_name: str,
    as_json: bool,
) -> None:
    """Make a token. Its secret is printed alone, this once.

    Without --scope it has no access, and is good for nothing yet.
    """
    body = {
        "name": name,
        "description": description,
        "scopes": scopes,
        "allowed_networks": networks or None,
        **ending(expires_in, expires_at),
    }
    with open_places(copy=copy, env_file=env_file, variable=env_name) as places:
        portal = _open_portal()
        answer = portal.send("POST", TOKENS, _given(body))
        _hand_over(portal, answer, places, "Made", as_json)
    if not scopes:
        say(f"It has no access. Give it some: tokenportal tokens update {read(Made, answer).id} --scope ...")


@tokens.command()
@click.argument("token")
@click.option("--name", help="A new name.")
@click.option("--description", help='A new description; "" takes it away.')
@scope_option
@click.option("--no-access", is_flag=True, help="Take every permission away.")
@network_option
@click.option("--any-network", is_flag=True, help="Let it be used from anywhere.")
@click.option("--disable", is_flag=True, help="Switch it off.")
@click.option("--enable", is_flag=True, help="Switch it on again.")
@json_option
def update(
    *,
    token: str,
    name: str | None,
    description: str | None,
    scopes: tuple[str, ...],
    no_access: bool,
    networks: tuple[str, ...],
    any_network: bool,
    disable: bool,
    enable: bool,
    as_json: bool,
) -> None:
    """Change a token. --scope and --network say all that it shall have from now on."""
    body = {
        "name": name,
        "description": description,
        "disabled": _off_or_on(disable, enable),
        "scopes": _all_or_none(scopes, no_access, "--no-access"),
        "allowed_networks": _all_or_none(networks, any_network, "--any-network"),
    }
    if not _given(body):
        raise click.UsageError("Say what to change.")
    portal = _open_portal()
    answer = portal.send("PATCH", path_of(portal, token, by_id=True), _given(body))
    changed = read(Token, answer)
    if as_json:
        show_json(answer)
    else:
        say(f"Changed {_called(changed)}.")


@tokens.command()
@click.argument("token")
@end_options
@click.option("--overlap", type=click.Choice(list(_OVERLAPS)), help="How long the old secret lives on.")
@yes_option
@place_options
@json_option
def regenerate(
    *,
    token: str,
    expires_in: int | None,
    expires_at: str | None,
    overlap: str | None,
    yes: bool,
    copy: bool,
    env_file: str | None,
    env_name: str,
    as_json: bool,
) -> None:
    """Give a token a new secret and a new end.

    The secret is printed alone, this once. That of the token you are signed in with is saved instead.
    """
    body = {**ending(expires_in, expires_at), "overlap": _OVERLAPS.get(overlap or "")}
    portal = _open_portal()
    path = path_of(portal, token)
    with open_places(copy=copy, env_file=env_file, variable=env_name) as places:
        if not yes:
            old = read(Token, portal.get(path))
            _confirm(f"Regenerate {_called(old)}, {_used(old)}? {_fate(overlap)}")
        if is_saved(portal, path):
            path = CURRENT_PATH  # by itself a token may get a later end, which others can't give it
            places.insert(0, SavedLogin(portal.access.token))
        answer = portal.send("POST", f"{path}/regenerate", _given(body))
        _hand_over(portal, answer, places, "Regenerated", as_json)


@tokens.command()
@click.argument("token")
@yes_option
@json_option
def delete(token: str, yes: bool, as_json: bool) -> None:
    """Delete a token for good."""
    portal = _open_portal()
    path = path_of(portal, token)
    answer = portal.get(path)
    old = read(Token, answer)
    if not yes:
        _confirm(f"Delete {_called(old)}, {_used(old)}? Whatever uses it will stop working.")
    saved = is_saved(portal, path)
    portal.ask("DELETE", path)
    say(f"Deleted {_called(old)}.")
    if as_json:
        show_json(answer)
    if saved:
        forget_saved()
        say("It was the one that you were signed in with.")


def _open_portal() -> "Portal":
    access = find_access()
    from tokenportal.cli.portal import Portal  # so late, because requests is slow to load

    return Portal(access)


# --- What is sent, asked and said -------------------------------------------------------------


def _given(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if value is not None}


def _all_or_none(given: tuple[str, ...], none: bool, option: str) -> tuple[str, ...] | None:
    if given and none:
        raise click.UsageError(f"{option} contradicts the others.")
    return given if given or none else None


def _off_or_on(disable: bool, enable: bool) -> bool | None:
    if disable and enable:
        raise click.UsageError("--enable contradicts --disable.")
    return disable if disable or enable else None


def _confirm(question: str) -> None:
    if not sys.stdin.isatty():
        raise click.UsageError("This asks first. Where nobody can answer, say --yes.")
    if not click.confirm(question, err=True):
        raise Failure("Nothing was changed.")


def _called(token: Token) -> str:
    return f"{clean(token.name)} ({token.id})"


def _used(token: Token) -> str:
    return clean(token.last_use(datetime.now(UTC)))


def _fate(overlap: str | None) -> str:
    return (
        f"The old secret lives on for {overlap}."
        if _OVERLAPS.get(overlap or "")
        else "Whatever uses its old secret will stop working."
    )


def _hand_over(portal: "Portal", answer: Any, places: list[Place], done: str, as_json: bool) -> None:
    """Say what was done, and put the secret where it belongs: on standard output if nowhere else."""
    made = read(Made, answer)
    limit = ", with the token that asked" if answer.get("expiration_cut") else ""
    say(f"{done} {clean(made.name)} ({made.id}), which ends at {clean(made.expires_at)}{limit}.")
    failures = put_everywhere(made.secret, places or ([] if as_json else [Output()]))
    if as_json:
        show_json({name: value for name, value in answer.items() if name != "secret" or not places})
    if failures:
        page = f"{portal.access.url}{_PAGES}/{made.id}/regenerate/"
        raise Failure(f"The secret could not be put there: {'; '.join(failures)}. Make another: {page}")
