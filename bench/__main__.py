"""python -m bench: measure everything, keep it as JSON, write the table of docs/performance.md.

Rounds are interleaved, in a random order each, and compared within the round: what else the machine
does then falls on all alike.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

from bench import table, versions
from bench.contenders import ON_POSTGRES, ON_SQLITE, PORTAL, Contender
from bench.serving import ROOT, ask, environment, serving

# Over each of the two databases that are compared in the process.
PASSES = 15


def main() -> None:
    options = read_options()
    server = os.environ.get("DATABASE_URL", "")
    result: dict[str, Any] = versions.described(postgres_version(server)) | {"options": vars(options)}
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        if server:
            result["postgresql"] = measure_postgres(server, Path(scratch, "postgresql"), options)
        result["sqlite"] = measure_sqlite(Path(scratch, "sqlite"), options)
    print(table.render(result))
    if not options.short:
        keep(result)


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--short", action="store_true", help="prove that it runs: little of everything, keep nothing")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument(
        "--seconds",
        type=int,
        default=4,
        help="of a turn; of one of a second, half of what it notes is written after it",
    )
    parser.add_argument("--tokens", type=int, default=100_000)
    parser.add_argument("--few", type=int, default=10_000)
    parser.add_argument("--many", type=int, default=1_000_000)
    options = parser.parse_args()
    if options.short:
        options.rounds, options.seconds, options.tokens, options.few, options.many = 1, 1, 500, 200, 1_000
    return options


def measure_postgres(server: str, folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    with database(server, "bench_portal") as ours, database(server, "bench_peers") as theirs:
        seed_portal(folder, ours, options.tokens)
        run("bench.seed_peers", environment(folder, theirs, "bench.peers_settings"), options.tokens, folder)
        rounds = measure(ON_POSTGRES, folder, {PORTAL: ours, "bench.peers_settings": theirs, "": ""}, options)
    with database(server, "bench_few") as few, database(server, "bench_many") as many:
        return {"rounds": rounds, "in_process": measure_in_process(folder, few, many, options)}


def measure_sqlite(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    seed_portal(folder, "", options.tokens)
    rounds = measure(ON_SQLITE, folder, {PORTAL: "", "": ""}, options)
    return {"rounds": rounds, "in_process": measure_in_process(folder, "", "", options)}


def measure(
    contenders: list[Contender], folder: Path, databases: dict[str, str], options: argparse.Namespace
) -> list[dict[str, Any]]:
    """A round is what each contender measured in it, by its name."""
    with ExitStack() as stack:
        ports = {
            contender.name: stack.enter_context(
                serving(
                    contender,
                    environment(folder, databases[contender.settings], contender.settings),
                    folder / f"{number}.log",
                )
            )
            for number, contender in enumerate(contenders)
        }
        for contender in contenders:  # what is prepared, planned and cached at first
            ask(contender, ports[contender.name], folder / contender.secrets, seconds=1, seed=0)
        return [one_round(contenders, ports, folder, options, number + 1) for number in range(options.rounds)]


def one_round(
    contenders: list[Contender], ports: dict[str, int], folder: Path, options: argparse.Namespace, number: int
) -> dict[str, Any]:
    measured = {}
    for contender in random.sample(contenders, len(contenders)):
        secrets = folder / contender.secrets
        measured[contender.name] = ask(contender, ports[contender.name], secrets, seconds=options.seconds, seed=number)
        print(f"{number} {contender.name}: {measured[contender.name]['per_second']:.0f}/s", file=sys.stderr, flush=True)
    return measured


def measure_in_process(folder: Path, few: str, many: str, options: argparse.Namespace) -> dict[str, Any]:
    """Passes over two databases, one after the other in turn, so that a slow moment falls on both."""
    with ExitStack() as stack:
        asking = [
            stack.enter_context(answering(folder / str(count), database_url, count))
            for count, database_url in ((options.few, few), (options.many, many))
        ]
        passes = [[one_pass(process) for process in asking] for _ in range(PASSES)]
    with_few, with_many = zip(*passes, strict=True)
    return {"few": options.few, "many": options.many, "with_few_us": with_few, "with_many_us": with_many}


@contextmanager
def answering(folder: Path, database_url: str, count: int) -> Iterator["subprocess.Popen[str]"]:
    """A process that answers from a new portal with so many tokens (see bench.in_process)."""
    surroundings = seed_portal(folder, database_url, count)
    command = [sys.executable, "-m", "bench.in_process", str(folder / "portal")]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, env=surroundings, stdin=pipe, stdout=pipe, text=True) as process:
        yield process
        process.communicate()


def seed_portal(folder: Path, database_url: str, count: int) -> dict[str, str]:
    """A new portal with so many tokens, whose secrets are in the file `portal`; what its processes have around them."""
    (folder / "data").mkdir(parents=True, mode=0o700)
    surroundings = environment(folder, database_url, PORTAL)
    run("bench.seed_portal", surroundings, count, folder / "portal")
    return surroundings


def one_pass(process: "subprocess.Popen[str]") -> float:
    assert process.stdin
    assert process.stdout
    process.stdin.write("\n")
    process.stdin.flush()
    return float(process.stdout.readline())


def run(module: str, surroundings: dict[str, str], *arguments: object) -> str:
    command = [sys.executable, "-m", module, *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, env=surroundings, stdout=subprocess.PIPE, text=True, check=True).stdout


@contextmanager
def database(server: str, name: str) -> Iterator[str]:
    """The address of a new database on that server; dropped at the end."""
    with psycopg.connect(address(server, "postgres"), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        try:
            yield address(server, name)
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def address(server: str, name: str) -> str:
    """That of a database of the server; one without a host has it in the query, as a socket's folder."""
    parts = urlsplit(server)
    return f"{parts.scheme}://{parts.netloc}/{name}?{parts.query}".removesuffix("?")


def postgres_version(server: str) -> str:
    if not server:
        return ""
    with psycopg.connect(address(server, "postgres")) as connection:
        return str(connection.info.parameter_status("server_version"))


def keep(result: dict[str, Any]) -> None:
    file = ROOT / "bench/results" / f"{time.strftime('%Y-%m-%d')}.json"
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(result, indent=1) + "\n")
    table.write(result)


if __name__ == "__main__":
    main()
