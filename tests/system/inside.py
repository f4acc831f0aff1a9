"""A portal from the inside: a process that has its settings and does one act a line.

    {"act": "state", "token_id": 7}

Whatever it says is one line of JSON too.
"""

import json
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import django

answers, sys.stdout = sys.stdout, sys.stderr  # logging takes what stands there
django.setup()

from django.utils import timezone  # noqa: E402  # settings come first

from accounts.actor import COMMAND  # noqa: E402
from accounts.models import User  # noqa: E402
from tests.system import inside_outbox as outbox  # noqa: E402
from tokens.domain import expiry, lifecycle  # noqa: E402
from tokens.domain.policy import change_policy  # noqa: E402
from tokens.domain.wake import FLAG_EXPIRING, wake  # noqa: E402
from tokens.models import AccessToken, JobRun  # noqa: E402

OWNER = "ada@example.com"


def make_token(name: str, *, ends_in: float, scopes: list[str], networks: list[str]) -> dict[str, Any]:
    """A token of OWNER that was made half a year ago and ends in so many seconds."""
    now = timezone.now()
    token, secret = lifecycle.create_token(
        User.objects.get(email=OWNER),
        name=name,
        scopes=scopes,
        allowed_networks=networks,
        expires_at=now + timedelta(seconds=ends_in),
        by=COMMAND,
        now=now - timedelta(days=180),
    )
    return {"id": token.pk, "secret": secret, "ends_at": token.expires_at.timestamp()}


def delete_token(token_id: int) -> None:
    lifecycle.delete_token(AccessToken.objects.get(pk=token_id), by=COMMAND, now=timezone.now())


def regenerate_token(token_id: int) -> str:
    """The new secret."""
    token, now = AccessToken.objects.get(pk=token_id), timezone.now()
    return lifecycle.regenerate_token(token, expires_at=now + timedelta(days=30), by=COMMAND, now=now)[1]


def flagged_at(token_id: int) -> str | None:
    flagged: datetime | None = AccessToken.objects.values_list("expiry_flagged_at", flat=True).get(pk=token_id)
    return flagged.isoformat() if flagged else None


def last_use(token_id: int) -> list[str]:
    """From where, and by what; empty texts before the first."""
    return list(AccessToken.objects.values_list("last_used_address", "last_used_agent").get(pk=token_id))


def runs() -> list[dict[str, Any]]:
    """What the runs of the flagging job counted, oldest first; without those that a kill has cut short."""
    done = JobRun.objects.filter(job=expiry.JOB).exclude(finished_at=None)
    return list(done.order_by("pk").values_list("counts", flat=True))


def seconds_to_wake() -> float:
    """How long it takes to ask the worker for a run."""
    began = time.monotonic()
    wake(FLAG_EXPIRING)
    return time.monotonic() - began


def set_policy(**values: int) -> None:
    change_policy(by=COMMAND, now=timezone.now(), **values)


ACTS: dict[str, Callable[..., Any]] = {
    act.__name__: act
    for act in (
        make_token,
        delete_token,
        regenerate_token,
        flagged_at,
        last_use,
        runs,
        seconds_to_wake,
        set_policy,
    )
}
ACTS |= {
    act.__name__: act
    for act in (
        outbox.fill_outbox,
        outbox.waiting,
        outbox.unsent,
        outbox.claimed,
        outbox.outcomes,
        outbox.errors,
        outbox.let_leases_end,
        outbox.wake_sender,
    )
}

if __name__ == "__main__":
    for line in sys.stdin:
        given = json.loads(line)
        print(json.dumps(ACTS[given.pop("act")](**given)), file=answers, flush=True)
