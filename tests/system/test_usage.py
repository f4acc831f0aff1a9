"""The last use of a token under the web server, and its access log: written soon, and at its end."""

import pytest

from tests.system.conftest import NewPortal
from tests.system.portal import PRODUCTION, Portal, Token
from tests.system.visitor import ask


@pytest.fixture
def portal(new_portal: NewPortal) -> Portal:
    return new_portal()


def verify(portal: Portal, token: Token, agent: str = "the-service/1") -> int:
    return ask(f"{portal.url}/auth/verify", headers={"User-Agent": agent}, token=token.secret).status


def last_use(portal: Portal, token: Token) -> list[str]:
    """Address and agent; empty texts before the first."""
    use: list[str] = portal.act("last_use", token_id=token.id)
    return use


def test_last_use_while_the_server_runs_is_written_and_shown(portal: Portal) -> None:
    portal.start_web()
    token = portal.make_token("busy")
    assert verify(portal, token) == 204
    portal.wait_for(lambda: last_use(portal, token) == ["127.0.0.1", "the-service/1"], what="the last use")
    assert "from 127.0.0.1" in portal.ada().get(f"/settings/tokens/{token.id}/").text


def test_last_use_when_the_server_is_stopped_at_once_is_written(portal: Portal) -> None:
    web, token = portal.start_web(), portal.make_token("busy")
    assert verify(portal, token, "first") == 204
    portal.wait_for(lambda: last_use(portal, token)[1:] == ["first"], what="the first use")
    assert verify(portal, token, "last") == 204  # the next flush is most of a second away
    assert web.stop() == 0
    assert last_use(portal, token) == ["127.0.0.1", "last"]


def test_access_log_when_the_server_is_stopped_at_once_has_every_line(new_portal: NewPortal) -> None:
    portal = new_portal(**PRODUCTION)
    web, token = portal.start_web(), portal.make_token("busy")
    for _ in range(3):
        assert verify(portal, token) == 204
    assert web.stop() == 0
    assert web.said.count('"route": "auth/verify", "status": 204') == 3
