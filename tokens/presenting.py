"""A token on the wire: how it is presented, and what a refusal says.

Bearer is RFC 6750, Basic is RFC 7617 (git, pip, npm and docker know nothing else), the bodies of
errors are RFC 9457.
"""

import base64
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from enum import Enum, auto
from functools import lru_cache
from http import HTTPStatus
from types import MappingProxyType
from typing import NamedTuple

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from accounts.actor import Caller, caller_of
from tokens.domain import limits
from tokens.domain.lookup import Found
from tokens.domain.verification import Outcome, Verdict
from tokens.networks import CallerAddress, parse_address

REALM = "tokenportal"
# From one address, in so many seconds, before further wrong ones are told to wait.
WRONG_SECRETS = 60
WRONG_SECRETS_WINDOW = 60
# In seconds; what can't be answered now may be asked again after that.
RETRY_AFTER = 5
# Far above any secret of ours; what is longer is not worth decoding.
_MAX_CREDENTIALS = 512
_SECOND_CREDENTIALS = re.compile(r",\s*(bearer|basic)\s", re.IGNORECASE)
# RFC 6749, section 3.3, without the quote and the backslash: safe inside a quoted string.
_SCOPE_TOKEN = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,100}")


class Credentials(Enum):
    """What an Authorization header holds when it holds no secret."""

    NONE = auto()
    TWICE = auto()


class Presented(NamedTuple):
    """One question of a service, whichever way it came in.

    `authorization` and `query` are as received; `method` is that of the request that the service
    wants judged, "" when that is not clear.
    """

    authorization: str
    query: str
    method: str
    address: CallerAddress
    agent: str = ""

    def __repr__(self) -> str:
        """Without what may hold a secret, so that no traceback or log of it shows one."""
        return f"Presented(method={self.method!r}, address={self.address}, agent={self.agent!r})"


class Answer(NamedTuple):
    status: int
    headers: Mapping[str, str] = MappingProxyType({})
    body: bytes = b""


def read_credentials(authorization: str) -> str | Credentials:
    """The secret in an Authorization header; a malformed one is "", which no token has."""
    scheme, _, rest = authorization.strip().partition(" ")
    scheme = scheme.lower()
    known = scheme in ("bearer", "basic")
    if "," in authorization and (known or _SECOND_CREDENTIALS.search(authorization)):
        return Credentials.TWICE
    if not known:
        return Credentials.NONE
    rest = rest.strip()
    if len(rest) > _MAX_CREDENTIALS:
        return ""
    return rest if scheme == "bearer" else _basic_secret(rest)


def _basic_secret(encoded: str) -> str:
    """The password, or the user name where there is no password; beside the secret any bytes may stand."""
    try:
        user, _, password = base64.b64decode(encoded, validate=True).partition(b":")
        return (password or user).decode("ascii")
    except ValueError:
        return ""


def refusal(verdict: Verdict) -> Answer:
    """The answer to a secret that is not good enough (RFC 6750, section 3)."""
    if verdict.outcome in (Outcome.INSUFFICIENT_SCOPE, Outcome.WRONG_NETWORK):
        return _forbidden(verdict)
    attributes = {"error": "invalid_token", "error_description": describe(verdict)}
    if verdict.outcome is Outcome.EXPIRED and verdict.found:
        attributes["error_uri"] = renewal_url(verdict.found)
    return problem(401, "invalid_token", attributes["error_description"], challenge=bearer(attributes))


def counted_refusal(verdict: Verdict, *, address: CallerAddress, now: datetime) -> Answer:
    """`refusal`, and 429 to wrong secrets when too many came from there. Who has a whole right one is always told."""
    if verdict.outcome is Outcome.UNKNOWN:
        key = limits.by_address("wrong-secret", address)
        wait = limits.hit(key, limit=WRONG_SECRETS, window_seconds=WRONG_SECRETS_WINDOW, now=now)
        if wait is not None:
            return problem(429, "too_many_requests", "Too many wrong access tokens came from there.", retry_after=wait)
    return refusal(verdict)


def nothing_presented(*, basic: bool = False) -> Answer:
    """401 with a challenge and no error code; `basic` for clients that answer no other (git, docker)."""
    challenge = f'Basic realm="{REALM}", charset="UTF-8"' if basic else bearer({})
    return problem(401, "unauthenticated", "Present an access token.", challenge=challenge)


