"""The command line beside a running portal: in a script as in CI, and by a person at a terminal."""

from pathlib import Path

import pytest

from tests.system.conftest import NewPortal
from tests.system.documents import answers_found, answers_wanted, section

EXAMPLES = section("docs/cli.md", "examples")


@pytest.mark.needs("bash")
def test_examples_of_the_document_run_in_order_print_what_it_shows(new_portal: NewPortal, tmp_path: Path) -> None:
    portal = new_portal()
    portal.start_web()
    del portal.environment["DEBUG"]
    assert answers_found(EXAMPLES, portal, tmp_path) == answers_wanted(EXAMPLES)
