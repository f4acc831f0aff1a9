"""What the tests of tokens share."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from django.db.backends.base.base import BaseDatabaseWrapper

from accounts.actor import COMMAND, Actor
from accounts.models import AuditEvent, User
from tests.conftest import MakeToken
from tokens.domain import lookup, pending
from tokens.domain.lifecycle import regenerate_token
from tokens.domain.lookup import Found, find
from tokens.domain.resources import register_resource
from tokens.domain.verification import Outcome, verify
from tokens.models import AccessToken, Policy
from tokens.networks import CallerAddress, parse_address

# The format's known example: well formed, and nobody's.
NOBODYS_SECRET = "tp_Q7rkabcdefghijklmnopqrstuvwxyz012345mZ0c0APijx"

SetPolicy = Callable[..., Policy]
Judge = Callable[..., Outcome]
# A token, its old secret, which lives on for a week, and its new one.
Rotated = tuple[AccessToken, str, str]


def in_chunks(body: bytes, **others: Any) -> dict[str, Any]:
    """What a WSGI environment says of a body of unknown length, with a server that ends it."""
    said = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True, "wsgi.input": BytesIO(body)}
    return said | others


@pytest.fixture
def web(alice: User) -> Actor:
    """Alice at the web pages."""
    return Actor(alice, "web", address="203.0.113.7", agent="Firefox", request_id="r-1")


@pytest.fixture
def admin(make_user: Callable[..., User]) -> Actor:
    """An administrator at the console."""
    return Actor(make_user("root@example.com", is_staff=True, is_superuser=True), "web")


@pytest.fixture
def resources(db: None, now: datetime) -> list[str]:
    """Two services that tokens can be given access to, beside the portal's own API."""
    names = ["deployments", "registry"]
    for name in names:
        register_resource(name, title=name.capitalize(), by=COMMAND, now=now)
    return names


@pytest.fixture
def set_policy(db: None) -> SetPolicy:
    """Change columns of the policy, as the console will."""

    def change(**columns: object) -> Policy:
        Policy.objects.filter(pk=1).update(**columns)
        return Policy.current()

    return change


@pytest.fixture
def rotated(make_token: MakeToken, web: Actor, now: datetime, set_policy: SetPolicy) -> Rotated:
    set_policy(overlap_allowed=True)
    token, old = make_token(name="ci")
    week = timedelta(days=7)
    return token, old, regenerate_token(token, expires_at=now + 4 * week, overlap=week, by=web, now=now)[1]


@pytest.fixture
def rotated_and_used(rotated: Rotated, now: datetime) -> Rotated:
    """The old secret was used an hour ago from 198.51.100.1, the new one now from 198.51.100.2."""
    _, old, new = rotated
    for secret, at, last in ((old, now - timedelta(hours=1), "198.51.100.1"), (new, now, "198.51.100.2")):
        verify(secret, needed=(), address=CallerAddress(parse_address(last)), agent="curl/8.5.0", now=at)
        pending.flush_all()
    return rotated


@pytest.fixture
def judge(db: None, now: datetime) -> Judge:
    """What verification says of a secret that any scope would do for."""

    def say(secret: str, *needed: str, address: str = "203.0.113.7", at: datetime = now) -> Outcome:
        return verify(secret, needed=needed, address=CallerAddress(parse_address(address)), now=at).outcome

    return say


@pytest.fixture
def selects(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """An entry for each SELECT of verification, which no counter of Django's sees."""
    seen: list[int] = []
    select = lookup._select

    def counted(connection: BaseDatabaseWrapper, candidates: Sequence[bytes]) -> Found | None:
        seen.append(len(candidates))
        return select(connection, candidates)

    monkeypatch.setattr(lookup, "_select", counted)
    return seen


def by_token(token: AccessToken) -> Actor:
    """Its owner, who calls the API by the secret that is current now."""
    return Actor(token.owner, "api", token_id=token.pk, secret_id=token.current_secret.pk)


def events(token: AccessToken) -> list[str]:
    """The kinds of a token's audit events, oldest first."""
    rows = AuditEvent.objects.filter(subject_type="token", subject_id=token.pk)
    return list(rows.order_by("pk").values_list("kind", flat=True))


def last_event(kind: str) -> AuditEvent:
    return AuditEvent.objects.filter(kind=kind).latest("pk")


def secret_id(secret: str) -> int:
    """The row of a secret."""
    found = find(secret)
    assert found is not None
    return found.secret_id
