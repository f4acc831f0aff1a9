"""Every error of the API, as application/problem+json (RFC 9457)."""

from typing import Any

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from tokens import errors
from tokens.api.auth import RefusedCredentials
from tokens.api.json_input import NotJson
from tokens.errors import Refused
from tokens.presenting import bearer, problem, rfc3339, to_response
from tokens.secret_format import holds_secret

log = structlog.get_logger(__name__)

# What the domain refuses, by status; whatever stands not here is a field's fault, and 422.
STATUSES: dict[type[Refused], int] = {
    errors.ActingTokenEnded: 401,
    errors.BeyondAuthority: 403,
    errors.Unconfirmed: 403,
    errors.TokenGone: 404,
    errors.SecretGone: 404,
    errors.AlreadyDone: 409,
    errors.DisabledByAdministrator: 409,
    errors.NameTaken: 409,
    errors.SecretIsCurrent: 409,
    errors.TokenIsRevoked: 409,
    errors.TooManyTokens: 409,
    errors.ChangedElsewhere: 412,
}
_MAX_ERRORS = 50
_MAX_FIELD = 100
# In seconds; a database that restarts is back by then.
_RETRY_AFTER = 5
_MESSAGES = {"extra_forbidden": "There is no such field.", "missing": "This is required."}


def add_handlers(api: NinjaAPI) -> None:
    api.add_exception_handler(RefusedCredentials, answer_credentials)
    api.add_exception_handler(Refused, answer_refused)
    api.add_exception_handler(ValidationError, answer_invalid)
    api.add_exception_handler(HttpError, answer_unreadable)
    api.add_exception_handler(UnreadablePostError, answer_cut_off)
    api.add_exception_handler(Http404, answer_not_found)
    for error in (OperationalError, InterfaceError):
        api.add_exception_handler(error, answer_unavailable)


def answer_credentials(_request: HttpRequest, refused: Any) -> HttpResponse:
    return to_response(refused.answer)


def answer_refused(_request: HttpRequest, refused: Any) -> HttpResponse:
    status = STATUSES.get(type(refused), 422)
    members: dict[str, object] = {}
    if refused.field:
        members["errors"] = [{"field": refused.field, "code": refused.code, "message": refused.message}]
    if isinstance(refused, errors.AlreadyDone):
        members |= {"token_id": refused.token_id, "made_at": rfc3339(refused.at)}
    code = "invalid_input" if status == 422 and refused.field else refused.code
    return to_response(problem(status, code, refused.message, challenge=_challenge(status, refused), members=members))


def answer_invalid(_request: HttpRequest, invalid: Any) -> HttpResponse:
    """What the schema refuses; nothing of what was sent is repeated but the names of fields."""
    found = [_field_error(error) for error in invalid.errors[:_MAX_ERRORS]]
    fields = ", ".join(dict.fromkeys(entry["field"] for entry in found if entry["field"]))
    detail = f"Look at {fields}." if fields else "Send a JSON object."
    return to_response(problem(422, "invalid_input", detail, members={"errors": found}))


def answer_unreadable(_request: HttpRequest, error: Any) -> HttpResponse:
    """What the parser refuses; the framework has no other error of this kind."""
    if isinstance(error.__cause__, NotJson):
        return to_response(problem(415, "not_json", "Send JSON in UTF-8, as Content-Type: application/json."))
    return to_response(problem(422, "invalid_json", str(error.__cause__)))


def answer_cut_off(_request: HttpRequest, _error: Any) -> HttpResponse:
    return to_response(problem(400, "invalid_request", "The body ended too early."))


def answer_not_found(_request: HttpRequest, _error: Any) -> HttpResponse:
    return not_found()


def not_found() -> HttpResponse:
    return to_response(problem(404, "not_found", "There is no such thing here, or it is not yours."))


def answer_unavailable(_request: HttpRequest, error: Any) -> HttpResponse:
    log.error("api call not answered", exc_info=error)
    detail = "The database can't be reached now. Try again soon."
    return to_response(problem(503, "unavailable", detail, retry_after=_RETRY_AFTER))


def _challenge(status: int, refused: Refused) -> str:
    """RFC 6750, where it is the token's fault. The sentences of these errors hold nothing that a person typed."""
    if status != 401 and not isinstance(refused, errors.BeyondAuthority):
        return ""
    return bearer({"error": refused.code, "error_description": refused.message.removesuffix(".")})


def _field_error(error: dict[str, Any]) -> dict[str, str]:
    message = _MESSAGES.get(error["type"]) or str(error["msg"]).removeprefix("Value error, ")
    return {"field": _field(error["loc"]), "code": error["type"], "message": message}


def _field(location: tuple[str | int, ...]) -> str:
    """`scopes.3`: without where it came from and the name of our own variable."""
    name = ".".join(str(part) for part in location[2:] or location[1:] if part != "payload")[:_MAX_FIELD]
    return "(a secret)" if holds_secret(name, settings.TOKEN_PREFIXES) else name
