"""The files of deploy/ in real proxies, between a client and a service, with a real portal to ask."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import pytest
import requests

from tests.certificates import self_signed
from tests.system.conftest import OpenPortal
from tests.system.portal import PRODUCTION, Portal
from tests.system.processes import ROOT, free_port
from tests.system.proxies import Gate, reached_service, shipped, start_caddy, start_nginx, with_ports
from tests.system.servers import echo_service
from tests.system.visitor import ask
from tokens.presenting import WRONG_SECRETS

PROXIES = {"nginx": (start_nginx, "nginx.conf"), "caddy": (start_caddy, "caddy/Caddyfile")}
NAMES = ("User-Id", "User-Email", "Token-Id", "Token-Name", "Scopes", "Expires-At")


@pytest.fixture(scope="module")
def portal(open_portal: OpenPortal) -> Iterator[Portal]:
    with open_portal(**PRODUCTION, TRUSTED_PROXIES="127.0.0.1/32") as opened:
        opened.start_web()
        yield opened


@pytest.fixture(scope="module", params=[pytest.param(name, marks=pytest.mark.needs(name)) for name in PROXIES])
def gate(request: pytest.FixtureRequest, portal: Portal, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    (start, name), port, pages = PROXIES[request.param], free_port(), free_port()
    with echo_service() as service:
        text = shipped(name, p8000=portal.port, p9000=service, p8080=port, p8081=pages)
        gate = start(portal, tmp_path_factory.mktemp(request.param), text, port)
        yield replace(gate, pages_url=f"http://localhost:{pages}")


def test_request_with_a_good_token_reaches_the_service_with_who_it_is(gate: Gate) -> None:
    token = gate.make_token("good", "deployments:read")
    headers = reached_service(gate.ask(token.secret))
    assert headers["x-auth-user-email"] == ["ada@example.com"]
    assert headers["x-auth-token-id"] == [str(token.id)]
    assert headers["x-auth-scopes"] == ["deployments:read"]
    assert len(headers["x-auth-user-id"]) == len(headers["x-auth-expires-at"]) == 1
    assert "authorization" not in headers
    assert token.secret not in str(headers)


@pytest.mark.parametrize("name", ['say "hi"; $host', "100 % {http.request.host} {env.HOME}", "👩‍👧 ünïcode", "a, b\\c"])
def test_request_with_a_token_of_an_odd_name_carries_it_encoded(gate: Gate, name: str) -> None:
    token = gate.make_token(name, "deployments:read")
    [value] = reached_service(gate.ask(token.secret))["x-auth-token-name"]
    assert unquote(value) == f"{name} {gate.program}"
    assert value.isascii()


def test_request_with_headers_of_the_clients_own_passes_none_of_them_on(gate: Gate) -> None:
    token = gate.make_token("forger", "deployments:read")
    forged = {f"X-Auth-{name}": "forged" for name in NAMES}
    folded = {f"X_Auth_{name}".replace("-", "_"): "forged" for name in NAMES}
    answer = ask(f"{gate.url}/path", "GET", forged | folded | {"X-Auth-User_Id": "forged"}, token=token.secret)
    headers = reached_service(answer)
    assert "forged" not in str(headers)
    assert all(len(headers[f"x-auth-{name.lower()}"]) == 1 for name in NAMES)


def test_request_with_a_body_reaches_the_service_whole(gate: Gate) -> None:
    token = gate.make_token("poster", "deployments:write")
    answer = ask(f"{gate.url}/path", "POST", token=token.secret, body="x" * 100_000)
    assert reached_service(answer)["echoed-body"] == ["x" * 100_000]


# --- Refused ----------------------------------------------------------------------------------


def test_request_without_a_token_gets_the_challenge(gate: Gate) -> None:
    answer = gate.ask()
    assert answer.status == 401
    assert answer.headers.get_all("WWW-Authenticate") == ['Bearer realm="tokenportal"']


def test_request_with_a_token_without_access_is_forbidden_and_told_what_is_needed(gate: Gate) -> None:
    answer = gate.ask(gate.make_token("no access", "").secret)
    assert answer.status == 403
    challenge = 'Bearer realm="tokenportal", error="insufficient_scope", scope="deployments:read"'
    assert answer.headers.get_all("WWW-Authenticate") == [challenge]


def test_request_with_a_token_for_another_service_is_forbidden(gate: Gate) -> None:
    token = gate.make_token("elsewhere", "archive:write")
    assert ask(f"{gate.url}/path?any=1&resource=archive", token=token.secret).status == 403


def test_request_with_two_tokens_is_400(gate: Gate) -> None:
    secret = gate.make_token("twin", "deployments:read").secret
    assert ask(f"{gate.url}/path", headers={"Authorization": f"Bearer {secret}, Bearer {secret}"}).status == 400


def test_request_with_the_header_twice_is_never_let_through(gate: Gate) -> None:
    secret = gate.make_token("twice", "deployments:read").secret
    answer = ask(f"{gate.url}/path", headers={"Authorization": f"Bearer {secret}", "authorization": "Bearer x"})
    assert answer.status in (400, 401)


def test_request_with_the_sixty_first_wrong_token_is_429_and_a_right_one_passes(gate: Gate) -> None:
    source = {"nginx": "127.0.0.11", "caddy": "127.0.0.12"}[gate.program]
    answers = [gate.ask("wrong", source=source) for _ in range(2 * WRONG_SECRETS + 1)]  # a minute may begin between
    assert {answer.status for answer in answers} == {401, 429}
    assert all(int(answer.headers["Retry-After"]) >= 1 for answer in answers if answer.status == 429)
    assert gate.ask(gate.make_token("right", "deployments:read").secret, source=source).status == 200


def test_request_right_after_a_delete_is_refused(gate: Gate) -> None:
    token = gate.make_token("short-lived", "deployments:read")
    assert gate.ask(token.secret).status == 200
    gate.portal.act("delete_token", token_id=token.id)
    answer = gate.ask(token.secret)
    assert answer.status == 401
    assert 'error_description="The access token is not valid"' in answer.headers["WWW-Authenticate"]


def test_request_right_after_a_revocation_is_told_so(gate: Gate) -> None:
    token = gate.make_token("leaked", "deployments:read")
    gate.portal.manage("revoketoken", str(token.id), "--reason", "found in a log")
    challenge = gate.ask(token.secret).headers["WWW-Authenticate"]
    assert re.search(r'error_description="The access token was revoked at \S+ \(administrator\)"', challenge)


def test_request_for_the_question_itself_never_reaches_the_portal(gate: Gate) -> None:
    assert ask(f"{gate.url}/_token").status in (401, 404)


def test_request_while_the_portal_is_away_is_let_through_by_no_proxy(
    gate: Gate, portal: Portal, tmp_path: Path
) -> None:
    (start, name), port = PROXIES[gate.program], free_port()
    with echo_service() as service:
        text = shipped(name, p8000=free_port(), p9000=service, p8080=port, p8081=free_port())
        answer = start(portal, tmp_path, text, port).ask("anything")
    assert answer.status == {"nginx": 503, "caddy": 502}[gate.program]


# --- What the request does, and where it comes from -------------------------------------------


def test_request_that_changes_something_needs_write(gate: Gate) -> None:
    reader = gate.make_token("reader", "deployments:read").secret
    writer = gate.make_token("writer", "deployments:write").secret
    assert [gate.ask(reader, method).status for method in ("GET", "HEAD", "POST")] == [200, 200, 403]
    assert [gate.ask(writer, method).status for method in ("GET", "HEAD", "POST")] == [200, 200, 200]


@pytest.mark.parametrize("name", ["X-Forwarded-Method", "X_Forwarded_Method", "X-Original-Method", "X_Original_Method"])
def test_request_that_claims_to_only_read_still_needs_write(gate: Gate, name: str) -> None:
    reader = gate.make_token(f"liar by {name}", "deployments:read").secret
    headers = {name: "GET", "X-HTTP-Method-Override": "GET"}
    assert ask(f"{gate.url}/path?any=1&scope=deployments:read", "POST", headers, token=reader).status == 403


def test_request_with_a_token_bound_to_networks_is_judged_by_the_clients_address(gate: Gate) -> None:
    token = gate.make_token("at home", "deployments:read", ["127.0.0.2/32"])
    assert gate.ask(token.secret, source="127.0.0.2").status == 200
    assert gate.ask(token.secret, source="127.0.0.3").status == 403
    for name in ("X-Forwarded-For", "X_Forwarded_For", "Forwarded", "X-Real-IP"):
        answer = ask(f"{gate.url}/path", "GET", {name: "127.0.0.2"}, token=token.secret, source="127.0.0.3")
        assert answer.status == 403


def test_portal_behind_the_proxy_goes_by_the_clients_address_too(gate: Gate) -> None:
    token = gate.make_token("program at home", "tokens:read", ["127.0.0.2/32"])
    for source, forged, status in (("127.0.0.2", "", 200), ("127.0.0.3", "127.0.0.2", 403)):
        headers = {"X-Forwarded-For": forged, "X_Forwarded_For": forged} if forged else {}
        answer = ask(f"{gate.pages_url}/api/v1/user", "GET", headers, token=token.secret, source=source)
        assert answer.status == status


def test_portal_behind_the_proxy_reads_a_body_in_chunks(gate: Gate) -> None:
    token = gate.make_token("in chunks", "deployments:read")
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    chunks = [b"token=", token.secret.encode()]
    assert ask(f"{gate.pages_url}/oauth/revoke", "POST", form, body=chunks).status == 200
    assert " (holder)" in ask(f"{gate.portal.url}/auth/verify", token=token.secret).headers["WWW-Authenticate"]


def test_portal_behind_a_proxy_that_adds_to_what_a_client_wrote_is_not_fooled_by_rubbish(portal: Portal) -> None:
    """The server hands a header that is no ASCII over as an empty one: the proxy's entry is lost with the client's."""
    token = portal.make_token("inside alone", scopes=["full"], networks=["127.0.0.1/32"])
    assert ask(f"{portal.url}/auth/verify", token=token.secret).status == 204
    headers = {"X-Forwarded-For": "\xff, 203.0.113.9"}
    assert ask(f"{portal.url}/auth/verify", headers=headers, token=token.secret).status == 403


# --- TLS --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def secure_portal(open_portal: OpenPortal) -> Iterator[Portal]:
    with open_portal(**PRODUCTION | {"BASE_URL": "https://localhost", "TRUSTED_PROXIES": "127.0.0.1/32"}) as opened:
        opened.start_web()
        yield opened


def with_tls(text: str, certificate: Path) -> str:
    """The file of nginx after its reader did what it says about TLS."""
    text = re.sub(r"^    #(?=\w)", "    ", text, flags=re.MULTILINE).replace("    listen 8081;\n", "")
    text = text.replace("tokens.example.org;", "localhost;", 1)
    return re.sub(r"(ssl_certificate(_key)?) .*;", rf"\1 {certificate};", text)


@pytest.mark.needs("nginx")
def test_nginx_with_its_lines_for_tls_ends_it_and_sends_plain_http_on(secure_portal: Portal, tmp_path: Path) -> None:
    certificate, plain, tls = self_signed(tmp_path / "certificate.pem"), free_port(), free_port()
    text = with_tls((ROOT / "deploy" / "nginx.conf").read_text(), certificate)
    text = with_ports(text, p8000=secure_portal.port, p8080=free_port(), p80=plain, p443=tls)
    start_nginx(secure_portal, tmp_path, text, tls)
    answer = requests.get(f"https://localhost:{tls}/api/v1/user", verify=str(certificate), timeout=20)
    assert (answer.status_code, "Strict-Transport-Security" in answer.headers) == (401, True)
    sent_on = ask(f"http://localhost:{plain}/api/v1/user", headers={"X-Forwarded-Proto": "https"})
    assert (sent_on.status, sent_on.headers["Location"][:8]) == (301, "https://")


@pytest.mark.needs("nginx")
def test_nginx_behind_a_proxy_that_ends_tls_as_its_comment_says_knows_client_and_scheme(
    secure_portal: Portal, tmp_path: Path
) -> None:
    token, pages = secure_portal.make_token("far away", networks=["203.0.113.7/32"]).secret, free_port()
    text = shipped("nginx.conf", p8000=secure_portal.port, p8080=free_port(), p8081=pages)
    text = text.replace("X-Forwarded-Proto $scheme", "X-Forwarded-Proto https")
    text = f"set_real_ip_from 127.0.0.1; real_ip_header X-Forwarded-For; {text}"
    start_nginx(secure_portal, tmp_path, text, pages)
    for client, status in (("203.0.113.7", 200), ("203.0.113.8", 403)):
        answer = ask(f"http://localhost:{pages}/api/v1/user", headers={"X-Forwarded-For": client}, token=token)
        assert answer.status == status
