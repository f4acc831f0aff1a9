"""What the answers of a portal mean, and those of whatever stands in its place."""

import re
from typing import Any
from urllib.parse import urljoin

import requests

from tokenportal.cli.access import Access
from tokenportal.cli.errors import Failure, NotAllowed, NotSignedIn
from tokenportal.cli.output import clean

_ATTRIBUTE = re.compile(r'(\w+)="([^"]*)"')
# The API's fields that an option is not named for.
_OPTIONS = {"scopes": "scope", "allowed_networks": "network"}


def check(response: requests.Response, access: Access) -> None:
    """Failure, or one of its kinds, unless the portal did what it was asked."""
    status = response.status_code
    if 300 <= status < 400:
        raise Failure(_redirect(response, access.url))
    if 200 <= status < 300:
        return
    problem = _problem(response)
    if problem is None:
        raise Failure(_not_the_portal(response, access.url))
    if status == 401:
        raise NotSignedIn(_why_dead(response, access))
    if status == 403 and "X-Error-Status" not in response.headers:
        raise NotAllowed(_why_not_allowed(response, problem))
    raise Failure(_why_failed(response, problem))


def json_of(response: requests.Response, url: str) -> Any:
    try:
        if _kind(response) == "application/json":
            return response.json()
    except (ValueError, RecursionError):
        pass
    raise Failure(_not_the_portal(response, url))


def _problem(response: requests.Response) -> dict[str, Any] | None:
    """The body of an error (RFC 9457): nothing but a portal answers so."""
    try:
        problem = response.json() if _kind(response) == "application/problem+json" else None
    except (ValueError, RecursionError):
        return None
    return problem if _is_complete(problem) else None


def _is_complete(problem: Any) -> bool:
    try:
        errors = problem.get("errors") or ()
        texts = [problem["detail"], *(error[name] for error in errors for name in ("field", "message"))]
    except (AttributeError, KeyError, TypeError):
        return False
    return all(isinstance(text, str) for text in texts)


def _kind(response: requests.Response) -> str:
    return response.headers.get("Content-Type", "").partition(";")[0].strip().lower()


def _redirect(response: requests.Response, url: str) -> str:
    target = clean(urljoin(response.url, response.headers.get("Location", "")))
    return (
        f"{url} sends on to {target}, and the token was not sent there. If that is your portal, sign in to it "
        "by its own address."
    )


def _not_the_portal(response: requests.Response, url: str) -> str:
    kind = "a web page" if _kind(response) == "text/html" else "something"
    return (
        f"{url} answered {response.status_code} with {kind} that is not from a portal. Is the address right? "
        "Does a proxy or a sign-in page of the network stand in between?"
    )


def _why_dead(response: requests.Response, access: Access) -> str:
    """Why, since when, and where it is renewed, as the challenge says (RFC 6750, section 3)."""
    challenge = dict(_ATTRIBUTE.findall(response.headers.get("WWW-Authenticate", "")))
    lines = [clean(challenge.get("error_description", "The access token is not valid")) + "."]
    if "error_uri" in challenge:
        lines.append(f"Renew it: {clean(challenge['error_uri'])}")
    if access.remedy:
        lines.append(f"Then: {access.remedy}")
    return "\n".join(lines)


def _why_not_allowed(response: requests.Response, problem: dict[str, Any]) -> str:
    challenge = dict(_ATTRIBUTE.findall(response.headers.get("WWW-Authenticate", "")))
    scope = challenge.get("scope")
    return clean(problem["detail"]) + (f": {clean(scope)}" if scope else "")


def _why_failed(response: requests.Response, problem: dict[str, Any]) -> str:
    errors = problem.get("errors")
    lines = [_field_error(error) for error in errors] if errors else [problem["detail"]]
    if wait := response.headers.get("Retry-After", ""):
        lines.append(f"Try again in {wait} seconds.")
    return "\n".join(map(clean, lines))


def _field_error(error: dict[str, str]) -> str:
    """`--scope: ...` of the field scopes.3; without a field, what is said alone."""
    field, message = error["field"].partition(".")[0], error["message"]
    option = _OPTIONS.get(field, field).replace("_", "-")
    return f"--{option}: {message}" if option else message
