"""Logging: one line an event on standard output, without secrets."""

import json
import logging
import logging.config
import re
import sys
import time
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from accounts.actor import Caller
from tokens.secret_format import scrub

# The keys of mailed links, which Django logs with the path when such a page fails.
_MAILED_KEY = re.compile(r"(/confirm-email/|/password/reset/key/)[^/\s]+")


# The thread's own: of the request that it answers, or answered last. structlog's way takes several times as long.
_request_id: ContextVar[str] = ContextVar("request_id", default="")


def bind_request_id(request_id: str) -> None:
    """From here on it is in every line that this thread logs."""
    _request_id.set(request_id)


def add_request_id(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    if request_id := _request_id.get():
        event.setdefault("request_id", request_id)
    return event


def scrub_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Take whatever looks like a secret out of every value, should one ever get here."""
    return {key: _scrubbed(value) if isinstance(value, str) else value for key, value in event.items()}


def _scrubbed(text: str) -> str:
    return _MAILED_KEY.sub(r"\1[key]", scrub(text))


_SHARED: list[Processor] = [
    add_request_id,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def structlog_config() -> dict[str, Any]:
    return {
        "processors": [*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        "logger_factory": structlog.stdlib.LoggerFactory(),
        "cache_logger_on_first_use": True,
    }


def configure(*, debug: bool) -> None:
    """Readable lines under DEBUG, JSON elsewhere."""
    renderer: Processor = structlog.processors.JSONRenderer()
    if debug:
        renderer = structlog.dev.ConsoleRenderer(colors=sys.stdout.isatty())
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "line": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "foreign_pre_chain": _SHARED,
                    "processors": [
                        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                        structlog.processors.format_exc_info,
                        scrub_secrets,
                        renderer,
                    ],
                }
            },
            "handlers": {"out": {"class": "logging.StreamHandler", "stream": sys.stdout, "formatter": "line"}},
            "root": {"handlers": ["out"], "level": "INFO"},
            # The access log of the middleware has these already.
            "loggers": {
                "django.request": {"level": "ERROR"},
                "django.server": {"level": "ERROR"},
                "django.template": {"level": "INFO"},  # below that it tells the contexts of pages
            },
        }
    )


def write_access(method: str, route: str | None, status: int, ms: float, caller: Caller) -> None:
    """A line of the access log, as structlog's JSON would be, at a tenth of its price.

    Verification writes one for each request, and the long way would be a quarter of the whole answer.
    Of the values the method alone is text that the caller chose freely.
    """
    quote = _quote_again if len(method) <= _LONGEST_METHOD else _quote
    seconds, microseconds = divmod(time.time_ns() // 1000, 1_000_000)
    sys.stdout.write(
        f'{{{quote(method, route)}, "status": {status}, "ms": {ms:.1f}, "address": "{caller.address}", '
        f'"event": "request", "request_id": "{caller.request_id}", "level": "info", '
        f'"timestamp": "{_second(seconds)}.{microseconds:06}Z"}}\n'
    )
    sys.stdout.flush()


@lru_cache(maxsize=2)
def _second(since_1970: int) -> str:
    return datetime.fromtimestamp(since_1970, UTC).isoformat()[:19]


def _quote(method: str, route: str | None) -> str:
    return f'"method": {json.dumps(scrub(method))}, "route": {json.dumps(route)}'


# HTTP has few; what is longer is not worth the memory.
_LONGEST_METHOD = 20
_quote_again = lru_cache(maxsize=256)(_quote)
