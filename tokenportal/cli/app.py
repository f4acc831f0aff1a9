"""The commands put together, and the exit code."""

import io
import os
import sys
from collections.abc import Sequence

import click
from click.shell_completion import get_completion_class

from tokenportal.cli.account_commands import login, logout, verify, whoami
from tokenportal.cli.scan import scan
from tokenportal.cli.token_commands import tokens

NAME = "tokenportal"
_COMPLETION_VARIABLE = "_TOKENPORTAL_COMPLETE"  # the name that click reads


def run(arguments: Sequence[str]) -> int:
    """Do what the arguments say. 0 done, 1 failed or found, 2 wrong use, 3 not signed in, 4 not allowed.

    KeyboardInterrupt is the caller's.
    """
    _make_printable()
    code = _run(arguments)
    try:
        sys.stdout.flush()
    except OSError as error:
        code = code or _could_not_write(error)
        _drop_output()
    return code


def _run(arguments: Sequence[str]) -> int:
    try:
        code = cli.main(list(arguments), prog_name=NAME, standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort as error:
        raise KeyboardInterrupt from error
    except OSError as error:
        return _could_not_write(error)
    return code if isinstance(code, int) else 0


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name=NAME)
@click.pass_context
def cli(context: click.Context) -> None:
    """Manage your access tokens, and find secrets that lie about."""
    if os.environ.get("NO_COLOR"):
        context.color = False


@cli.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the script that completes words in a shell.

    bash: eval "$(tokenportal completion bash)" in ~/.bashrc; likewise in ~/.zshrc.
    fish: tokenportal completion fish > ~/.config/fish/completions/tokenportal.fish
    """
    found = get_completion_class(shell)
    assert found is not None
    click.echo(found(cli, {}, NAME, _COMPLETION_VARIABLE).source())


for command in (login, logout, whoami, tokens, verify, scan):
    cli.add_command(command)


def _make_printable() -> None:
    """Whatever a terminal's encoding can't show must not end the command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _could_not_write(error: OSError) -> int:
    """A full disk, or a reader that went away (`| head`), which is no reason to complain."""
    if not isinstance(error, BrokenPipeError):
        click.echo(f"Error: {error.strerror or error}", err=True)
    return 1


def _drop_output() -> None:
    """What is still held back would fail once more when Python flushes it at the end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
