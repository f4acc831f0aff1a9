"""What every request gets: a request id, the caller's true address, a line in the access log."""

import random
import re
import time
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.common import CommonMiddleware

from accounts.actor import Caller
from tokenportal.access_log import access_log
from tokenportal.logs import bind_request_id
from tokens.networks import caller_address, in_any, parse_address, parse_networks
from tokens.secret_format import scrub

GetResponse = Callable[[HttpRequest], HttpResponse]
readable_log = structlog.get_logger("tokenportal.access")

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
# Addresses that other services call by whatever name they know us under.
_ANY_HOST = frozenset(
    {"/auth/verify", "/oauth/introspect", "/oauth/revoke", "/.well-known/oauth-authorization-server", "/api/v1/leaks"}
)


class RequestContextMiddleware:
    """Sets `request.caller`, binds the request id to the log, answers with `X-Request-Id`."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        started = time.perf_counter()
        caller = read_caller(request.META)
        request.caller = caller  # type: ignore[attr-defined]  # see accounts.actor.caller_of
        if caller.from_proxy and request.META.get("HTTP_X_FORWARDED_PROTO") == "https":
            request.META["tokenportal.forwarded_proto"] = "https"
        response = self.get_response(request)
        response["X-Request-Id"] = caller.request_id
        match = request.resolver_match
        route = match.route if match else None
        log_request(str(request.method), route, response.status_code, started, caller)
        return response


def read_caller(environ: Mapping[str, Any]) -> Caller:
    """Who calls, by a WSGI environment; from here on the request id is in every line of the log."""
    header = environ.get
    forwarded_for, agent = header("HTTP_X_FORWARDED_FOR"), header("HTTP_USER_AGENT", "")
    # The same services call again and again; what is longer is not worth the memory.
    find = _find_origin_again if forwarded_for is None or len(forwarded_for) <= _OFTEN_SEEN else _find_origin
    clean = _clean_agent_again if len(agent) <= _OFTEN_SEEN else _clean_agent
    address, certain, from_proxy = find(header("REMOTE_ADDR", ""), forwarded_for, settings.TRUSTED_PROXIES)
    request_id = (from_proxy and _given_id(header("HTTP_X_REQUEST_ID", ""))) or f"{random.getrandbits(64):016x}"
    bind_request_id(request_id)  # over that of the thread's last request
    return Caller(address, certain, clean(agent), request_id, from_proxy)


def _given_id(text: str) -> str:
    return text if _REQUEST_ID.fullmatch(text) else ""


def _find_origin(peer: str, forwarded_for: str | None, proxies: tuple[str, ...]) -> tuple[str, bool, bool]:
    """The address, whether it is certain, and whether a trusted proxy sent it."""
    trusted = parse_networks(proxies)
    came_from = caller_address(peer, forwarded_for, trusted)
    return str(came_from), came_from.certain, in_any(parse_address(peer), trusted)


def _clean_agent(text: str) -> str:
    return _printable(scrub(text))[:200]


_OFTEN_SEEN = 200
_find_origin_again = lru_cache(maxsize=1024)(_find_origin)
_clean_agent_again = lru_cache(maxsize=1024)(_clean_agent)


def log_request(method: str, route: str | None, status: int, started: float, caller: Caller) -> None:
    """The route, never the address: queries and the paths of e-mailed links hold secrets."""
    note_request(method, route, status, started, caller)
    access_log.flush()


def note_request(method: str, route: str | None, status: int, started: float, caller: Caller) -> None:
    """As `log_request`, but that the line is written with others, within a second (see tokens.domain.flusher)."""
    ms = (time.perf_counter() - started) * 1000
    if not settings.DEBUG:
        access_log.note(method, route, status, ms, caller)
    else:
        readable_log.info("request", method=method, route=route, status=status, ms=round(ms, 1), address=caller.address)


def _printable(text: str) -> str:
    """Without what no database or log takes well; header values come as Latin-1."""
    return text if text.isprintable() else "".join(filter(str.isprintable, text))


class HostMiddleware(CommonMiddleware):
    """Django's check of the Host header, but for the addresses that take any."""

    def process_request(self, request: HttpRequest) -> HttpResponse | None:  # type: ignore[override]  # the stub forgets None
        return None if request.path in _ANY_HOST else super().process_request(request)
