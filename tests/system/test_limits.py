"""Wrong secrets at two servers that share a Redis, and when that goes away."""

from urllib.parse import urlsplit

import pytest

from tests.system.conftest import NewPortal
from tests.system.portal import PRODUCTION, Portal
from tests.system.processes import accepts, free_port, procfile_command
from tests.system.servers import Line
from tests.system.visitor import ask
from tokens.presenting import WRONG_SECRETS


def start_second_server(portal: Portal) -> str:
    """Another server of the same portal; returns its address."""
    port = free_port()
    portal.start(procfile_command("web", portal.environment | {"PORT": str(port)}), "second")
    portal.wait_for(lambda: accepts(port), what="the second server")
    return f"http://localhost:{port}"


def status(url: str, secret: str) -> int:
    return ask(f"{url}/auth/verify", token=secret).status


def counts_at_the_other(flooded: str, other: str) -> bool:
    for _ in range(WRONG_SECRETS):
        status(flooded, "wrong")
    return status(other, "wrong") == 403


@pytest.mark.redis
def test_wrong_secrets_at_two_servers_are_counted_together_and_without_redis_nobody_is_kept_out(
    new_portal: NewPortal, redis_url: str
) -> None:
    parts = urlsplit(redis_url)
    line = Line(parts.hostname or "localhost", parts.port or 6379)
    portal = new_portal(**PRODUCTION, REDIS_URL=parts._replace(netloc=f"127.0.0.1:{line.port}").geturl())
    portal.start_web()
    first, second = portal.url, start_second_server(portal)
    good = portal.make_token("good", scopes=["full"]).secret
    # The second time only if a minute began in the midst of the first.
    assert counts_at_the_other(first, second) or counts_at_the_other(first, second)
    assert status(second, good) == 204
    line.cut()
    assert {status(url, "wrong") for url in (first, second) for _ in range(3)} <= {401, 403}
    assert [status(first, good), status(second, good)] == [204, 204]
    line.close()
