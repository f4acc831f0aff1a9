"""Granian as the Procfile starts it, and wrk in front of it."""

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from socket import socket
from typing import Any

from bench.contenders import Contender

ROOT = Path(__file__).resolve().parents[1]
CONNECTIONS = 8
GRANIAN = [
    *("granian", "--interface", "wsgi", "--host", "127.0.0.1", "--workers", "1", "--blocking-threads", "1"),
    *("--no-ws", "--log-level", "warning"),
]


def environment(folder: Path, database: str, settings: str) -> dict[str, str]:
    """What a server has around it, and nothing of the developer's."""
    return {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "LANG": "C.UTF-8",
        "DJANGO_SETTINGS_MODULE": settings,
        "DATABASE_URL": database,
        "REDIS_URL": "",
        "DATA_DIR": str(folder / "data"),
        "DEBUG": "off",
        "SECRET_KEY": "a-key-that-opens-nothing-outside-the-bench",
        "TOKEN_PEPPERS": "1:the-one-pepper-of-the-bench-and-of-nothing-else",
        "ALLOWED_HOSTS": "127.0.0.1",
        "BASE_URL": "http://127.0.0.1",
    }


@contextmanager
def serving(contender: Contender, surroundings: Mapping[str, str], log: Path) -> Iterator[int]:
    """The port on which it answers; what it says, its access log, goes to a file."""
    port = free_port()
    with log.open("wb") as output:
        command = [*GRANIAN, contender.application, "--port", str(port)]
        server = subprocess.Popen(command, cwd=ROOT, env=surroundings, stdout=output, stderr=output)
        try:
            wait_until_it_answers(port, server)
            yield port
        finally:
            server.terminate()
            server.wait(30)


def wait_until_it_answers(port: int, server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/")
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("a server did not start; its log is in the scratch folder")


def free_port() -> int:
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def ask(contender: Contender, port: int, secrets: Path, *, seconds: float, seed: int) -> dict[str, Any]:
    """One round: what wrk measured. Every answer must be a yes."""
    url = f"http://127.0.0.1:{port}{contender.path}"
    told = {
        "BENCH_SECRETS": str(secrets),
        "BENCH_SEED": str(seed),
        "BENCH_SCHEME": contender.scheme,
        "BENCH_METHOD": "POST" if contender.form else "GET",
        "BENCH_FORM": contender.form,
        "BENCH_CALLER": secrets.with_suffix(".caller").read_text() if contender.form else "",
    }
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds:g}s", "-s", str(ROOT / "bench/ask.lua"), url]
    done = subprocess.run(command, env=os.environ | told, capture_output=True, text=True, check=True)
    measured: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    if measured["failed"] or measured["refused"]:
        raise SystemExit(f"{contender.name}: not every answer was a yes: {measured}")
    return {**measured, "per_second": measured["requests"] / measured["seconds"]}
