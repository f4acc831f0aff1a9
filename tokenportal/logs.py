"""Logging: one line an event on standard output, without secrets."""

import logging
import logging.config
import re
import sys
from contextvars import ContextVar
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

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
