"""deploy/nginx.conf in a real nginx, between a client and a service, with a real portal to ask."""

import re
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.system.conftest import OpenPortal
from tests.system.nginx import Gate, reached_service, start_nginx
from tests.system.portal import PRODUCTION
from tests.system.processes import ROOT, free_port
from tests.system.servers import echo_service
from tests.system.visitor import ask

pytestmark = pytest.mark.needs("nginx")


@pytest.fixture(scope="module")
def gate(open_portal: OpenPortal, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    with ExitStack() as stack:
        portal = stack.enter_context(open_portal(**PRODUCTION, TRUSTED_PROXIES="127.0.0.1/32"))
        portal.start_web()
        service, port = stack.enter_context(echo_service()), free_port()
        text = (ROOT / "deploy" / "nginx.conf").read_text()
        for there, here in (
            ("listen 8080", f"listen 127.0.0.1:{port}"),
            (":8000", f":{portal.port}"),
            (":9000", f":{service}"),
        ):
            assert there in text
            text = text.replace(there, here)
        yield start_nginx(portal, tmp_path_factory.mktemp("nginx"), text, port)


def test_request_with_a_good_token_reaches_the_service_with_who_it_is(gate: Gate) -> None:
    token = gate.portal.make_token("näme", scopes=["deployments:read"])
    headers = reached_service(gate.ask(token.secret))
    assert headers["x-auth-user-email"] == ["ada@example.com"]
    assert headers["x-auth-token-id"] == [str(token.id)]
    assert headers["x-auth-token-name"] == ["n%C3%A4me"]
    assert headers["x-auth-scopes"] == ["deployments:read"]
    assert len(headers["x-auth-user-id"]) == len(headers["x-auth-expires-at"]) == 1
    assert "authorization" not in headers
    assert token.secret not in str(headers)


def test_request_with_headers_of_the_clients_own_passes_none_of_them_on(gate: Gate) -> None:
    token = gate.portal.make_token("forger", scopes=["deployments:read"])
    names = ("User-Id", "User-Email", "Token-Id", "Token-Name", "Scopes", "Expires-At")
    forged = {f"X-Auth-{name}": "forged" for name in names}
    folded = {f"X_Auth_{name}".replace("-", "_"): "forged" for name in names}
    answer = ask(f"{gate.url}/path", "GET", forged | folded | {"X-Auth-User_Id": "forged"}, token=token.secret)
    assert "forged" not in str(reached_service(answer))


def test_request_without_a_token_gets_the_challenge(gate: Gate) -> None:
    answer = gate.ask()
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="tokenportal"'


def test_request_with_a_token_without_access_is_forbidden(gate: Gate) -> None:
    assert gate.ask(gate.portal.make_token("no access", scopes=[]).secret).status == 403


def test_request_that_changes_something_needs_write(gate: Gate) -> None:
    reader = gate.portal.make_token("reader", scopes=["deployments:read"]).secret
    writer = gate.portal.make_token("writer", scopes=["deployments:write"]).secret
    assert [gate.ask(reader, method).status for method in ("GET", "HEAD", "POST")] == [200, 200, 403]
    assert [gate.ask(writer, method).status for method in ("GET", "HEAD", "POST")] == [200, 200, 200]


def test_request_that_claims_to_only_read_still_needs_write(gate: Gate) -> None:
    reader = gate.portal.make_token("liar", scopes=["deployments:read"]).secret
    headers = {"X-Forwarded-Method": "GET", "X-Original-Method": "GET", "X-HTTP-Method-Override": "GET"}
    assert ask(f"{gate.url}/path?any=1&scope=deployments:read", "POST", headers, token=reader).status == 403


def test_request_with_a_token_for_another_service_is_forbidden(gate: Gate) -> None:
    token = gate.portal.make_token("elsewhere", scopes=["archive:write"])
    assert ask(f"{gate.url}/path?any=1&resource=archive", token=token.secret).status == 403


def test_request_with_a_token_bound_to_networks_is_judged_by_the_clients_address(gate: Gate) -> None:
    token = gate.portal.make_token("at home", scopes=["deployments:read"], networks=["127.0.0.2/32"])
    assert gate.ask(token.secret, source="127.0.0.2").status == 200
    assert gate.ask(token.secret, source="127.0.0.3").status == 403
    assert gate.ask(token.secret, source="127.0.0.3", x_forwarded_for="127.0.0.2").status == 403


def test_request_right_after_a_delete_is_refused(gate: Gate) -> None:
    token = gate.portal.make_token("short-lived", scopes=["deployments:read"])
    assert gate.ask(token.secret).status == 200
    gate.portal.act("delete_token", token_id=token.id)
    answer = gate.ask(token.secret)
    assert answer.status == 401
    assert 'error_description="The access token is not valid"' in answer.headers["WWW-Authenticate"]


def test_request_right_after_a_revocation_is_told_so(gate: Gate) -> None:
    token = gate.portal.make_token("leaked", scopes=["deployments:read"])
    gate.portal.manage("revoketoken", str(token.id), "--reason", "found in a log")
    challenge = gate.ask(token.secret).headers["WWW-Authenticate"]
    assert re.search(r'error_description="The access token was revoked at \S+ \(administrator\)"', challenge)


def test_request_for_the_question_itself_finds_nothing(gate: Gate) -> None:
    assert ask(f"{gate.url}/_token").status == 404
