"""One run of the flagging job in a process of its own, for bench/jobs.py.

`run` times it, `capture` says its statements.
"""

import json
import sys
import time
from pathlib import Path

import django

answers, sys.stdout = sys.stdout, sys.stderr  # logging takes what stands there
django.setup()

from django.conf import settings  # noqa: E402  # settings come first
from django.db import connection  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from django.utils import timezone  # noqa: E402
from django.utils.module_loading import import_string  # noqa: E402

from tokens.domain.expiry import flag_expiring  # noqa: E402
from tokens.models import Policy  # noqa: E402


def used_mb() -> float:
    """The memory that this process has now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1e6


def peak_mb() -> float:
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(lines["VmHWM"].split()[0]) * 1024 / 1e6


def run() -> dict[str, object]:
    Policy.current()  # the connection stands,
    import_string(settings.WORKER_APP)  # and a worker has Celery in it
    before, began = used_mb(), time.perf_counter()
    counts = flag_expiring(now=timezone.now()).counts
    seconds = time.perf_counter() - began
    return {"seconds": seconds, "grown_mb": peak_mb() - before, "counts": counts}


def capture() -> list[str]:
    Policy.current()
    with CaptureQueriesContext(connection) as captured:
        flag_expiring(now=timezone.now())
    return [query["sql"] for query in captured]


print(json.dumps({"run": run, "capture": capture}[sys.argv[1]]()), file=answers)
