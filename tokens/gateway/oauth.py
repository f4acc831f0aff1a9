"""What the addresses for OAuth clients have in common: forms, and errors as RFC 6749, section 5.2, has them."""

import json
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any
from urllib.parse import parse_qs

import structlog
from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from tokens.bodies import is_unmeasured
from tokens.gateway.requests import read_body
from tokens.presenting import RETRY_AFTER, Answer, to_response

log = structlog.get_logger(__name__)

_MAX_FIELDS = 50

# The fields of a form by name; None when the body is no form.
Form = Mapping[str, list[str]] | None


class InvalidRequest(Exception):
    """The form is at fault; the message says how, and repeats nothing of it."""


def parse_form(content_type: str, body: bytes) -> Form:
    """An `application/x-www-form-urlencoded` body. A field without a value counts as left out (RFC 6749, 3.2)."""
    if content_type.partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        return None
    try:
        return parse_qs(body.decode(), max_num_fields=_MAX_FIELDS)
    except ValueError:
        return None


def one(form: Form, name: str) -> str:
    """The value of a field that must be there, once. Raises InvalidRequest."""
    if value := at_most_one(form, name):
        return value
    raise InvalidRequest(f"Send {name} in a form (application/x-www-form-urlencoded).")


def at_most_one(form: Form, name: str) -> str:
    """The value of a field, "" when it is left out. Raises InvalidRequest."""
    values = (form or {}).get(name, [])
    if len(values) > 1:
        raise InvalidRequest(f"Send {name} once.")
    return values[0] if values else ""


def as_json(content: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    kept = {"Content-Type": "application/json", "Cache-Control": "no-store", **(headers or {})}
    return Answer(status, kept, json.dumps(content).encode())


def error(status: int, code: str, description: str, headers: Mapping[str, str] | None = None) -> Answer:
    return as_json({"error": code, "error_description": description}, status, headers)


def unavailable() -> Answer:
    headers = {"Retry-After": str(RETRY_AFTER)}
    return error(503, "temporarily_unavailable", "The portal can't answer now. Try again.", headers)


def safely(answer: Callable[..., Answer]) -> Callable[..., Answer]:
    """The answer, or what stands for it while the form is at fault or the database fails."""

    @wraps(answer)
    def answer_whatever_happens(*args: Any, **kwargs: Any) -> Answer:
        try:
            return answer(*args, **kwargs)
        except InvalidRequest as invalid:
            return error(400, "invalid_request", str(invalid))
        except DatabaseError:
            log.exception("not answered", answer=answer.__module__)
            return unavailable()

    return answer_whatever_happens


def answer_form(request: HttpRequest, respond: Callable[[HttpRequest, Form], Answer]) -> Answer:
    """What `respond` says to the form in a POST."""
    if request.method != "POST":
        return error(405, "invalid_request", "Send a POST.", {"Allow": "POST"})
    if is_unmeasured(request.META):
        return error(411, "invalid_request", "Send the form with its Content-Length.")
    body = read_body(request)
    if body is None:
        return error(413, "invalid_request", "The form is too long.")
    return respond(request, parse_form(request.META.get("CONTENT_TYPE", ""), body))


def form_view(respond: Callable[[HttpRequest, Form], Answer]) -> Callable[[HttpRequest], HttpResponse]:
    """A view of a POST with a form, for programs: no CSRF token, no cookie."""

    @csrf_exempt
    @wraps(respond)
    def view(request: HttpRequest) -> HttpResponse:
        return to_response(answer_form(request, respond))

    return view
