"""The tour of the README, word for word."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.conftest import NewPortal
from tests.system.documents import answers_found, answers_wanted, blocks, section
from tests.system.processes import free_port
from tests.system.proxies import Gate, reached_service, start_nginx
from tests.system.servers import echo_service
from tests.system.visitor import ask

TOUR = section("README.md", "tour")


@pytest.mark.needs("bash", "curl")
def test_readme_tour_run_word_for_word_prints_what_it_shows(new_portal: NewPortal) -> None:
    portal = new_portal()
    portal.start_web()
    del portal.environment["DEBUG"]  # of `make run` alone
    assert answers_found(TOUR, portal) == answers_wanted(TOUR)
    assert len(answers_wanted(TOUR)) == 5


@pytest.fixture
def gate(new_portal: NewPortal, tmp_path: Path) -> Iterator[Gate]:
    """The nginx of the README, in front of a portal that believes it."""
    portal, port = new_portal(TRUSTED_PROXIES="127.0.0.1/32"), free_port()
    portal.start_web()
    [lines] = [text for language, text in blocks(TOUR) if language == "nginx"]
    with echo_service() as service:
        lines = lines.replace(":8000", f":{portal.port}").replace(":9000", f":{service}")
        yield start_nginx(portal, tmp_path, f"server {{ listen 127.0.0.1:{port}; {lines} }}", port)


@pytest.mark.needs("nginx")
def test_readme_nginx_lines_let_good_tokens_through_and_say_whose_they_are(gate: Gate) -> None:
    reader = gate.make_token("reader", "deployments:read").secret
    headers = reached_service(gate.ask(reader))
    assert headers["x-auth-user-id"] == ["2"]
    assert "authorization" not in headers
    assert [gate.ask(reader, "POST").status, gate.ask().status] == [403, 401]


@pytest.mark.needs("nginx")
def test_readme_nginx_lines_pass_on_nothing_that_a_client_wrote_in_the_portals_name(gate: Gate) -> None:
    reader = gate.make_token("forger", "deployments:read").secret
    answered = ask(f"{gate.portal.url}/auth/verify?any=1", token=reader).headers
    names = [name for name in answered if name.lower().startswith("x-auth-")]
    forged = {name: "forged" for said in names for name in (said, said.replace("-", "_"))}
    assert "x-auth-user-email" in forged
    assert "forged" not in str(reached_service(ask(f"{gate.url}/path", headers=forged, token=reader)))


@pytest.mark.needs("nginx")
def test_readme_nginx_lines_judge_networks_by_the_clients_own_address(gate: Gate) -> None:
    bound = gate.make_token("at home", "deployments:read", ["127.0.0.2/32"]).secret
    assert gate.ask(bound, source="127.0.0.2").status == 200
    assert gate.ask(bound, source="127.0.0.3", x_forwarded_for="127.0.0.2").status == 403