def presented_twice() -> Answer:
    detail = "Present one access token, once."
    attributes = {"error": "invalid_request", "error_description": detail}
    return problem(400, "invalid_request", detail, challenge=bearer(attributes))


def describe(verdict: Verdict) -> str:
    """Why a secret is refused. Only the whole right secret earns more than that it is not valid."""
    since = rfc3339(verdict.since) if verdict.since else ""
    code = verdict.found.revoked_code if verdict.found else ""
    return {
        Outcome.REVOKED: f"The access token was revoked at {since} ({code})",
        Outcome.DEACTIVATED: f"The owner of the access token was deactivated at {since}",
        Outcome.REPLACED: f"The access token was replaced at {since}",
        Outcome.EXPIRED: f"The access token expired at {since}",
        Outcome.DISABLED: f"The access token was disabled at {since}",
        Outcome.WRONG_NETWORK: "The access token is not allowed from this address",
        Outcome.INSUFFICIENT_SCOPE: "The access token does not have the permissions that this needs",
    }.get(verdict.outcome, "The access token is not valid")


def bearer(attributes: Mapping[str, str]) -> str:
    """A challenge. No value may hold a text that a person typed."""
    return "Bearer " + ", ".join(f'{name}="{value}"' for name, value in {"realm": REALM, **attributes}.items())


def method_not_allowed(*allowed: str) -> Answer:
    """405, which names those that the address is for (RFC 9110, section 15.5.6)."""
    names = ", ".join(allowed)
    answer = problem(405, "method_not_allowed", f"Use {names} here.")
    return answer._replace(headers={**answer.headers, "Allow": names})


def unavailable(detail: str = "The access token can't be checked now.") -> Answer:
    """503, when the database does not answer: neither yes nor no."""
    return problem(503, "unavailable", detail, retry_after=RETRY_AFTER)


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    challenge: str = "",
    retry_after: int | None = None,
    errors: Sequence[Mapping[str, str]] = (),
    members: Mapping[str, object] | None = None,
) -> Answer:
    """An error as application/problem+json; each of `errors` has a field, a code and a message.

    `members` are further ones of its object.
    """
    body = {
        "type": f"urn:tokenportal:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        **({"errors": list(errors)} if errors else {}),
        **(members or {}),
    }
    headers = {"Content-Type": "application/problem+json", "Cache-Control": "no-store"}
    if challenge:
        headers["WWW-Authenticate"] = challenge
    if retry_after is not None:
        headers["Retry-After"] = str(retry_after)
    return Answer(status, headers, json.dumps(body).encode())


def rfc3339(moment: datetime) -> str:
    """`2026-12-22T10:00:00Z`, to the second."""
    return moment.astimezone(UTC).isoformat()[:19] + "Z"


def renewal_url(found: Found) -> str:
    """The page on which the owner makes a new secret."""
    return f"{settings.BASE_URL}/settings/tokens/{found.token_id}/regenerate/"


def address_of(request: HttpRequest) -> CallerAddress:
    return address_of_caller(caller_of(request))


def address_of_caller(caller: Caller) -> CallerAddress:
    return _address_again(caller.address, caller.certain)


@lru_cache(maxsize=1024)
def _address_again(text: str, certain: bool) -> CallerAddress:
    return CallerAddress(parse_address(text), certain)


def to_response(answer: Answer) -> HttpResponse:
    response = HttpResponse(answer.body, status=answer.status, headers=dict(answer.headers))
    if not answer.body:
        del response["Content-Type"]  # Django's default speaks of HTML
    return response


def _forbidden(verdict: Verdict) -> Answer:
    detail = describe(verdict)
    attributes = {"error": "insufficient_scope", "error_description": detail}
    scope = " ".join(verdict.needed)
    fits = all(_SCOPE_TOKEN.fullmatch(part) for part in verdict.needed) and 0 < len(scope) <= 500
    if verdict.outcome is Outcome.INSUFFICIENT_SCOPE and fits:
        attributes = {"error": "insufficient_scope", "scope": scope}
    return problem(403, "insufficient_scope", detail, challenge=bearer(attributes))
