"""Error pages and reports."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString
from django.views.debug import ExceptionReporter

from tokens.gateway.errors import error_at, mistake_at
from tokens.presenting import to_response
from tokens.secret_format import scrub


class ScrubbingExceptionReporter(ExceptionReporter):
    """Django's reports show local variables; here a secret among them does not reach the page."""

    def get_traceback_html(self) -> SafeString:
        return SafeString(scrub(super().get_traceback_html()))

    def get_traceback_text(self) -> SafeString:
        return SafeString(scrub(super().get_traceback_text()))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that came without its token: most often the cookie is blocked, or somebody signed out."""
    return render(request, "403_csrf.html", status=403)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if _is_for_programs(request):
        return to_response(error_at(request.path, 400, "bad_request", "This request can't be read."))
    return render(request, "400.html", status=400)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "404.html", status=404)


def permission_denied(request: HttpRequest, exception: Any) -> HttpResponse:
    return render(request, "403.html", status=403)


def server_error(request: HttpRequest) -> HttpResponse:
    if _is_for_programs(request):
        return to_response(mistake_at(request.path))
    return render(request, "500.html", status=500)


def _is_for_programs(request: HttpRequest) -> bool:
    """What calls an address for programs can't read a page."""
    return request.path.startswith(settings.PATHS_WITHOUT_SESSION)
