"""`tokenportal scan`: secrets in files, without a network."""

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import click

from tokenportal.cli.access import Access
from tokenportal.cli.address import portal_address
from tokenportal.cli.files import files_of, read_chunks
from tokenportal.cli.finding import Found, find_in
from tokenportal.cli.options import allow_http_option, json_option
from tokenportal.cli.output import clean, say, show_json

_PREFIX = re.compile(r"[0-9A-Za-z_]{1,20}")
_REPORTED_AT_ONCE = 1000
_CLEAR_LINE = "\r\x1b[K"

Advance = Callable[[int], None]


@dataclass
class Scan:
    """What is being found. `shows` prints findings at once; `bar` says that a progress bar stands on the terminal."""

    prefixes: Sequence[str]
    shows: bool
    bar: bool
    files: int = 0
    found: list[tuple[str, Found]] = field(default_factory=list)
    unread: list[tuple[str, str]] = field(default_factory=list)

    def read(self, path: str, advance: Advance) -> None:
        self.files += 1
        for found in find_in(_counted(read_chunks(path, self.complain), advance), self.prefixes):
            self.found.append((path, found))
            if self.shows:
                self._make_room()
                click.echo(f"{clean(path)}:{found.line}: {found.hint}")

    def complain(self, path: str, error: OSError) -> None:
        reason = error.strerror or str(error)
        self.unread.append((path, reason))
        self._make_room()
        say(f"Not read: {clean(path)}: {reason}")

    def _make_room(self) -> None:
        if self.bar:  # it is drawn again below
            click.echo(_CLEAR_LINE, err=True, nl=False)

    def sum_up(self) -> None:
        files = _number(self.files, "file")
        say(f"Found {_number(len(self.found), 'secret')} in {files}." if self.found else f"No secrets in {files}.")

    def as_json(self) -> dict[str, object]:
        return {
            "findings": [{"file": path, "line": found.line, "hint": found.hint} for path, found in self.found],
            "files": self.files,
            "unread": [{"file": path, "reason": reason} for path, reason in self.unread],
        }


def _check_prefixes(context: click.Context, parameter: click.Parameter, given: tuple[str, ...]) -> tuple[str, ...]:
    if all(map(_PREFIX.fullmatch, given)):
        return given
    raise click.BadParameter("a prefix is 1 to 20 letters, digits or underscores.")


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, allow_dash=True))
@click.option(
    "--prefix",
    "prefixes",
    multiple=True,
    default=("tp_",),
    show_default=True,
    callback=_check_prefixes,
    help="What your portal's secrets begin with; repeatable.",
)
@click.option("--no-ignore", is_flag=True, help="Scan what .gitignore names too.")
@click.option("--report", metavar="URL", help="Report them to the portal at URL, which revokes those that are good.")
@click.option("--source", default="", help="Where they were found, for the owners to read.")
@allow_http_option
@json_option
@click.pass_context
def scan(
    context: click.Context,
    *,
    paths: Sequence[str],
    prefixes: Sequence[str],
    no_ignore: bool,
    report: str | None,
    source: str,
    allow_http: bool,
    as_json: bool,
) -> None:
    """Find secrets in files and folders; - is standard input.

    A secret is known by its prefix and its checksum, offline; what only looks like one is not found.
    Prints file, line and hint of each, never the secret. Exit code 1 if there are any, or if a file
    could not be read.
    """
    if source and not report:
        raise click.UsageError("--source is told to whom --report names.")
    address = portal_address(report, allow_http=allow_http) if report else ""
    scanning = Scan(prefixes, shows=not as_json, bar=sys.stderr.isatty())
    found_files = files_of(paths, ignoring=not no_ignore, complain=scanning.complain)
    with _progress(found_files, shown=scanning.bar) as (files, advance):
        for file in files:
            scanning.read(file, advance)
    scanning.sum_up()
    if as_json:
        show_json(scanning.as_json())
    if address and scanning.found:
        _report([found.secret for _path, found in scanning.found], source, address)
    context.exit(1 if scanning.found or scanning.unread else 0)


def _report(secrets: Iterable[str], source: str, address: str) -> None:
    from tokenportal.cli.portal import Portal  # here, because requests is slow to load

    portal = Portal(Access(address, "", is_saved=False))
    once = list(dict.fromkeys(secrets))
    for start in range(0, len(once), _REPORTED_AT_ONCE):
        body = {"secrets": once[start : start + _REPORTED_AT_ONCE], "source": source}
        portal.ask("POST", "/api/v1/leaks", body=body)
    say(f"Reported {_number(len(once), 'secret')} to {address}.")


@contextmanager
def _progress(files: Iterable[str], *, shown: bool) -> Iterator[tuple[Iterable[str], Advance]]:
    """The files again, and what to tell how many bytes were read. A bar needs to know all of them first."""
    if not shown:
        yield files, lambda _bytes: None
        return
    known = list(files)
    total = sum(map(_size, known))
    bar = click.progressbar(length=total, label="Scanning", file=sys.stderr, update_min_steps=total // 200 + 1)
    with bar:
        yield known, bar.update


def _size(path: str) -> int:
    try:
        return Path(path).stat().st_size
    except OSError:  # it is complained of when it is read
        return 0


def _counted(chunks: Iterable[bytes], advance: Advance) -> Iterator[bytes]:
    for chunk in chunks:
        yield chunk
        advance(len(chunk))


def _number(count: int, thing: str) -> str:
    return f"{count:,} {thing}" if count == 1 else f"{count:,} {thing}s"
