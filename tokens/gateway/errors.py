"""Errors of the addresses for programs that no call words itself, in the form that those who call there read."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from tokens.gateway import oauth
from tokens.presenting import Answer, problem, to_response


def error_at(path: str, status: int, code: str, detail: str) -> Answer:
    """RFC 6749, section 5.2, for OAuth clients, which know few codes; RFC 9457 for all others."""
    if not f"{path}/".startswith("/oauth/"):
        return problem(status, code, detail)
    return oauth.error(status, "server_error" if status >= 500 else "invalid_request", detail)


def mistake_at(path: str) -> Answer:
    """A mistake of ours."""
    detail = "Something went wrong here. The administrators find it in the log."
    return error_at(path, 500, "server_error", detail)


@csrf_exempt  # a program has no token of ours to send along
def nothing_here(request: HttpRequest) -> HttpResponse:
    return to_response(error_at(request.path, 404, "not_found", "There is no such address."))
