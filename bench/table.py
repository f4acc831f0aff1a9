"""python -m bench.table FILE: the tables of docs/performance.md, from what was measured."""

import json
import statistics
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from bench.contenders import DJANGO
from bench.serving import ROOT

PAGE = ROOT / "docs/performance.md"
BEGIN, END = "<!-- measured -->\n", "<!-- end of what was measured -->\n"


def render(result: dict[str, Any]) -> str:
    machine, options = result["machine"], result["options"]
    parts = [
        f"Commit `{result['commit'][:12]}`, on {machine['cores']} cores of {machine['processor']}; "
        f"{options['rounds']} rounds of {options['seconds']:g} s, {options['tokens']:,} tokens. "
        + ", ".join(f"{name} {version}" for name, version in result["versions"].items() if version)
        + ".",
        *(part for kind in ("postgresql", "sqlite") if kind in result for part in _database(kind, result[kind])),
    ]
    return "\n\n".join(parts) + "\n"


def _database(kind: str, measured: dict[str, Any]) -> Iterable[str]:
    yield f"### {'PostgreSQL' if kind == 'postgresql' else 'SQLite'}"
    rounds = measured["rounds"]
    head = "| | requests a second | × the bare Django view | p50 | p99 |\n|---|---:|---:|---:|---:|\n"
    yield head + "\n".join(_row(name, rounds) for name in sorted(rounds[0], key=lambda name: -_rate(name, rounds)))
    inside = measured["in_process"]
    few, many = inside["with_few_us"], inside["with_many_us"]
    ratios = [with_many / with_few for with_few, with_many in zip(few, many, strict=True)]
    yield (
        f"In the process, without a server: {statistics.median(few):.0f} µs an answer with {inside['few']:,} tokens, "
        f"{statistics.median(many):.0f} µs with {inside['many']:,}: {_spread(ratios)} times as long."
    )


def _rate(name: str, rounds: list[dict[str, Any]]) -> float:
    return statistics.median(measured[name]["per_second"] for measured in rounds)


def _row(name: str, rounds: list[dict[str, Any]]) -> str:
    ratios = [measured[name]["per_second"] / measured[DJANGO.name]["per_second"] for measured in rounds]
    p50, p99 = (statistics.median(measured[name][key] for measured in rounds) for key in ("p50_ms", "p99_ms"))
    return f"| {name} | {_rate(name, rounds):,.0f} | {_spread(ratios)} | {p50:.2f} ms | {p99:.2f} ms |"


def _spread(ratios: list[float]) -> str:
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


def write(result: dict[str, Any]) -> None:
    """Put the tables where the page has room for them."""
    before, _, rest = PAGE.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    PAGE.write_text(f"{before}{BEGIN}\n{render(result)}\n{END}{after}")


if __name__ == "__main__":
    write(json.loads(Path(sys.argv[1]).read_text()))
