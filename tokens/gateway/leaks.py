"""Anybody may say which secrets they found where they should not be."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import structlog
from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from accounts.actor import Actor
from tokens.bodies import is_unmeasured
from tokens.domain import limits
from tokens.domain.reports import report_leaks
from tokens.gateway.requests import read_body, service_actor
from tokens.presenting import Answer, address_of, method_not_allowed, problem, to_response, unavailable

log = structlog.get_logger(__name__)

MAX_SECRETS = 1000
CALLS = 60
CALLS_WINDOW = 3600


class InvalidReport(Exception):
    """What is wrong with the body, as a field, "" of no JSON object, and a sentence that repeats nothing of it."""

    def __init__(self, field: str, message: str) -> None:
        self.field, self.message = field, message
        super().__init__(message)


@csrf_exempt
def leaks(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    refused = _refuse(request, now)
    return to_response(refused or answer(read_body(request), service_actor(request), now))


def answer(body: bytes | None, by: Actor, now: datetime) -> Answer:
    """202 whatever was real: the caller learns nothing. `body` is None when it is too long."""
    if body is None:
        return problem(413, "too_large", "Send at most 1 MiB.")
    try:
        secrets, source = _read(body)
        report_leaks(secrets, source=source, by=by, now=now)
    except InvalidReport as invalid:
        return _invalid(invalid)
    except DatabaseError:
        log.exception("leaks not taken")
        return unavailable("The report can't be taken now.")
    return Answer(202, {"Cache-Control": "no-store"})


def _refuse(request: HttpRequest, now: datetime) -> Answer | None:
    """Why the body is not even read."""
    if request.method != "POST":
        return method_not_allowed("POST")
    if is_unmeasured(request.META):
        return problem(411, "length_required", "Send the report with its Content-Length.")
    key = limits.by_address("leaks", address_of(request))
    wait = limits.hit(key, limit=CALLS, window_seconds=CALLS_WINDOW, now=now)
    if wait is not None:
        return problem(429, "too_many_requests", "Too many reports came from there.", retry_after=wait)
    return None


def _invalid(report: InvalidReport) -> Answer:
    """In the codes of the API: 422, with `errors` where a field is at fault."""
    if not report.field:
        return problem(422, "invalid_json", report.message)
    errors = [{"field": report.field, "code": "invalid", "message": report.message}]
    return problem(422, "invalid_input", report.message, errors=errors)


def _read(body: bytes) -> tuple[list[str], str]:
    """The secrets and the source of a report. Raises InvalidReport."""
    report = _object(body)
    secrets, source = report.get("secrets"), report.get("source", "")
    if not isinstance(secrets, list) or not 0 < len(secrets) <= MAX_SECRETS:
        raise InvalidReport("secrets", f"Send a list of 1 to {MAX_SECRETS} secrets.")
    if not all(isinstance(secret, str) for secret in secrets):
        raise InvalidReport("secrets", "Each secret is a string.")
    if not isinstance(source, str):
        raise InvalidReport("source", "The source is a string.")
    return secrets, source


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        report = json.loads(body)
    except (ValueError, RecursionError):
        report = None
    if not isinstance(report, dict):
        raise InvalidReport("", "Send a JSON object with secrets and source.")
    return report
