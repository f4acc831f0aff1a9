"""Who calls the API: the token in the Authorization header, and nobody's session."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from accounts.actor import caller_of
from tokens.domain.lookup import Found
from tokens.domain.verification import Outcome, verify
from tokens.presenting import (
    Answer,
    Credentials,
    address_of,
    counted_refusal,
    nothing_presented,
    presented_twice,
    read_credentials,
    rfc3339,
    to_response,
)


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


def answer_refused(_request: HttpRequest, refused: Any) -> HttpResponse:
    return to_response(refused.answer)
