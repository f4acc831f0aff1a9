"""GET /.well-known/oauth-authorization-server: what OAuth clients read first."""

from typing import NoReturn

import pytest
from django.db import OperationalError
from django.test import Client

PATH = "/.well-known/oauth-authorization-server"


@pytest.mark.usefixtures("resources")
def test_metadata_names_every_address_way_and_scope() -> None:
    response = Client().get(PATH, headers={"host": "portal.internal"})
    assert (response.status_code, response["Content-Type"]) == (200, "application/json")
    scopes = "deployments:read deployments:write registry:read registry:write tokens:read tokens:rotate tokens:write"
    assert response.json() == {
        "issuer": "http://localhost:8000",
        "introspection_endpoint": "http://localhost:8000/oauth/introspect",
        "introspection_endpoint_auth_methods_supported": ["Bearer", "client_secret_basic", "client_secret_post"],
        "revocation_endpoint": "http://localhost:8000/oauth/revoke",
        "revocation_endpoint_auth_methods_supported": ["none"],
        "response_types_supported": ["none"],
        "scopes_supported": ["full", "introspect", *scopes.split()],
    }


@pytest.mark.django_db
def test_metadata_by_head_is_answered() -> None:
    assert Client().head(PATH).status_code == 200


def test_metadata_without_a_database_is_503(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> NoReturn:
        raise OperationalError

    monkeypatch.setattr("tokens.gateway.metadata.registered_scopes", fail)
    response = Client().get(PATH)
    assert (response.status_code, response["Retry-After"]) == (503, "5")
    assert response.json()["type"] == "urn:tokenportal:problem:unavailable"
