"""The tour of the README, word for word."""

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from textwrap import dedent

import pytest

from tests.system.conftest import NewPortal
from tests.system.nginx import reached_service, start_nginx
from tests.system.processes import ROOT, free_port
from tests.system.servers import echo_service

CUT = "-- the next block --"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def tour_blocks() -> list[tuple[str, str]]:
    """The language and the text of each block of the tour."""
    tour = (ROOT / "README.md").read_text().split("<!-- tour", 1)[1].split("<!-- /tour -->", 1)[0]
    blocks = re.findall(r"^( *)```(\w*)\n(.*?)^ *```$", tour, re.MULTILINE | re.DOTALL)
    return [(language, dedent(text)) for _indent, language, text in blocks]


def shown() -> Iterator[tuple[str, list[str]]]:
    """The commands of each block, and the lines that the README shows as their answer."""
    for (language, text), (following, answer) in pairwise([*tour_blocks(), ("", "")]):
        if language == "sh":
            yield text, answer.splitlines() if following == "text" else []


@pytest.fixture
def answers(new_portal: NewPortal) -> list[list[str]]:
    """The lines that each block of commands prints, in one shell beside a running portal; but times are `TIME`."""
    portal = new_portal()
    portal.start_web()
    del portal.environment["DEBUG"]  # of `make run` alone
    script = f"echo '{CUT}'\n".join(f"{commands}\necho\n" for commands, _answer in shown())
    printed = TIME.sub("TIME", portal.run(["bash", "-e"], given=script.replace(":8000", f":{portal.port}")))
    return [part.splitlines() for part in printed.split(CUT)]


@pytest.mark.needs("bash", "curl")
def test_readme_tour_run_word_for_word_prints_what_it_shows(answers: list[list[str]]) -> None:
    wanted = [[TIME.sub("TIME", line) for line in lines if line != "..."] for _commands, lines in shown()]
    found = [[line for line in lines if line in want] for lines, want in zip(answers, wanted, strict=True)]
    assert found == wanted, answers
    assert len(found) == 5


@pytest.mark.needs("nginx")
def test_readme_nginx_lines_let_good_tokens_through_and_say_whose_they_are(
    new_portal: NewPortal, tmp_path: Path
) -> None:
    portal, port = new_portal(), free_port()
    portal.start_web()
    [lines] = [text for language, text in tour_blocks() if language == "nginx"]
    with echo_service() as service:
        lines = lines.replace(":8000", f":{portal.port}").replace(":9000", f":{service}")
        gate = start_nginx(portal, tmp_path, f"server {{ listen 127.0.0.1:{port}; {lines} }}", port)
        reader = portal.make_token("reader", scopes=["deployments:read"]).secret
        headers = reached_service(gate.ask(reader, x_auth_user_id="1"))
        assert headers["x-auth-user-id"] == ["2"]
        assert "authorization" not in headers
        assert [gate.ask(reader, "POST").status, gate.ask().status] == [403, 401]
