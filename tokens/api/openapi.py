"""The description of the API, OpenAPI 3.1: what ninja knows of the calls, and what it does not."""

from collections.abc import Iterator
from functools import lru_cache
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from tokens.api.answers import CODES, PROBLEMS
from tokens.api.calls import api
from tokens.api.examples import EXAMPLES

JSON = dict[str, Any]
_PREFIX = "/api/v1/"
_TEXT = {"schema": {"type": "string"}}
_DESCRIPTION = """\
Everything that an owner can do with access tokens, for programs. Present a token as `Authorization: Bearer`,
or in Basic as the password. What a token makes, changes, enables or regenerates may in the end have no
permission, no wider network and no later end than itself.
"""
HEADERS: dict[str, JSON] = {
    "Token-Expires-At": {
        "description": "When the token that was presented ends.",
        "schema": {"type": "string", "format": "date-time"},
    },
    "ETag": {"description": "For `If-Match`; another one after every change.", **_TEXT},
    "Link": {"description": "The other pages (RFC 8288).", **_TEXT},
    "Location": {"description": "The address of the new token.", **_TEXT},
    "WWW-Authenticate": {"description": "Why the token is not accepted (RFC 6750).", **_TEXT},
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 1}},
}
_OF_STATUS = {401: ["WWW-Authenticate"], 429: ["Retry-After"], 503: ["Retry-After"]}
_OF_SCHEMA = {"TokenOut": ["ETag"], "MadeOut": ["ETag"], "TokensOut": ["Link"]}
_ON_TOKEN = ("get_token", "change_token", "regenerate_token", "delete_token")


@require_safe
def openapi(_request: HttpRequest) -> HttpResponse:
    response = JsonResponse(description())
    response["Cache-Control"] = "public, max-age=300"
    return response


@lru_cache(maxsize=1)
def description() -> JSON:
    """The whole description; not to be changed."""
    found: JSON = dict(api.get_openapi_schema(path_prefix=_PREFIX))
    found["info"] = {"title": settings.SITE_NAME, "version": "1", "description": _DESCRIPTION}
    found["servers"] = [{"url": settings.BASE_URL}]
    found["components"]["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer"},
        "basic": {"type": "http", "scheme": "basic", "description": "The token as the password, any user name."},
    }
    for name in ("ActivityIn", "ListIn"):  # only hold the parameters, which stand at their calls
        del found["components"]["schemas"][name]
    for operation in operations(found):
        _complete(operation)
    _link(found["paths"])
    return found


def operations(found: JSON) -> Iterator[JSON]:
    for methods in found["paths"].values():
        yield from methods.values()


def _complete(operation: JSON) -> None:
    operation["parameters"] = [_corrected(parameter) for parameter in operation["parameters"]]
    codes = operation.pop(PROBLEMS)
    operation["responses"] = {str(status): answer for status, answer in operation["responses"].items()}
    for status, answer in operation["responses"].items():
        if int(status) < 400:
            _describe_success(int(status), answer)
        else:
            _describe_problem(int(status), answer, codes)
    for content in operation.get("requestBody", {}).get("content", {}).values():
        content["schema"] = content["schema"].get("anyOf", [content["schema"]])[0]  # it may be left out, not be null
        _add_example(content)


def _describe_success(status: int, answer: JSON) -> None:
    names = ["Token-Expires-At", *(["Location"] if status == 201 else [])]
    for content in answer.get("content", {}).values():
        names += _OF_SCHEMA.get(_add_example(content), [])
    answer["headers"] = {name: HEADERS[name] for name in names}


def _describe_problem(status: int, answer: JSON, codes: list[str]) -> None:
    of_status = [code for code in codes if CODES[code][0] == status]
    answer["description"] = " ".join(f"`{code}`: {CODES[code][1]}" for code in of_status)
    (content,) = answer.pop("content").values()
    content["examples"] = {code: {"value": _problem(status, code)} for code in of_status}
    answer["content"] = {"application/problem+json": content}
    answer["headers"] = {name: HEADERS[name] for name in _OF_STATUS.get(status, [])}


def _problem(status: int, code: str) -> JSON:
    title = HTTPStatus(status).phrase
    return {"type": f"urn:tokenportal:problem:{code}", "title": title, "status": status, "detail": CODES[code][1]}


def _add_example(content: JSON) -> str:
    """The name of the schema, whose example is added."""
    name: str = content["schema"]["$ref"].rpartition("/")[2]
    content["example"] = EXAMPLES[name]
    return name


def _corrected(parameter: JSON) -> JSON:
    """What may be left out of an address can't be null there; a list of examples belongs into the schema alone."""
    parameter = {key: value for key, value in parameter.items() if key != "examples"}
    if parameter["in"] == "query":
        parameter["allowEmptyValue"] = True  # see StrictParser
    schema = parameter["schema"]
    options = [option for option in schema.get("anyOf", ()) if option != {"type": "null"}]
    if not options:
        return parameter
    rest = {key: value for key, value in schema.items() if key not in ("anyOf", "default")}
    return parameter | {"schema": {**options[0], **rest}}


def _link(paths: JSON) -> None:
    """What can be done with a token that was made."""
    token = {"token_id": "$response.body#/id"}
    created = paths[f"{_PREFIX}tokens"]["post"]["responses"]["201"]
    created["links"] = {name: {"operationId": name, "parameters": token} for name in _ON_TOKEN}
