"""`tokenportal scan` against `grep -rE` on the same pattern.

    python bench/scan.py [MEGABYTES]

Many source-like files hold 50 secrets and 50 look-alikes. Wanted: all of the secrets and nothing else,
in at most 5 times grep's time; and a command that starts within 300 ms.
"""

import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tokens.secret_format import ALPHABET, make_secret

_LINES = 715  # of a file, which make 50 kB
_RUNS = 3
_MOST_TIMES = 5.0
_MOST_START = 0.3  # seconds
_COMMAND = str(Path(sys.executable).with_name("tokenportal"))
_PLANTED = 50
_PATTERN = "tp_[0-9A-Za-z]{46}"
_IGNORED = (
    "*.pyc\n*.log\n*.so\n.env\n.venv/\n__pycache__/\nnode_modules/\n/dist/\n/build/\n*.egg-info/\n.cache\n!keep.log\n"
)


def main() -> None:
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    with tempfile.TemporaryDirectory() as folder:
        planted = lay_files(Path(folder), megabytes * 1_000_000 // 50_000)
        scan_seconds, output = best_of([_COMMAND, "scan", "--json", folder])
        grep_seconds, lines = best_of(["grep", "-rEn", _PATTERN, folder])
    found = {(finding["file"], finding["line"]) for finding in json.loads(output)["findings"]}
    times = scan_seconds / grep_seconds
    start_seconds, _help = best_of([_COMMAND, "--help"])
    print(f"{megabytes} MB: scan found {len(found & planted)} of {_PLANTED}, and {len(found - planted)} wrong")
    print(f"scan {scan_seconds:.2f} s, grep {grep_seconds:.2f} s ({len(lines.splitlines())} lines): {times:.1f} times")
    print(f"start {start_seconds * 1000:.0f} ms")
    sys.exit(0 if found == planted and times <= _MOST_TIMES and start_seconds <= _MOST_START else "not as wanted")


def lay_files(folder: Path, count: int) -> set[tuple[str, int]]:
    """Fill the folder; where the secrets are, as path and line."""
    chance = random.Random(8)  # noqa: S311  # the same files each time
    text = _some_text(chance)
    (folder / ".gitignore").write_text(_IGNORED)
    with_one = chance.sample(range(count), 2 * _PLANTED)
    planted = set()
    for number in range(count):
        path = folder / f"part{number % 80}" / f"module{number}.py"
        path.parent.mkdir(exist_ok=True)
        start = chance.randrange(len(text) - _LINES)
        lines = text[start : start + _LINES]
        if number in with_one:
            line = chance.randrange(_LINES)
            is_real = with_one.index(number) < _PLANTED
            lines[line] = f'TOKEN = "{make_secret("tp_") if is_real else _look_alike(chance)}"'
            planted |= {(str(path), line + 1)} if is_real else set()
        path.write_text("\n".join(lines))
    return planted


def best_of(command: list[str]) -> tuple[float, str]:
    """The seconds of the quickest run, and what it printed."""
    took = []
    output = ""
    for _ in range(_RUNS):
        began = time.perf_counter()
        output = subprocess.run(command, capture_output=True, text=True, check=False).stdout  # our own
        took.append(time.perf_counter() - began)
    return min(took), output


def _some_text(chance: random.Random) -> list[str]:
    """Lines of about 70 characters."""
    letters = "abcdefghijklmnopqrstuvwxyz_"
    words = ["".join(chance.choices(letters, k=chance.randint(2, 10))) for _ in range(5000)]
    return [" ".join(chance.choices(words, k=10)) for _ in range(20_000)]


def _look_alike(chance: random.Random) -> str:
    """A secret with one character changed."""
    secret = make_secret("tp_")
    place = chance.randrange(3, len(secret))
    other = chance.choice([character for character in ALPHABET if character != secret[place]])
    return secret[:place] + other + secret[place + 1 :]


if __name__ == "__main__":
    main()
