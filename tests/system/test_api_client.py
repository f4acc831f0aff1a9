"""A client that is generated from the description: its types are right, and it does what the tour of the API does."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.system.conftest import NewPortal
from tests.system.portal import Portal
from tests.system.visitor import ask

TOUR = """
import sys

from portal_client import AuthenticatedClient
from portal_client.api.activity import list_activity
from portal_client.api.the_token_that_asks import get_current_token, regenerate_current_token
from portal_client.api.tokens import change_token, create_token, delete_token, end_secret, list_tokens, regenerate_token
from portal_client.api.user import get_user
from portal_client.models import (
    ActivityOut, ChangeIn, CreateIn, MadeOut, Problem, RegenerateIn, RegenerateInOverlap, TokenOut, TokensOut, UserOut
)

url, secret = sys.argv[1:]
with AuthenticatedClient(base_url=url, token=secret) as client:
    user = get_user.sync(client=client)
    assert isinstance(user, UserOut) and user.email == "ada@example.com"

    wanted = CreateIn(name="by-client", scopes=["full"], expires_in=7)
    made = create_token.sync(client=client, body=wanted, idempotency_key="k")
    assert isinstance(made, MadeOut) and made.secret.startswith("tp_") and not made.expiration_cut
    again = create_token.sync(client=client, body=wanted, idempotency_key="k")
    assert isinstance(again, Problem) and again.token_id == made.id

    listed = list_tokens.sync(client=client, q="by-client")
    assert isinstance(listed, TokensOut) and [token.id for token in listed.items] == [made.id] and listed.count == 1
    changed = change_token.sync(made.id, client=client, body=ChangeIn(description="by a client"))
    assert isinstance(changed, TokenOut) and changed.description == "by a client"

    overlap = RegenerateIn(overlap=RegenerateInOverlap.VALUE_3600)
    renewed = regenerate_token.sync(made.id, client=client, body=overlap)
    assert isinstance(renewed, MadeOut) and renewed.secret != made.secret and len(renewed.secrets) == 2
    assert end_secret.sync_detailed(made.id, renewed.secrets[1].id, client=client).status_code == 204

    events = list_activity.sync(client=client, token=made.id)
    assert isinstance(events, ActivityOut) and events.items[0].kind == "token.secret_ended"

    with AuthenticatedClient(base_url=url, token=renewed.secret) as itself:
        current = get_current_token.sync(client=itself)
        assert isinstance(current, TokenOut) and current.id == made.id
        rotated = regenerate_current_token.sync(client=itself)
        assert isinstance(rotated, MadeOut) and rotated.secret != renewed.secret
    assert delete_token.sync_detailed(made.id, client=client).status_code == 204
print("done")
"""


@pytest.fixture
def portal(new_portal: NewPortal) -> Portal:
    portal = new_portal()
    portal.act("set_policy", overlap_allowed=True)
    portal.start_web()
    return portal


@pytest.mark.needs("openapi-python-client")
def test_client_generated_from_the_description_type_checks_and_does_the_tour(portal: Portal, tmp_path: Path) -> None:
    schema = tmp_path / "openapi.json"
    schema.write_text(json.dumps(json.loads(ask(f"{portal.url}/api/v1/openapi.json").content)))
    plain = tmp_path / "config.yml"
    plain.write_text("post_hooks: []")  # else a linter rewrites it, and its types with it
    generate = ["openapi-python-client", "generate", "--path", str(schema), "--meta", "none", "--config", str(plain)]
    portal.run([*generate, "--output-path", str(tmp_path / "portal_client")])
    (tmp_path / "tour.py").write_text(TOUR)
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--cache-dir", str(tmp_path), "tour.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout
    secret = portal.make_token("client").secret
    assert portal.run([sys.executable, str(tmp_path / "tour.py"), portal.url, secret]) == "done\n"
