"""The flagging job against its own statements in psql and sqlite3.

    python bench/jobs.py [--tokens 1000000] [--due 20000]

Of many tokens some are due for a flag and a reminder. The job does it on one copy of the database, and
the command line of the database runs the very same statements on another. Wanted: at most 3 times
their time, and a process that grows by less than 50 MB.

The tokens are made once and kept (var/bench, and a database beside the one of DATABASE_URL). Without
DATABASE_URL it is SQLite alone.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "var" / "bench"
MOST_TIMES = 3.0
MOST_GROWTH = 50.0  # MB
SERVER = os.environ.get("DATABASE_URL", "")


@dataclass(frozen=True)
class Store:
    """A kind of database: how a copy of the seeded one is made, and how it runs a file of statements."""

    name: str
    url: Callable[[str], str]
    exists: Callable[[str], bool]
    copy: Callable[[str, str], object]
    drop: Callable[[str], object]
    run: Callable[[str, Path], object]


def python(*arguments: str, copy: str, store: Store) -> str:
    """What a program of the portal prints, over that copy of the database."""
    environment = os.environ | {"DEBUG": "1", "DATA_DIR": str(FOLDER / copy), "DATABASE_URL": store.url(copy)}
    environment |= {"DJANGO_SETTINGS_MODULE": "tokenportal.settings", "PYTHONPATH": str(ROOT), "REDIS_URL": ""}
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout


def seed(store: Store, tokens: int, due: int) -> str:
    """The copy that the others are made of."""
    copy = f"jobs_{tokens}_{due}"
    is_new = not store.exists(copy)
    if is_new:
        print(f"{store.name}: making {tokens:,} tokens; this takes minutes, once.", flush=True)
        store.copy("", copy)
    python("manage.py", "migrate", "--verbosity", "0", copy=copy, store=store)
    if is_new:
        python("manage.py", "seedload", f"--tokens={tokens}", f"--due={due}", copy=copy, store=store)
    return copy


@contextmanager
def copied(store: Store, seeded: str, name: str) -> Iterator[str]:
    copy = f"{seeded}_{name}"
    store.drop(copy)
    store.copy(seeded, copy)
    try:
        yield copy
    finally:
        store.drop(copy)


def measure(store: Store, tokens: int, due: int) -> bool:
    """Whether it is within what is wanted."""
    seeded = seed(store, tokens, due)
    with copied(store, seeded, "capture") as copy:
        statements = json.loads(python("bench/jobs_inside.py", "capture", copy=copy, store=store))
    script = FOLDER / f"{store.name}.sql"
    script.write_text("".join(f"{statement};\n" for statement in statements))
    with copied(store, seeded, "bare") as copy:
        began = time.perf_counter()
        store.run(copy, script)
        bare = time.perf_counter() - began
    with copied(store, seeded, "job") as copy:
        job = json.loads(python("bench/jobs_inside.py", "run", copy=copy, store=store))
    times = job["seconds"] / bare
    print(
        f"{store.name:<12} flagged {job['counts']['flagged']:,}, reminders {job['counts']['reminders']:,} of "
        f"{tokens:,} tokens: job {job['seconds']:.2f} s, bare statements {bare:.2f} s, {times:.2f} times; "
        f"the process grew by {job['grown_mb']:.1f} MB",
        flush=True,
    )
    return times <= MOST_TIMES and job["grown_mb"] < MOST_GROWTH


# --- SQLite -----------------------------------------------------------------------------------


def sqlite() -> Store:
    def file(copy: str) -> Path:
        return FOLDER / copy / "db.sqlite3"

    def make(source: str, copy: str) -> None:
        file(copy).parent.mkdir(mode=0o700, parents=True)
        if source:
            shutil.copy(file(source), file(copy))
            os.sync()

    def run(copy: str, script: Path) -> None:
        pragmas = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;\n"
        given = pragmas + script.read_text()
        command = ["sqlite3", "-bail", str(file(copy))]
        subprocess.run(command, input=given, text=True, check=True, stdout=subprocess.DEVNULL)

    return Store(
        name="SQLite",
        url=lambda _copy: "",
        exists=lambda copy: file(copy).exists(),
        copy=make,
        drop=lambda copy: shutil.rmtree(file(copy).parent, ignore_errors=True),
        run=run,
    )


# --- PostgreSQL -------------------------------------------------------------------------------


def postgresql() -> Store:
    def url(name: str) -> str:
        return urlsplit(SERVER)._replace(path=f"/{name}").geturl()

    def psql(database: str, *arguments: str) -> str:
        command = ["psql", "--no-psqlrc", "--quiet", "--tuples-only", "-v", "ON_ERROR_STOP=1", url(database)]
        environment = os.environ | {"PGOPTIONS": "-c client_min_messages=warning"}
        command += arguments
        return subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout

    def named(copy: str) -> str:
        return f"tokenportal_bench_{copy}"

    def make(source: str, copy: str) -> None:
        (FOLDER / copy).mkdir(mode=0o700, parents=True, exist_ok=True)
        template = named(source) if source else "template0"
        psql("postgres", "-c", f"CREATE DATABASE {named(copy)} TEMPLATE {template}")
        psql("postgres", "-c", "CHECKPOINT")

    def exists(copy: str) -> bool:
        return bool(psql("postgres", "-c", f"SELECT 1 FROM pg_database WHERE datname = '{named(copy)}'").strip())

    return Store(
        name="PostgreSQL",
        url=lambda copy: url(named(copy)),
        exists=exists,
        copy=make,
        drop=lambda copy: psql("postgres", "-c", f"DROP DATABASE IF EXISTS {named(copy)} WITH (FORCE)"),
        run=lambda copy, script: psql(named(copy), "-f", str(script)),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--tokens", type=int, default=1_000_000)
    parser.add_argument("--due", type=int, default=20_000)
    options = parser.parse_args()
    stores = [sqlite(), postgresql()] if SERVER else [sqlite()]
    within = [measure(store, options.tokens, options.due) for store in stores]
    sys.exit(0 if all(within) else "That is more than is wanted: see the head of bench/jobs.py.")


if __name__ == "__main__":
    main()
