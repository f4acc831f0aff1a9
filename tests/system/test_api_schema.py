"""The API against its own description: what schemathesis can think of, on a running portal."""

import os

import pytest

from tests.system.conftest import NewPortal
from tests.system.processes import ROOT

# Of each call and phase; 80 are some 1,500 cases.
EXAMPLES = os.environ.get("SCHEMA_EXAMPLES", "5")
ENVIRONMENT = {
    "API_CALLS_PER_MINUTE": "1000000",
    "PYTHONPATH": str(ROOT),
    "SCHEMATHESIS_HOOKS": "tests.system.schema_hooks",
}


@pytest.mark.needs("schemathesis")
def test_api_under_all_checks_holds_what_its_description_says(new_portal: NewPortal) -> None:
    portal = new_portal(**ENVIRONMENT)
    portal.act("set_policy", overlap_allowed=True, tokens_per_owner=100_000)
    portal.start_web()
    command = ["schemathesis", "--config-file", str(ROOT / "schemathesis.toml"), "run", "--checks", "all"]
    options = ["--max-examples", EXAMPLES, "--no-color", "--seed", "1" if "CI" in os.environ else "0"]
    said = portal.run([*command, *options, f"{portal.url}/api/v1/openapi.json"])
    assert "12 selected / 12 total" in said
    assert " failed" not in said
    assert "Traceback" not in portal.said
