"""The tour of the README, word for word."""

from pathlib import Path

import pytest

from tests.system.conftest import NewPortal
from tests.system.documents import answers_found, answers_wanted, blocks, section
from tests.system.processes import free_port
from tests.system.proxies import reached_service, start_nginx
from tests.system.servers import echo_service

TOUR = section("README.md", "tour")


@pytest.mark.needs("bash", "curl")
def test_readme_tour_run_word_for_word_prints_what_it_shows(new_portal: NewPortal) -> None:
    portal = new_portal()
    portal.start_web()
    del portal.environment["DEBUG"]  # of `make run` alone
    assert answers_found(TOUR, portal) == answers_wanted(TOUR)
    assert len(answers_wanted(TOUR)) == 5


@pytest.mark.needs("nginx")
def test_readme_nginx_lines_let_good_tokens_through_and_say_whose_they_are(
    new_portal: NewPortal, tmp_path: Path
) -> None:
    portal, port = new_portal(), free_port()
    portal.start_web()
    [lines] = [text for language, text in blocks(TOUR) if language == "nginx"]
    with echo_service() as service:
        lines = lines.replace(":8000", f":{portal.port}").replace(":9000", f":{service}")
        gate = start_nginx(portal, tmp_path, f"server {{ listen 127.0.0.1:{port}; {lines} }}", port)
        reader = portal.make_token("reader", scopes=["deployments:read"]).secret
        headers = reached_service(gate.ask(reader, x_auth_user_id="1"))
        assert headers["x-auth-user-id"] == ["2"]
        assert "authorization" not in headers
        assert [gate.ask(reader, "POST").status, gate.ask().status] == [403, 401]
