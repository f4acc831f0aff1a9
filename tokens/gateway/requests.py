"""What services and programs send: a body of bounded length, and no more of themselves than where they call from."""

from django.http import HttpRequest

from accounts.actor import Actor, caller_of
from tokens.bodies import MAX_BODY


def read_body(request: HttpRequest) -> bytes | None:
    """The body, None when it is longer than is taken; then the rest is not even read."""
    body: bytes = request.read(MAX_BODY + 1)
    return body if len(body) <= MAX_BODY else None


def service_actor(request: HttpRequest) -> Actor:
    """Whoever acts by a secret in a body."""
    caller = caller_of(request)
    return Actor(None, "service", caller.address, caller.agent, request_id=caller.request_id)
