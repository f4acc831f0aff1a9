"""Token introspection for services (RFC 7662)."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from accounts.actor import caller_of
from tokens import scopes
from tokens.domain.lookup import Found
from tokens.domain.resources import registered_scopes
from tokens.domain.verification import Outcome, Verdict, verify
from tokens.gateway.oauth import Form, InvalidRequest, as_json, at_most_one, error, form_view, one, safely
from tokens.networks import CallerAddress, parse_address
from tokens.presenting import (
    Answer,
    Credentials,
    Presented,
    address_of,
    counted_refusal,
    describe,
    nothing_presented,
    read_credentials,
    refusal,
)

INACTIVE = as_json({"active": False})


@safely
def answer(presented: Presented, form: Form, now: datetime) -> Answer:
    """What is to be known of the token in the form, for a caller whose own token has the scope `introspect`."""
    refused = _refuse_caller(presented, form, now)
    if refused:
        return refused
    asked = CallerAddress(parse_address(at_most_one(form, "client_ip")))
    verdict = verify(one(form, "token"), needed=(), address=asked, now=now)
    if verdict.outcome is not Outcome.GOOD or verdict.found is None:
        return INACTIVE
    return as_json(_described(verdict.found))


def _described(found: Found) -> dict[str, Any]:
    """The members of RFC 7662, section 2.2; times are those of the very secret."""
    return {
        "active": True,
        "scope": " ".join([scopes.FULL, *registered_scopes()]) if found.scopes == scopes.FULL else found.scopes,
        "sub": str(found.owner_id),
        "username": found.owner_email,
        "token_type": "Bearer",
        "exp": int(found.ends_at.timestamp()),
        "iat": int(found.created_at.timestamp()),
        "nbf": int(found.created_at.timestamp()),
        "iss": settings.BASE_URL,
        "jti": str(found.token_id),
    }


def _refuse_caller(presented: Presented, form: Form, now: datetime) -> Answer | None:
    """Why whoever asks may not, None if they may. They present a token of their own, in one of three ways."""
    credentials, posted = read_credentials(presented.authorization), at_most_one(form, "client_secret")
    if credentials is Credentials.NONE and not posted:
        return _as_oauth(nothing_presented(), "invalid_client", "Present an access token.")
    if credentials is Credentials.TWICE or (credentials is not Credentials.NONE and posted):
        raise InvalidRequest("Present one access token, once.")
    secret = credentials if isinstance(credentials, str) else posted
    verdict = verify(secret, needed=[scopes.INTROSPECT], address=presented.address, agent=presented.agent, now=now)
    if verdict.outcome is Outcome.GOOD:
        return None
    # Wrong secrets in bodies are not counted.
    refused = refusal(verdict) if posted else counted_refusal(verdict, address=presented.address, now=now)
    return _refused(refused, verdict, presented)


def _refused(answer: Answer, verdict: Verdict, presented: Presented) -> Answer:
    if answer.status == 429:
        return _as_oauth(answer, "too_many_requests", "Too many wrong access tokens came from there.")
    if answer.status == 403:
        return _as_oauth(answer, "insufficient_scope", describe(verdict))
    scheme = presented.authorization.strip().partition(" ")[0].lower()
    if scheme == "bearer":
        return _as_oauth(answer, "invalid_token", describe(verdict))
    # To a client of Basic a challenge in its own words (RFC 6749, section 5.2).
    challenge = nothing_presented(basic=True) if scheme == "basic" else answer
    return _as_oauth(challenge, "invalid_client", describe(verdict))


def _as_oauth(answer: Answer, code: str, description: str) -> Answer:
    """The same status and challenge, with a body as OAuth clients read it."""
    kept = {name: answer.headers[name] for name in ("WWW-Authenticate", "Retry-After") if name in answer.headers}
    return error(answer.status, code, description, kept)


def presented_by(request: HttpRequest) -> Presented:
    """The credentials of a request that asks about somebody else's token."""
    return Presented(
        authorization=request.META.get("HTTP_AUTHORIZATION", ""),
        query="",
        method="",
        address=address_of(request),
        agent=caller_of(request).agent,
    )


def respond(request: HttpRequest, form: Form) -> Answer:
    return answer(presented_by(request), form, timezone.now())


oauth_introspect = form_view(respond)
