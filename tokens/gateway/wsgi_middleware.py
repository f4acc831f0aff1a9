"""The same answers of verification, given before Django's stack is gone through.

Services ask on every request of theirs, and of an answer through the whole stack nine tenths would be
the stack. What is left out are sessions, cookies, CSRF and the headers of pages, none of which these
addresses use; request id, access log, limits and the answers themselves are those of the views.
"""

import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Protocol
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import structlog
from django.core.handlers.wsgi import WSGIRequest
from django.db import DEFAULT_DB_ALIAS, connections

from accounts.actor import Caller
from tokens.bodies import measure
from tokens.gateway import forward_auth, introspection
from tokens.gateway.errors import mistake_at
from tokens.gateway.oauth import answer_form
from tokens.presenting import Answer

log = structlog.get_logger(__name__)

_STATUS_LINES = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}


class LogRequest(Protocol):
    def __call__(self, method: str, route: str | None, status: int, started: float, caller: Caller) -> None: ...


class VerifyMiddleware:
    """A WSGI application that answers the questions of services, and leaves all others to `application`.

    `read_caller` and `log_request` are those of Django's middleware.
    """

    def __init__(
        self,
        application: WSGIApplication,
        *,
        read_caller: Callable[[WSGIEnvironment], Caller],
        log_request: LogRequest,
    ) -> None:
        self.application = application
        self.read_caller = read_caller
        self.log_request = log_request

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        respond = _ANSWERS.get(environ.get("PATH_INFO", ""))
        if respond is None:
            return self.application(environ, start_response)
        started = time.perf_counter()
        caller = self.read_caller(environ)
        answer = _safely(respond, environ, caller)
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            close_broken_connection()
        start_response(_STATUS_LINES[answer.status], _headers(answer, caller))
        method = environ["REQUEST_METHOD"]
        self.log_request(method, environ["PATH_INFO"][1:], answer.status, started, caller)
        return [] if method == "HEAD" else [answer.body]


def _verify(environ: WSGIEnvironment, caller: Caller) -> Answer:
    return forward_auth.answer(forward_auth.presented_by(environ, caller), datetime.now(UTC))


def _introspect(environ: WSGIEnvironment, caller: Caller) -> Answer:
    measure(environ)
    request = WSGIRequest(environ)
    request.caller = caller  # type: ignore[attr-defined]  # see accounts.actor.caller_of
    return answer_form(request, introspection.respond)


_ANSWERS: dict[str, Callable[[WSGIEnvironment, Caller], Answer]] = {
    "/auth/verify": _verify,
    "/oauth/introspect": _introspect,
}


def _safely(respond: Callable[[WSGIEnvironment, Caller], Answer], environ: WSGIEnvironment, caller: Caller) -> Answer:
    try:
        return respond(environ, caller)
    except Exception:  # a mistake of ours is an answer too, and never a yes
        log.exception("request failed")
        return mistake_at(environ["PATH_INFO"])


def close_broken_connection() -> None:
    """As Django does around each request; here the lookup mends what broke in between."""
    connections[DEFAULT_DB_ALIAS].close_if_unusable_or_obsolete()


def _headers(answer: Answer, caller: Caller) -> list[tuple[str, str]]:
    headers = [*answer.headers.items(), ("X-Request-Id", caller.request_id), ("X-Content-Type-Options", "nosniff")]
    if answer.body:
        headers.append(("Content-Length", str(len(answer.body))))
    return headers
