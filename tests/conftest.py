"""Who takes part in the tests, and which tests are skipped where."""

import os
import shutil
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from unittest import mock

import hypothesis
import pytest
from allauth.account.internal.flows import login
from allauth.account.models import EmailAddress
from django.apps import apps
from django.core.cache import cache
from django.core.handlers.wsgi import WSGIRequest
from django.core.signals import request_finished, request_started
from django.db import DEFAULT_DB_ALIAS, close_old_connections, connection, connections
from django.db.models.signals import post_migrate
from django.http import HttpResponse
from django.test import Client
from django.test.client import ClientHandler
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import User
from tokens.domain import limits, lookup, pending
from tokens.domain.lifecycle import create_token
from tokens.mail.sending import send_notifications
from tokens.models import AccessToken

# What a test client answers with: it knows more than an HttpResponse, by a name of the stubs alone.
if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse

    Response = _MonkeyPatchedWSGIResponse
else:
    Response = HttpResponse

PASSWORD = "correct horse battery staple"

# A busy machine makes an example slow, which says nothing about the code; in CI the examples are the same each time.
hypothesis.settings.register_profile("tests", deadline=None, derandomize="CI" in os.environ)
hypothesis.settings.load_profile("tests")

# The headless shell first: it is the same engine without windows, at a third of the CPU.
_CHROMIUM = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")


# --- What is skipped, and why -----------------------------------------------------------------


def find_chromium() -> str | None:
    """The path of the system's Chromium."""
    return next(filter(None, map(shutil.which, _CHROMIUM)), None)


@pytest.hookimpl(tryfirst=True)  # before -m chooses
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for folder in ("browser", "system"):
            if Path(__file__).parent / folder in item.path.parents:
                item.add_marker(folder)
    if os.environ.get("SOAK") != "1":
        items[:] = [item for item in items if not item.get_closest_marker("soak")]


@pytest.hookimpl(tryfirst=True)  # before fixtures start what isn't there
def pytest_runtest_setup(item: pytest.Item) -> None:
    if reason := _reason_to_skip(item):
        pytest.skip(reason)


def _reason_to_skip(item: pytest.Item) -> str:
    if item.get_closest_marker("browser") and not find_chromium():
        return "needs Chromium (Debian: apt-get install chromium, or chromium-headless-shell)"
    if item.get_closest_marker("postgres") and connection.vendor != "postgresql":
        return "needs PostgreSQL (set DATABASE_URL)"
    if item.get_closest_marker("redis") and not os.environ.get("REDIS_URL"):
        return "needs Redis (set REDIS_URL)"
    named = [program for marker in item.iter_markers("needs") for program in marker.args]
    missing = [program for program in named if not shutil.which(program)]
    return f"needs {', '.join(missing)} on the PATH" if missing else ""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where everything is said to be installed (CI_NO_SKIPS=1), a skip is a failure."""
    report = yield
    if os.environ.get("CI_NO_SKIPS") == "1" and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} may not be skipped here (CI_NO_SKIPS): {report.longrepr}"
    return report


# --- The database -----------------------------------------------------------------------------


@pytest.fixture(scope="session", autouse=True)
def _rows_of_migrations() -> None:
    """A test with real transactions ends by emptying every table: put back what migrations made."""
    first_rows = import_module("tokens.migrations.0002_first_rows")

    def restore(**signal: object) -> None:
        if "plan" not in signal:  # sent by `flush`; `migrate` sends its plan along, and makes the rows itself
            first_rows.make_rows(apps, None)
            cache.clear()  # not the table of a model, so it was not emptied with the others

    post_migrate.connect(restore, sender=apps.get_app_config("tokens"), weak=False)


@pytest.fixture(autouse=True)
def _nothing_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test is refused for what another one did too often."""
    monkeypatch.setattr(limits, "_counts", limits.Counts())


@pytest.fixture(autouse=True)
def _connection_of_the_test() -> None:
    """Verification keeps its thread's connection, and once a browser runs, its event loop gives the thread another."""
    lookup._thread.connection = connections[DEFAULT_DB_ALIAS]


@pytest.fixture(autouse=True)
def _nothing_pending() -> None:
    """What another test's requests left to be written concerns rows that are gone."""
    pending.forget_all()


# --- People and tokens ------------------------------------------------------------------------


class MakeUser(Protocol):
    def __call__(self, email: str = ..., *, confirmed: bool = ..., **fields: Any) -> User: ...


class MakeToken(Protocol):
    def __call__(self, **overrides: Any) -> tuple[AccessToken, str]: ...


ClientOf = Callable[[User], Client]
Deliver = Callable[..., dict[str, int]]


class Ask(Protocol):
    def __call__(
        self, authorization: str = ..., query: str = ..., *, method: str = ..., address: str = ..., **headers: str
    ) -> Response: ...


