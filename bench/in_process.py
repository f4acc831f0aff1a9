"""python -m bench.in_process FILE: microseconds of one answer without a server, for each line on standard input.

FILE holds the secrets of the database's tokens. Each line makes one pass over some of them.
"""

import sys
import time
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path

import django

django.setup()

from django.utils import timezone  # noqa: E402

from bench.rows import RANDOM  # noqa: E402
from tokens.gateway import forward_auth  # noqa: E402
from tokens.networks import CallerAddress  # noqa: E402
from tokens.presenting import Presented  # noqa: E402

ASKED = 5_000


def main(file: Path) -> None:
    secrets = file.read_text().split()
    asked = [presented(secret) for secret in RANDOM.sample(secrets, min(ASKED, len(secrets)))]
    one_pass(asked)  # what is prepared, planned and cached at first
    for _ in sys.stdin:
        print(one_pass(asked), flush=True)


def one_pass(asked: list[Presented]) -> float:
    began, now = time.perf_counter(), timezone.now() + timedelta(seconds=1)
    for presented in asked:
        if forward_auth.answer(presented, now).status != 204:
            raise SystemExit("not every answer was a yes")
    return (time.perf_counter() - began) / len(asked) * 1e6


def presented(secret: str) -> Presented:
    address = CallerAddress(ip_address("127.0.0.1"))
    return Presented(f"Bearer {secret}", "scope=deployments:read", "GET", address, "bench/1")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
