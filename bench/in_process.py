"""python -m bench.in_process FILE FEW MANY: microseconds of one answer without a server, with few tokens and with many.

FILE holds the secrets of the first FEW; the rest are added here.
"""

import json
import sys
import time
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path

import django

django.setup()

from django.utils import timezone  # noqa: E402

from accounts.models import User  # noqa: E402
from bench.rows import RANDOM  # noqa: E402
from bench.seed_portal import add_tokens  # noqa: E402
from tokens.gateway import forward_auth  # noqa: E402
from tokens.models import AccessToken  # noqa: E402
from tokens.networks import CallerAddress  # noqa: E402
from tokens.presenting import Presented  # noqa: E402

ASKED = 5_000
PASSES = 9


def main(file: Path, few: int, many: int) -> None:
    secrets = file.read_text().split()
    with_few = microseconds(secrets)
    people = list(User.objects.filter(is_service=False))
    secrets += add_tokens(people, first=AccessToken.objects.latest("pk").pk + 1, count=many - few)
    with_many = microseconds(secrets)
    print(json.dumps({"few": few, "many": many, "with_few_us": with_few, "with_many_us": with_many}))


def microseconds(secrets: list[str]) -> list[float]:
    """The mean of each pass over random secrets, after one that warms up."""
    asked = [presented(secret) for secret in RANDOM.sample(secrets, min(ASKED, len(secrets)))]
    one_pass(asked)
    return [one_pass(asked) for _ in range(PASSES)]


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
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
