"""The description of the API says what is so; the page for people is made of it."""

import re
from html import escape
from typing import Any

import pytest
from django.test import Client

from tests.test_project import INLINE, ROOT
from tests.tokens.pages.reading import Page
from tokens.api import activity, schemas
from tokens.api.answers import CODES, Problem
from tokens.api.calls import api
from tokens.api.examples import EXAMPLES
from tokens.api.openapi import description, operations
from tokens.api.problems import STATUSES
from tokens.api.template_tags import code


def test_openapi_is_for_everybody_and_may_be_kept(db: None) -> None:
    response = Client().get("/api/v1/openapi.json")
    assert (response.status_code, response["Content-Type"]) == (200, "application/json")
    assert response["Cache-Control"] == "public, max-age=300"
    assert response.json()["openapi"] == "3.1.0"


def test_openapi_names_every_call_once_by_its_act() -> None:
    assert {operation["operationId"] for operation in operations(description())} == {
        "get_user",
        "list_tokens",
        "create_token",
        "get_token",
        "change_token",
        "delete_token",
        "regenerate_token",
        "end_secret",
        "get_current_token",
        "delete_current_token",
        "regenerate_current_token",
        "list_activity",
    }


def test_openapi_says_what_each_call_needs() -> None:
    needs = {call["operationId"]: call["security"][0]["bearer"] for call in operations(description())}
    assert needs["get_user"] == []
    assert needs["list_tokens"] == ["tokens:read"]
    assert needs["regenerate_current_token"] == ["tokens:rotate"]
    assert needs["end_secret"] == ["tokens:write"]


@pytest.mark.parametrize("name", EXAMPLES)
def test_openapi_example_is_of_its_schema(name: str) -> None:
    model = getattr(schemas, name, None) or getattr(activity, name)
    assert (
        model.model_validate(EXAMPLES[name]).model_dump(mode="json", exclude_unset=True).keys() == EXAMPLES[name].keys()
    )


def test_openapi_shows_an_example_of_every_body() -> None:
    for operation in operations(description()):
        bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
        contents = [content for body in bodies for content in body.get("content", {}).values()]
        assert all("example" in content or content["examples"] for content in contents), operation["operationId"]


def test_openapi_problems_are_of_the_schema_and_of_their_status() -> None:
    for operation in operations(description()):
        for status, answer in operation["responses"].items():
            for name, example in _problems(answer).items():
                problem = Problem.model_validate(example["value"])
                assert (problem.type, str(problem.status)) == (f"urn:tokenportal:problem:{name}", status)


def _problems(answer: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = answer.get("content", {}).get("application/problem+json", {}).get("examples", {})
    return found


def test_codes_of_what_the_domain_refuses_are_known_with_their_status() -> None:
    assert {refused.code: status for refused, status in STATUSES.items()}.items() <= {
        name: status for name, (status, _) in CODES.items()
    }.items()


def test_codes_of_every_problem_keep_their_status() -> None:
    """Also those that the gateway words, which no description of a call names."""
    sources = [path.read_text() for folder in ("tokens", "tokenportal") for path in (ROOT / folder).rglob("*.py")]
    words = re.compile(r'(?:problem|error_at)\((?:[a-z.]+, )?(\d{3}), "([a-z_]+)"')
    found = {(code, int(status)) for source in sources for status, code in words.findall(source)}
    assert ("server_error", 500) in found
    assert found <= {(code, status) for code, (status, _) in CODES.items()}


def test_openapi_asks_the_framework_for_no_page_of_its_own() -> None:
    assert (api.docs_url, api.openapi_url) == (None, None)


def test_openapi_of_a_change_has_no_defaults_that_a_client_would_send() -> None:
    fields = description()["components"]["schemas"]["ChangeIn"]["properties"].values()
    assert not any("default" in field for field in fields)


# --- The page ---------------------------------------------------------------------------------


def test_docs_page_tells_every_call_and_code(db: None) -> None:
    response = Client().get("/api/v1/docs")
    text = response.content.decode()
    for operation in operations(description()):
        assert f'id="{operation["operationId"]}"' in text
    assert all(f"<code>{name}</code>" in text for name in CODES)
    assert Page(response).headings[0] == "API"


def test_docs_page_runs_no_code_and_knows_nobody(db: None) -> None:
    response = Client().get("/api/v1/docs")
    assert not INLINE.search(response.content.decode())
    assert "<script" not in response.content.decode()
    assert "default-src 'none'" in response["Content-Security-Policy"]
    assert not response.cookies


def test_code_in_a_text_is_escaped() -> None:
    assert code("`<b>` & <i>") == f"<code>{escape('<b>')}</code> &amp; &lt;i&gt;"


# --- docs/api.md ------------------------------------------------------------------------------


def test_api_document_has_the_table_of_codes() -> None:
    text = (ROOT / "docs" / "api.md").read_text()
    rows = re.findall(r"^\| `([a-z_]+)` \| (\d+) \| (.+) \|$", text, re.MULTILINE)
    assert {name: (int(status), meaning) for name, status, meaning in rows} == CODES
