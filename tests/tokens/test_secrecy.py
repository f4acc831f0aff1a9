"""A secret is in the one answer that shows it, and nowhere else."""

import base64
import io
import logging
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.actor import Actor
from accounts.models import User
from tests.conftest import Ask, ClientOf, MakeToken
from tests.tokens.conftest import NOBODYS_SECRET, SetPolicy
from tokens.domain import lifecycle, secret_rows
from tokens.domain.lifecycle import create_token, regenerate_token
from tokens.models import AccessToken
from tokens.secret_format import find_secrets

Logged = Callable[[], str]

NEW = "/settings/tokens/new/"
LONG_RUN = re.compile(r"[0-9A-Za-z+/]{40,}")


def disguises(secret: str) -> Iterator[str]:
    """The random part as it is, in hexadecimal, and in base64 wherever it starts in a group of three."""
    random = secret[3:43].encode()
    yield random.decode()
    yield random.hex()
    for skipped in range(3):
        yield base64.b64encode(random[skipped:39]).decode().rstrip("=")[:-1]


def leaked(secrets: Iterable[str], text: str) -> set[str]:
    """Those of the secrets that stand in `text`, in whatever disguise."""
    runs = "\n".join(LONG_RUN.findall(text))
    return {secret for secret in secrets if any(disguise in runs for disguise in disguises(secret))}


def as_text(value: object) -> str:
    if isinstance(value, bytes | memoryview):
        return bytes(value).decode("latin-1")
    return str(value)


def whole_database() -> str:
    """Every value of every table; what sessions and cache encode is decoded too."""
    values: list[Any] = [session.get_decoded() for session in Session.objects.all()]
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608  # a name of our own
            values += [value for row in cursor.fetchall() for value in row]
        cursor.execute("SELECT value FROM cache")
        values += [base64.b64decode(value) for (value,) in cursor.fetchall()]
    return "\n".join(map(as_text, values))


def new_token(client: Client, **typed: str) -> Any:
    fields = {"name": "ci", "expires_in": "30", "scopes": "full", "form_key": typed.get("name", "k")}
    return client.post(NEW, fields | typed)


@pytest.fixture
def browser(alice: User, client_of: ClientOf) -> Client:
    """Alice's."""
    return client_of(alice)


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> Logged:
    """What our loggers and Django's are told, and what is written of all that any logger is told."""
    written = io.StringIO()
    for handler in logging.getLogger().handlers:
        if type(handler) is logging.StreamHandler:
            monkeypatch.setattr(handler, "stream", written)
    # As an operator may do who looks for a fault: then Django logs whole contexts of templates.
    caplog.set_level(logging.DEBUG)

    def both() -> str:
        told = (record for record in caplog.records if record.name != "django.template")
        return written.getvalue() + "".join(f"{record.getMessage()} {record.__dict__}\n" for record in told)

    return both


def test_search_finds_a_secret_wherever_it_is_put(make_token: MakeToken, browser: Client) -> None:
    token, secret = make_token()
    assert not leaked([secret], whole_database())
    session = browser.session
    session["kept"] = f"x{secret}"
    session.save()
    assert leaked([secret], whole_database())
    Session.objects.all().delete()
    cache.set("kept", {"deep": [secret.encode()]})
    assert leaked([secret], whole_database())
    cache.clear()
    AccessToken.objects.filter(pk=token.pk).update(description=base64.b64encode(f"ab{secret}".encode()).decode())
    assert leaked([secret], whole_database())


def minted_by_the_domain(owner: User, now: datetime) -> Iterator[str]:
    """980 secrets, of which 80 by regenerating."""
    by, end = Actor(owner, "web"), now + timedelta(days=3)
    for number in range(900):
        name = f"token {number}"
        token, secret = create_token(owner, name=name, scopes=["full"], expires_at=end, by=by, now=now)
        yield secret
        if number < 80:
            yield regenerate_token(token, expires_at=end, by=by, now=now)[1]


def minted_by_the_page(client: Client) -> Iterator[str]:
    for number in range(20):
        answer = new_token(client, name=f"page {number}").content.decode()
        yield from {secret for _, secret in find_secrets(answer, ("tp_",))}


def whole_site(client: Client) -> str:
    """What the owner's pages show afterwards."""
    last = AccessToken.objects.latest("pk")
    pages = ["/settings/activity/", *(f"/settings/tokens/{path}" for path in ("", "?page=2", "new/", f"{last.pk}/"))]
    return "".join(client.get(page).content.decode() for page in pages)


def test_a_thousand_secrets_are_nowhere_but_in_their_answers(
    alice: User, now: datetime, browser: Client, set_policy: SetPolicy, logged: Logged
) -> None:
    set_policy(tokens_per_owner=5000)
    secrets = {*minted_by_the_domain(alice, now), *minted_by_the_page(browser)}
    assert len(secrets) == 1000
    for secret in sorted(secrets)[::50]:
        browser.get("/auth/verify", headers={"authorization": f"Bearer {secret}"})
    assert not leaked(secrets, whole_database())
    assert not leaked(secrets, whole_site(browser))
    assert not leaked(secrets, "".join(message.message().as_string() for message in mail.outbox))
    assert not leaked(secrets, logged())


def test_answer_with_a_secret_is_kept_by_nobody(browser: Client) -> None:
    response = new_token(browser)
    assert (response.status_code, response["Cache-Control"]) == (200, "no-store")
    (secret,) = {secret for _, secret in find_secrets(response.content.decode(), ("tp_",))}
    assert not leaked([secret], str(response.headers) + str(response.cookies))


def test_answer_to_a_repeat_has_no_secret(browser: Client) -> None:
    new_token(browser, form_key="k")
    repeat = new_token(browser, form_key="k", name="other")
    assert repeat.status_code == 409
    assert not list(find_secrets(repeat.content.decode(), ("tp_",)))


@pytest.mark.parametrize("debug", [False, True])
def test_failure_after_the_secret_was_made_shows_and_logs_none(
    browser: Client, logged: Logged, monkeypatch: pytest.MonkeyPatch, debug: bool
) -> None:
    monkeypatch.setattr(settings, "DEBUG", debug)
    monkeypatch.setattr(secret_rows, "make_secret", lambda _prefix: NOBODYS_SECRET)
    monkeypatch.setattr(lifecycle, "record", lambda *_args, **_kwargs: 1 / 0)
    browser.raise_request_exception = False
    response = new_token(browser)
    assert response.status_code == 500
    assert "ZeroDivisionError" in logged()
    assert not leaked([NOBODYS_SECRET], response.content.decode() + logged() + whole_database())


def test_statements_of_the_database_carry_no_secret(make_token: MakeToken, ask: Ask) -> None:
    with CaptureQueriesContext(connection) as queries:
        _, secret = make_token()
        ask(f"Bearer {secret}")
    assert len(queries) > 5
    assert not leaked([secret], str(queries.captured_queries))


def test_secret_typed_into_fields_is_kept_nowhere(browser: Client, logged: Logged) -> None:
    fields = ("name", "description", "allowed_networks", "scopes", "expires_in", "form_key")
    for field in fields:
        response = new_token(browser, **{field: NOBODYS_SECRET})
        assert (response.status_code, leaked([NOBODYS_SECRET], response.content.decode())) == (422, set()), field
    browser.get("/settings/tokens/", {"q": NOBODYS_SECRET})
    assert not leaked([NOBODYS_SECRET], whole_database() + logged())
