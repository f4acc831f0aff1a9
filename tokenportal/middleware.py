"""What every request gets: a request id, the caller's true address, a line in the access log."""

import re
import secrets
import time
from collections.abc import Callable

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.common import CommonMiddleware

from accounts.actor import Caller, caller_of
from tokens.networks import caller_address, in_any, parse_address, parse_networks
from tokens.secret_format import scrub

GetResponse = Callable[[HttpRequest], HttpResponse]
access_log = structlog.get_logger("tokenportal.access")

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
        caller = self.read_caller(request)
        request.caller = caller  # type: ignore[attr-defined]  # see accounts.actor.caller_of
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=caller.request_id)
        started = time.perf_counter()
        response = self.get_response(request)
        response["X-Request-Id"] = caller.request_id
        self.log(request, response, time.perf_counter() - started)
        return response

    def read_caller(self, request: HttpRequest) -> Caller:
        header = request.META.get
        trusted = parse_networks(settings.TRUSTED_PROXIES)
        from_proxy = in_any(parse_address(header("REMOTE_ADDR", "")), trusted)
        if from_proxy and header("HTTP_X_FORWARDED_PROTO") == "https":
            request.META["tokenportal.forwarded_proto"] = "https"
        came_from = caller_address(header("REMOTE_ADDR", ""), header("HTTP_X_FORWARDED_FOR", ""), trusted)
        given_id = header("HTTP_X_REQUEST_ID", "") if from_proxy else ""
        return Caller(
            address=str(came_from),
            certain=came_from.certain,
            agent=_printable(scrub(header("HTTP_USER_AGENT", "")))[:200],
            request_id=given_id if _REQUEST_ID.fullmatch(given_id) else secrets.token_hex(8),
        )

    def log(self, request: HttpRequest, response: HttpResponse, seconds: float) -> None:
        # The route, never the address: queries and the paths of e-mailed links hold secrets.
        match = request.resolver_match
        access_log.info(
            "request",
            method=request.method,
            route=match.route if match else None,
            status=response.status_code,
            ms=round(seconds * 1000, 1),
            address=caller_of(request).address,
        )


def _printable(text: str) -> str:
    """Without what no database or log takes well; header values come as Latin-1."""
    return text if text.isprintable() else "".join(filter(str.isprintable, text))


class HostMiddleware(CommonMiddleware):
    """Django's check of the Host header, but for the addresses that take any."""

    def process_request(self, request: HttpRequest) -> HttpResponse | None:  # type: ignore[override]  # the stub forgets None
        return None if request.path in _ANY_HOST else super().process_request(request)
