"""What the tests of the API share."""

import json
from datetime import datetime, timedelta
from typing import Any, Protocol

import pytest
from django.test import Client

from tests.conftest import MakeToken, Response


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
        return client.generic(method, f"/api/v1{path}", data, content_type=content_type, headers=named)

    return send


def problem_of(response: Response) -> tuple[int, str]:
    """Status and code of an error, which is a problem whatever it is."""
    assert response["Content-Type"] == "application/problem+json"
    body = response.json()
    assert body["status"] == response.status_code
    assert body.keys() >= {"type", "title", "detail"}
    return response.status_code, body["type"].removeprefix("urn:tokenportal:problem:")


def faults(response: Response) -> dict[str, str]:
    """The codes of the fields that are at fault."""
    assert problem_of(response)[0] in (409, 422)
    return {error["field"]: error["code"] for error in response.json()["errors"]}
