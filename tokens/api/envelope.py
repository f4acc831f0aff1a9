"""What every address under /api/v1/ does around its call."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from tokens.api.problems import not_found
from tokens.bodies import MAX_BODY, is_unmeasured
from tokens.presenting import method_not_allowed, problem, to_response

View = Callable[..., HttpResponse]


def enveloped(view: View) -> View:
    """HEAD as GET, bodies that can't be read refused before anything reads them, and the headers of all answers."""

    @csrf_exempt  # there is no session that anybody could use from elsewhere
    @wraps(view)
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = refused_body(request) or _called(view, request, *args, **kwargs)
        if response.status_code == 204:
            del response["Content-Type"]  # of nothing
        response.headers.setdefault("Cache-Control", "no-store")
        if ends_at := getattr(request, "token_expires_at", None):  # set once a token was accepted
            response["Token-Expires-At"] = ends_at
        return response

    return answered


def refused_body(request: HttpRequest) -> HttpResponse | None:
    """413, 411 or 400, judged by the headers before anything is read."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not (length.isascii() and length.isdigit()):
        return to_response(problem(400, "invalid_request", "Content-Length is no number."))
    if is_unmeasured(request.META):
        return to_response(problem(411, "length_required", "Send the body with its Content-Length."))
    if len(length) > 9 or int(length) > MAX_BODY:
        return to_response(problem(413, "too_large", f"A body may have at most {MAX_BODY:,} bytes."))
    return None


def _called(view: View, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    method = request.method
    try:
        request.method = "GET" if method == "HEAD" else method  # the server leaves out the body
        response = view(request, *args, **kwargs)
    except Http404:
        response = not_found()
    finally:
        request.method = method
    return _not_allowed(response) if response.status_code == 405 else response


def _not_allowed(response: HttpResponse) -> HttpResponse:
    allowed = sorted({*response["Allow"].split(", "), *(["HEAD"] if "GET" in response["Allow"] else [])})
    return to_response(method_not_allowed(*allowed))
