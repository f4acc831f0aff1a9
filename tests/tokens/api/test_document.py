"""docs/api.md: what it says to type is typed, what it says is answered is answered."""

import json
import re
import shlex
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from tests.conftest import MakeToken, Response
from tests.test_project import ROOT
from tests.tokens.conftest import SetPolicy

# A command, and the status and body that stand below it, if they do.
EXAMPLE = re.compile(r"```\n(curl .*?)\n```(?:\n\n```json (\d+)\n(.*?)\n```)?", re.DOTALL)
ANSWERED = {"POST": (200, 201), "DELETE": (204,), "PATCH": (200,), "GET": (200,)}


def run(command: str, known: dict[str, str]) -> tuple[str, Response]:
    """What curl would do; ids and variables of the text become those that there are."""
    for written, true in known.items():
        command = command.replace(written, true)
    words = shlex.split(command.replace("\\\n", " "))[1:]
    given: dict[str, list[str]] = {"-X": ["GET"], "-H": [], "-d": [""]}
    address = ""
    while words:
        word = words.pop(0)
        if word in given:
            given[word].append(words.pop(0))
        else:
            address = word
    headers = dict(header.split(": ", 1) for header in given["-H"])
    content_type = headers.pop("Content-Type", "")
    method = given["-X"][-1]
    return method, Client().generic(method, address, given["-d"][-1], content_type, headers=headers)


def shape(value: Any) -> Any:
    """What is the same whenever it is tried: the names, and the kinds of the values."""
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in value.items()}
    return [shape(inner) for inner in value] if isinstance(value, list) else type(value).__name__


@pytest.mark.usefixtures("resources")
def test_document_of_the_api_from_top_to_bottom_is_true(
    make_token: MakeToken, set_policy: SetPolicy, now: datetime
) -> None:
    set_policy(overlap_allowed=True)
    _, secret = make_token(name="asks", expires_at=now + timedelta(days=300))
    known = {"$TOKENPORTAL_URL": "", "$TOKENPORTAL_TOKEN": secret}
    examples = EXAMPLE.findall((ROOT / "docs" / "api.md").read_text())
    assert len(examples) == 10
    for command, status, body in examples:
        method, answer = run(command, known)
        wanted = (int(status),) if status else ANSWERED[method]
        assert answer.status_code in wanted, (command, answer.content)
        if body:
            assert shape(answer.json()) == shape(json.loads(body)), command
        if "/current/" in command:
            known["$TOKENPORTAL_TOKEN"] = answer.json()["secret"]
        if answer.status_code == 201:
            made = answer.json()
            known |= {"/tokens/12": f"/tokens/{made['id']}", "/secrets/31": f"/secrets/{made['secrets'][0]['id']}"}
