"""The examples of docs/verify.md, run as they stand against a portal."""

import json
import re
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright._impl._driver import compute_driver_executable  # it has no public name

from tests.system.conftest import OpenPortal
from tests.system.documents import blocks
from tests.system.portal import PRODUCTION, Portal
from tests.system.processes import ROOT, free_port

MANUAL = (ROOT / "docs" / "verify.md").read_text()


@pytest.fixture(scope="module")
def portal(open_portal: OpenPortal) -> Iterator[Portal]:
    with open_portal(**PRODUCTION, TRUSTED_PROXIES="127.0.0.1/32") as opened:
        opened.start_web()
        yield opened


def example(language: str, containing: str, portal: int) -> str:
    [text] = [block for name, block in blocks(MANUAL) if name == language and containing in block]
    return text.replace(":8000", f":{portal}").replace(".venv/bin/python", sys.executable)


def python_example(port: int) -> Callable[..., Any]:
    names: dict[str, Any] = {}
    exec(example("python", "def verify", port), names)  # noqa: S102  # our own manual
    verify: Callable[..., Any] = names["verify"]
    return verify


def run(portal: Portal, containing: str, **variables: str) -> str:
    """What the line of the shell that holds `containing` prints."""
    setting = "".join(f"{name}={value}\n" for name, value in variables.items())
    return portal.run(["bash", "-e"], given=setting + example("sh", containing, portal.port))


def test_python_example_tells_who_it_is_and_passes_refusals_on(portal: Portal) -> None:
    verify = python_example(portal.port)
    token = portal.make_token("päckage", scopes=["deployments:read"], networks=["203.0.113.0/24"])
    status, who = verify(f"Bearer {token.secret}", "GET", "203.0.113.7")
    assert status == 200
    assert {name.lower(): value for name, value in who.items()}["x-auth-token-name"] == "päckage"
    assert verify(f"Bearer {token.secret}", "POST", "203.0.113.7")[0] == 403
    assert verify(f"Bearer {token.secret}", "GET", "198.51.100.1")[0] == 403
    assert verify(None, "GET", "203.0.113.7") == (401, {"WWW-Authenticate": 'Bearer realm="tokenportal"'})
    assert verify("Bearer a, Bearer b", "GET", "203.0.113.7")[0] == 400


def test_python_example_without_a_portal_says_neither_yes_nor_no() -> None:
    assert python_example(free_port())("Bearer x", "GET", "203.0.113.7") == (503, {})


def node_example(portal: Portal, authorization: str, method: str) -> dict[str, Any]:
    """What the example answers, run by the Node that the browser tests bring along."""
    node, script = str(compute_driver_executable()[0]), portal.folder / "example.mjs"
    call = f"console.log(JSON.stringify(await verify({json.dumps(authorization)}, '{method}', '203.0.113.7')));"
    script.write_text(example("js", "function verify", portal.port) + call)
    answer: dict[str, Any] = json.loads(portal.run([node, str(script)]))
    return answer


def test_node_example_tells_who_it_is_and_passes_refusals_on(portal: Portal) -> None:
    token = portal.make_token("nøde", scopes=["deployments:read"], networks=["203.0.113.0/24"])
    who = node_example(portal, f"Bearer {token.secret}", "GET")
    assert (who["status"], who["tokenName"], who["scopes"]) == (200, "nøde", ["deployments:read"])
    assert node_example(portal, f"Bearer {token.secret}", "POST")["status"] == 403
    refused = node_example(portal, "", "GET")
    assert (refused["status"], refused["challenge"]) == (401, 'Bearer realm="tokenportal"')


@pytest.mark.needs("bash", "curl")
def test_curl_examples_verify_introspect_and_revoke(portal: Portal) -> None:
    secret = portal.make_token("curled", scopes=["deployments:read"]).secret
    service = run(portal, "createtoken").splitlines()[-1]
    assert run(portal, "auth/verify", TOKEN=secret).startswith("HTTP/1.1 204")
    assert '"active": true' in run(portal, "oauth/introspect", TOKEN=secret, SERVICE_TOKEN=service)
    assert run(portal, "oauth/revoke", TOKEN=secret).startswith("HTTP/1.1 200")
    assert run(portal, "oauth/introspect", TOKEN=secret, SERVICE_TOKEN=service) == '{"active": false}'
    assert re.search(r"revoked at \S+ \(holder\)", run(portal, "auth/verify", TOKEN=secret))
