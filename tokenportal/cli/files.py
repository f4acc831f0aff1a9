"""The files under a folder, without those that git ignores."""

import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import cast

from pathspec import GitIgnoreSpec
from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

Complain = Callable[[str, OSError], None]
STDIN = "-"
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Rules:
    """What one .gitignore says about everything under its folder."""

    folder: str  # absolute
    spec: GitIgnoreSpec

    def verdict(self, path: str) -> bool | None:
        """Whether an absolute path, a folder's with a slash at its end, is ignored; None if nothing is said."""
        return self.spec.check_file(path[len(self.folder) :].lstrip("/")).include


def read_chunks(path: str, complain: Complain) -> Iterator[bytes]:
    """The bytes of a file, never more than a megabyte at once; - is standard input, as it comes in."""
    try:
        with _opened(path) as file:
            while chunk := file.read1(_CHUNK):
                yield chunk
    except OSError as error:
        complain(path, error)


def _opened(path: str) -> AbstractContextManager[BufferedReader]:
    if path == STDIN:
        return nullcontext(cast(BufferedReader, sys.stdin.buffer))
    return Path(path).open("rb")


def files_of(paths: Iterable[str], *, ignoring: bool, complain: Complain) -> Iterator[str]:
    """What is named is read, whatever it is; of folders, the files under them."""
    for path in paths:
        if Path(path).is_dir():
            yield from files_under(path, ignoring=ignoring, complain=complain)
        else:
            yield path


def files_under(top: str, *, ignoring: bool, complain: Complain) -> Iterator[str]:
    """Paths of the regular files, as `top` leads to them; links are not followed.

    With `ignoring`, files that a .gitignore or .git/info/exclude names are left out. `complain` is
    told of folders that can't be read.
    """
    start = os.path.abspath(top)
    folders = [(top, start, _rules_above(start) if ignoring else ())]
    while folders:
        shown, full, rules = folders.pop()
        if ignoring:
            rules = (*rules, *_read_rules(full))
        inner = []
        for entry in _entries(shown, complain):
            path = os.path.join(full, entry.name)
            if entry.is_dir(follow_symlinks=False):
                if entry.name != ".git" and not _is_ignored(path + "/", rules):
                    inner.append((entry.path, path, rules))
            elif entry.is_file(follow_symlinks=False) and not _is_ignored(path, rules):
                yield entry.path
        folders += reversed(inner)


def _entries(folder: str, complain: Complain) -> list["os.DirEntry[str]"]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        complain(folder, error)
        return []


def _is_ignored(path: str, rules: Iterable[Rules]) -> bool:
    """The innermost .gitignore that says anything decides."""
    verdicts = (rule.verdict(path) for rule in reversed(tuple(rules)))
    return next((verdict for verdict in verdicts if verdict is not None), False)


def _rules_above(start: str) -> tuple[Rules, ...]:
    """Those of the repository that `start` lies in; none if they ignore `start`, since it was asked for."""
    folders = [Path(start), *Path(start).parents]
    top = next((number for number, folder in enumerate(folders) if (folder / ".git").exists()), 0)
    rules = [rule for folder in reversed(folders[1 : top + 1]) for rule in _read_rules(str(folder))]
    return () if _is_ignored(start + "/", rules) else tuple(rules)


def _read_rules(folder: str) -> list[Rules]:
    files = (Path(folder, ".git/info/exclude"), Path(folder, ".gitignore"))
    return [Rules(folder, spec) for file in files if (spec := _read_spec(file))]


def _read_spec(file: Path) -> GitIgnoreSpec | None:
    """Like git, it follows no link there: it may lead to what has no end."""
    if file.is_symlink() or not file.is_file():
        return None
    try:
        # File names are bytes, and so are the patterns for them.
        lines = file.read_text(errors="surrogateescape").splitlines()
    except OSError:
        return None
    return GitIgnoreSpec.from_lines(line for line in lines if _is_pattern(line))


def _is_pattern(line: str) -> bool:
    """git passes over lines that it can't read."""
    try:
        GitIgnoreSpecPattern(line)
    except (ValueError, re.error):
        return False
    return True
