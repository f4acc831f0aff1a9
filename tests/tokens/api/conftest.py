"""What the tests of the API share."""

import json
import re
from datetime import datetime, timedelta
from typing import Any, Protocol

import pytest
from django.test import Client

from tests.conftest import MakeToken, Response
from tokens.api.answers import CODES
from tokens.api.openapi import description


class Call(Protocol):
    def __call__(self, method: str, path: str, body: Any = ..., *, secret: str = ..., **headers: str) -> Response: ...


@pytest.fixture
def secret(make_token: MakeToken, now: datetime) -> str:
    """Of a token of alice's with full access that ends in 300 days."""
    return make_token(name="asks", expires_at=now + timedelta(days=300))[1]


@pytest.fixture
def call(secret: str) -> Call:
    """Call the API as a program does, without cookies; `idempotency_key="k"` becomes the header of that name.

    Without another `secret` it is the fixture's. A `body` that is bytes is sent as it is, anything else as JSON.
    """

    def send(method: str, path: str, body: Any = None, *, secret: str = secret, **headers: str) -> Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if secret:
            named["authorization"] = f"Bearer {secret}"
        content_type = named.pop("content-type", "application/json")
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        client = Client(enforce_csrf_checks=True)
        response = client.generic(method, f"/api/v1{path}", data, content_type=content_type, headers=named)
        assert_described(method, path, response)
        return response

    return send


def assert_described(method: str, path: str, response: Response) -> None:
    """Whatever a call answers in any test, its description knows of."""
    for template, methods in description()["paths"].items():
        pattern = re.sub(r"{\w+}", "[0-9]+", template)
        if re.fullmatch(pattern, f"/api/v1{path.partition('?')[0]}") and method.lower() in methods:
            answers = methods[method.lower()]["responses"]
            answer = answers.get(str(response.status_code))
            assert answer is not None or response.status_code == 500, (method, path, response.status_code)
            if 400 <= response.status_code < 500:
                assert problem_of(response)[1] in answer["content"]["application/problem+json"]["examples"]


def problem_of(response: Response) -> tuple[int, str]:
    """Status and code of an error, which is a problem whatever it is."""
    assert response["Content-Type"] == "application/problem+json"
    body = response.json()
    assert body["status"] == response.status_code
    assert body.keys() >= {"type", "title", "detail"}
    code = body["type"].removeprefix("urn:tokenportal:problem:")
    assert CODES[code][0] == response.status_code
    return response.status_code, code


def faults(response: Response) -> dict[str, str]:
    """The codes of the fields that are at fault."""
    assert problem_of(response)[0] in (409, 422)
    return {error["field"]: error["code"] for error in response.json()["errors"]}
