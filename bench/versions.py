"""What was measured, and on what."""

import os
import platform
import sqlite3
import subprocess
from importlib import metadata
from pathlib import Path
from typing import Any

from bench.serving import ROOT

PACKAGES = [
    *("django", "granian", "psycopg", "djangorestframework", "django-rest-knox", "djangorestframework-api-key"),
    "django-oauth-toolkit",
]


def described(postgres: str) -> dict[str, Any]:
    """`postgres` is what the server says of itself, "" without one."""
    changed = output("git", "status", "--porcelain", "--untracked-files=no", "--", ".", ":!bench/results", ":!docs")
    return {
        "commit": output("git", "rev-parse", "HEAD") + ("+changes" if changed else ""),
        "machine": {"processor": processor(), "cores": os.cpu_count(), "system": platform.platform()},
        "versions": {
            "python": platform.python_version(),
            "postgresql": postgres,
            "sqlite": sqlite3.sqlite_version,
            "wrk": output("wrk", "-v").partition(" ")[2].partition(" ")[0],
            **{name: metadata.version(name) for name in PACKAGES},
        },
    }


def output(*command: str) -> str:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()


def processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())
