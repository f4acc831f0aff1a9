"""Forward authentication: is this token good for this request? (nginx, Caddy, Traefik)"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import parse_qs, quote

import structlog
from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from accounts.actor import Caller, caller_of
from tokens import scopes
from tokens.domain.lookup import Found
from tokens.domain.verification import Outcome, verify
from tokens.presenting import (
    Answer,
    Credentials,
    Presented,
    address_of_caller,
    counted_refusal,
    nothing_presented,
    presented_twice,
    problem,
    read_credentials,
    rfc3339,
    to_response,
    unavailable,
)

log = structlog.get_logger(__name__)

_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_MAX_QUERY_FIELDS = 50
_SHORT_QUERY = 200
_OUTER_SPACES = re.compile(r"^ +| +\Z")
# Every visible ASCII character but the percent sign, and the space.
_HEADER_SAFE = "".join(chr(code) for code in range(0x20, 0x7F) if chr(code) != "%")


def answer(presented: Presented, now: datetime) -> Answer:
    """204 with who it is, 401 or 403: nginx passes on nothing else, so other refusals travel as 403.

    503 when it can't be judged: neither yes nor no.
    """
    try:
        result = _judge(presented, now)
    except DatabaseError:
        log.exception("token not judged")
        return unavailable()
    if result.status in (204, 401, 403):
        return result
    return Answer(403, {**result.headers, "X-Error-Status": str(result.status)}, result.body)


def _judge(presented: Presented, now: datetime) -> Answer:
    try:
        asked = read_query(presented.query, presented.method)
    except ValueError:
        return problem(400, "invalid_request", "The query has too many fields.")
    credentials = read_credentials(presented.authorization)
    if credentials is Credentials.NONE:
        return nothing_presented(basic=asked.basic)
    if not isinstance(credentials, str):
        return presented_twice()
    verdict = verify(credentials, needed=asked.needed, address=presented.address, agent=presented.agent, now=now)
    if verdict.outcome is Outcome.GOOD and verdict.found:
        return identity(verdict.found)
    return counted_refusal(verdict, address=presented.address, now=now)


class Asked(NamedTuple):
    """What a query asks: scopes that are all needed (none: any will do), and a challenge for clients of Basic."""

    needed: tuple[str, ...]
    basic: bool


def read_query(text: str, method: str) -> Asked:
    """Raises ValueError. Proxies send few different ones, and those are short."""
    read = _read_again if len(text) + len(method) <= _SHORT_QUERY else _read
    return read(text, method)


def _read(text: str, method: str) -> Asked:
    query = parse_qs(text, keep_blank_values=True, max_num_fields=_MAX_QUERY_FIELDS)
    return Asked(tuple(_needed_scopes(query, method)), basic="basic" in query.get("challenge", ()))


_read_again = lru_cache(maxsize=256)(_read)


def _needed_scopes(query: Mapping[str, Sequence[str]], method: str) -> list[str]:
    """The scopes that the query asks for.

    A query that says nothing asks for full access, so that a token made for one service opens no
    other. An empty `scope=` is taken at its word: only full access holds it.
    """
    needed = [scope for value in query.get("scope", ()) for scope in value.split() or [""]]
    action = "read" if method in _READING else "write"
    needed += [f"{resource}:{action}" for resource in query.get("resource", ())]
    if not needed and query.get("any") != ["1"]:
        return [scopes.FULL]
    return needed


def identity(found: Found) -> Answer:
    """All six headers, always: a proxy may let a client's own through where one is missing."""
    headers = {
        "X-Auth-User-Id": str(found.owner_id),
        "X-Auth-User-Email": header_safe(found.owner_email),
        "X-Auth-Token-Id": str(found.token_id),
        "X-Auth-Token-Name": header_safe(found.token_name),
        "X-Auth-Scopes": header_safe(found.scopes),
        "X-Auth-Expires-At": rfc3339(found.ends_at),
        "Cache-Control": "no-store",
    }
    return Answer(204, headers)


def header_safe(text: str) -> str:
    """Visible ASCII and spaces between it as they are, every other byte of the UTF-8 and `%` percent-encoded."""
    if text.isascii() and text.isprintable() and "%" not in text and text == text.strip():
        return text  # nearly every value, and quoting is slow
    return _OUTER_SPACES.sub(lambda spaces: "%20" * len(spaces[0]), quote(text, safe=_HEADER_SAFE))


def presented_by(environ: Mapping[str, str], caller: Caller) -> Presented:
    """The question in a WSGI environment."""
    return Presented(
        authorization=environ.get("HTTP_AUTHORIZATION", ""),
        query=environ.get("QUERY_STRING", ""),
        method=forwarded_method(environ),
        address=address_of_caller(caller),
        agent=caller.agent,
    )


def forwarded_method(environ: Mapping[str, str]) -> str:
    """The method of the request that the proxy holds, "" unless exactly one is named.

    A server joins a repeated header by a comma, which is then no method that reads.
    """
    forwarded, original = environ.get("HTTP_X_FORWARDED_METHOD", ""), environ.get("HTTP_X_ORIGINAL_METHOD", "")
    if forwarded and original and forwarded != original:
        return ""
    return forwarded or original


@csrf_exempt
def auth_verify(request: HttpRequest) -> HttpResponse:
    """The ordinary view; every method, no cookie, no session, no body."""
    return to_response(answer(presented_by(request.META, caller_of(request)), datetime.now(UTC)))
