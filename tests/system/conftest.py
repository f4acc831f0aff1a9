"""Portals for the tests: each gets a copy of one that has the demo in it."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from itertools import count
from pathlib import Path

import pytest

from tests.system.portal import PRODUCTION, Portal
from tests.system.processes import search_path
from tests.system.servers import database, redis_database

NewPortal = Callable[..., Portal]
OpenPortal = Callable[..., AbstractContextManager[Portal]]

os.environ["PATH"] = search_path()  # nginx is not on everybody's

# Where PostgreSQL is to be had, the portals stand on it.
_SERVER = os.environ.get("DATABASE_URL", "")
_numbers = count(1)


def _name() -> str:
    return f"tokenportal_system_{os.getpid()}_{next(_numbers)}"


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """The data folder of a portal with the demo in it, and its database if that is on a server."""
    with ExitStack() as stack:
        name = _name() if _SERVER else ""
        url = stack.enter_context(database(_SERVER, name)) if name else ""
        portal = Portal(tmp_path_factory.mktemp("demo"), DATABASE_URL=url)
        portal.manage("migrate", "--verbosity", "0")
        portal.manage("seeddemo")
        yield portal.data, name


@pytest.fixture(scope="session")
def open_portal(demo: tuple[Path, str], tmp_path_factory: pytest.TempPathFactory) -> OpenPortal:
    """A portal with the demo in it, for a while; `settings` are variables of the environment."""
    data, template = demo

    @contextmanager
    def opened(**settings: str) -> Iterator[Portal]:
        with ExitStack() as stack:
            if template:
                settings["DATABASE_URL"] = stack.enter_context(database(_SERVER, _name(), template=template))
            folder = tmp_path_factory.mktemp("portal")
            shutil.copytree(data, folder / "data")
            portal = Portal(folder, **settings)
            stack.callback(portal.end)
            yield portal

    return opened


@pytest.fixture(scope="module")
def portal(open_portal: OpenPortal) -> Iterator[Portal]:
    """One that answers as in production, for all the tests of a file."""
    with open_portal(**PRODUCTION) as opened:
        opened.start_web()
        yield opened


@pytest.fixture
def new_portal(open_portal: OpenPortal) -> Iterator[NewPortal]:
    """Portals that end with the test."""
    with ExitStack() as stack:
        yield lambda **settings: stack.enter_context(open_portal(**settings))


@pytest.fixture
def redis_url() -> Iterator[str]:
    """A Redis database of its own; for tests that are marked `redis`."""
    with redis_database(os.environ["REDIS_URL"]) as url:
        yield url
