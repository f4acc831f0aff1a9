"""Who does something, from where, and by which way."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from django.http import HttpRequest

if TYPE_CHECKING:
    from accounts.models import User

Channel = Literal["web", "api", "command", "job", "service"]


class Caller(NamedTuple):
    """The technical side of a request.

    `address` is "" when the server was not told. It is not `certain` when a proxy that nobody
    declared stands in between; then it is that proxy's. `from_proxy` says that a declared one sent it.
    """

    address: str
    certain: bool
    agent: str
    request_id: str
    from_proxy: bool = False


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. `user` is None for the system itself.

    `token_id` is the token that was presented, and `secret_id` that one of its secrets.
    """

    user: "User | None"
    channel: Channel
    address: str = ""
    agent: str = ""
    token_id: int | None = None
    request_id: str = ""
    secret_id: int | None = None


def caller_of(request: HttpRequest) -> Caller:
    """What the first middleware found out about where `request` came from."""
    caller = request.caller  # type: ignore[attr-defined]  # set on every request by the first middleware
    assert isinstance(caller, Caller)
    return caller


def actor_of(request: HttpRequest) -> Actor:
    """The signed-in person behind a request of the web pages."""
    from accounts.models import User  # the model needs the audit event, and that the actor

    caller = caller_of(request)
    user = request.user if isinstance(request.user, User) else None
    return Actor(user, "web", caller.address, caller.agent, request_id=caller.request_id)


SYSTEM = Actor(None, "job")
COMMAND = Actor(None, "command")
