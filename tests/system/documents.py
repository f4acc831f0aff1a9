"""Documents whose commands are run, and whose answers are what those print.

An answer need not be whole: its lines must come in that order. Times and hints of secrets differ each time.
"""

import re
import sys
from itertools import pairwise
from pathlib import Path
from textwrap import dedent

from tests.system.portal import Portal
from tests.system.processes import ROOT

_CUT = "-- the next block --"
_VARYING = {
    re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"): "TIME",
    re.compile(r"tp_\w{4}…\w{4}"): "HINT",
}


def section(document: str, mark: str) -> str:
    """What stands between the comments `mark ...` and `/mark` of a file."""
    text = (ROOT / document).read_text()
    return text.split(f"<!-- {mark}", 1)[1].split(f"<!-- /{mark} -->", 1)[0]


def blocks(text: str) -> list[tuple[str, str]]:
    """The language and the text of each block of code."""
    found = re.findall(r"^( *)```(\w*)\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL)
    return [(language, dedent(block)) for _indent, language, block in found]


def answers_wanted(text: str) -> list[list[str]]:
    """The lines that are shown below each block of commands."""
    return [[_common(line) for line in answer if line != "..."] for _commands, answer in _examples(text)]


def answers_found(text: str, portal: Portal, folder: Path = ROOT) -> list[list[str]]:
    """Of the lines that each block prints, in one shell beside the portal, those that are wanted."""
    script = f"echo '{_CUT}'\n".join(f"{commands}\necho\n" for commands, _answer in _examples(text))
    script = script.replace(".venv/bin/python manage.py", f"{sys.executable} {ROOT}/manage.py")
    command = ["bash", "-e", "-c", f"cd {folder}; exec 2>&1; {script.replace(':8000', f':{portal.port}')}"]
    printed = portal.run(command).replace(f":{portal.port}", ":8000")
    parts = [[_common(line) for line in part.splitlines()] for part in printed.split(_CUT)]
    wanted = answers_wanted(text)
    assert len(parts) == len(wanted), printed
    return [[line for line in lines if line in want] for lines, want in zip(parts, wanted, strict=True)]


def _examples(text: str) -> list[tuple[str, list[str]]]:
    return [
        (commands, answer.splitlines() if following == "text" else [])
        for (language, commands), (following, answer) in pairwise([*blocks(text), ("", "")])
        if language == "sh"
    ]


def _common(line: str) -> str:
    for varying, name in _VARYING.items():
        line = varying.sub(name, line)
    return line.rstrip()