@pytest.fixture
def now() -> datetime:
    """This very second: pages and services, which read the clock themselves, agree with the domain."""
    return timezone.now().replace(microsecond=0)


@pytest.fixture
def make_user(db: None) -> MakeUser:
    """People whose address is confirmed and whose password is PASSWORD; `fields` are columns."""
    numbers = count(1)

    def make(email: str = "", *, confirmed: bool = True, **fields: Any) -> User:
        user = User.objects.create_user(email or f"person{next(numbers)}@example.com", PASSWORD, **fields)
        EmailAddress.objects.create(user=user, email=user.email, verified=confirmed, primary=True)
        return user

    return make


@pytest.fixture
def alice(make_user: MakeUser) -> User:
    return make_user("alice@example.com", name="Alice")


@pytest.fixture
def bob(make_user: MakeUser) -> User:
    """Somebody else: nothing of alice's is his."""
    return make_user("bob@example.com", name="Bob")


@pytest.fixture
def make_token(alice: User, now: datetime) -> MakeToken:
    """Tokens and their secrets: alice's, with full access for 30 days, unless `overrides` say otherwise.

    What can be overridden are `owner` and the keyword arguments of `create_token`.
    """
    numbers = count(1)

    def make(**overrides: Any) -> tuple[AccessToken, str]:
        owner = overrides.pop("owner", alice)
        made_at = overrides.get("now", now)
        given = {
            "name": f"token {next(numbers)}",
            "scopes": ["full"],
            "expires_at": made_at + timedelta(days=30),
            "by": Actor(owner, "web"),
            "now": made_at,
        }
        return create_token(owner, **given | overrides)

    return make


@pytest.fixture
def client_of() -> ClientOf:
    """A browser, without JavaScript, in which that person signed in a moment ago."""

    def sign_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        session = client.session
        # As allauth notes a sign-in by password: it counts as a fresh check of who it is.
        checked = {"method": "password", "at": time.time(), "email": user.email}
        session[login.AUTHENTICATION_METHODS_SESSION_KEY] = [checked]
        session[login._AUTHENTICATION_METHODS_USER_SESSION_KEY] = str(user.pk)
        session.save()
        return client

    return sign_in


@pytest.fixture
def deliver(db: None) -> Deliver:
    """One sweep of the sender, which sees one moment, by default this one; gives what it counted."""

    def sweep(at: datetime | None = None) -> dict[str, int]:
        moment = at or timezone.now()
        counts: dict[str, int] = send_notifications(clock=lambda: moment).counts
        return counts

    return sweep


class MountedClient(Client):
    """A client of what the web server runs, which answers the questions of services before Django's stack."""

    def __init__(self, **defaults: Any) -> None:
        super().__init__(**defaults)
        self.handler = ServerHandler()


class ServerHandler(ClientHandler):
    def __call__(self, environ: dict[str, Any]) -> Any:
        return _handle_as_the_server_does(environ)


def _handle_as_the_server_does(environ: dict[str, Any]) -> HttpResponse:
    from tokenportal.wsgi import verifying  # it puts Django together, which the tests do by themselves

    start_response = mock.Mock()
    with _connections_stay():
        body = b"".join(verifying(environ, start_response))
    status, headers = start_response.call_args.args[:2]
    response = HttpResponse(body, status=int(status[:3]), headers={"Content-Type": "", **dict(headers)})
    if not response["Content-Type"]:
        del response["Content-Type"]  # Django's default
    response.wsgi_request = WSGIRequest(environ)  # type: ignore[attr-defined]  # for the client
    return response


@contextmanager
def _connections_stay() -> Iterator[None]:
    """As Django's own test client sees to it: they are in the test's transaction."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    try:
        yield
    finally:
        for signal in signals:
            signal.connect(close_old_connections)


ServiceClient = type[Client]


@pytest.fixture(params=[Client, MountedClient], ids=["view", "mount"])
def service_client(request: pytest.FixtureRequest) -> ServiceClient:
    """A client that reaches verification through Django's view, and one that does so before Django's stack."""
    chosen: ServiceClient = request.param
    return chosen


@pytest.fixture
def ask(db: None, service_client: ServiceClient) -> Ask:
    """Ask /auth/verify as a service does; `x_forwarded_method="POST"` becomes the header of that name."""

    def ask_mount(
        authorization: str = "", query: str = "", *, method: str = "GET", address: str = "127.0.0.1", **headers: str
    ) -> Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if authorization:
            named["authorization"] = authorization
        path = f"/auth/verify?{query}" if query else "/auth/verify"
        return service_client(REMOTE_ADDR=address).generic(method, path, headers=named)

    return ask_mount
