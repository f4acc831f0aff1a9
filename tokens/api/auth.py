"""Who calls the API: the token in the Authorization header, and nobody's session."""

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from accounts.actor import Actor, caller_of
from accounts.models import User
from tokens.domain import limits
from tokens.domain.lookup import Found
from tokens.domain.verification import Outcome, verify
from tokens.presenting import (
    Answer,
    Credentials,
    address_of,
    counted_refusal,
    nothing_presented,
    presented_twice,
    problem,
    read_credentials,
    rfc3339,
)

LIMIT_SECONDS = 60


class ApiRequest(HttpRequest):
    """For the type checker: what TokenAuth and the framework set."""

    auth: Found
    token_expires_at: str


class RefusedCredentials(Exception):
    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        super().__init__(answer.status)


class TokenAuth:
    """A ninja authentication; `request.auth` is the row of the presented secret."""

    def __init__(self, *needed: str) -> None:
        self.needed = needed

    def __call__(self, request: HttpRequest) -> Found:
        found = self._found(request)
        request.token_expires_at = rfc3339(found.ends_at)  # type: ignore[attr-defined]  # for the header
        _refuse_too_many(found)
        return found

    def _found(self, request: HttpRequest) -> Found:
        credentials = read_credentials(request.META.get("HTTP_AUTHORIZATION", ""))
        if credentials is Credentials.NONE:
            raise RefusedCredentials(nothing_presented())
        if not isinstance(credentials, str):
            raise RefusedCredentials(presented_twice())
        address, now = address_of(request), timezone.now()
        agent = caller_of(request).agent
        verdict = verify(credentials, needed=self.needed, address=address, agent=agent, now=now)
        if verdict.outcome is not Outcome.GOOD or verdict.found is None:
            raise RefusedCredentials(counted_refusal(verdict, address=address, now=now))
        return verdict.found


def actor_by_token(request: ApiRequest) -> Actor:
    """The owner, who acts by the token that was presented."""
    caller, found = caller_of(request), request.auth
    owner = User.objects.get(pk=found.owner_id)
    return Actor(owner, "api", caller.address, caller.agent, found.token_id, caller.request_id, found.secret_id)


def _refuse_too_many(found: Found) -> None:
    key, most = f"api:{found.token_id}", settings.API_CALLS_PER_MINUTE
    wait = limits.hit(key, limit=most, window_seconds=LIMIT_SECONDS, now=timezone.now())
    if wait is not None:
        detail = f"One token may make {most} calls a minute here."
        raise RefusedCredentials(problem(429, "too_many_requests", detail, retry_after=wait))
