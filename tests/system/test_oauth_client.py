"""A real OAuth client (authlib) with nothing but the portal's address: it reads the rest from the metadata."""

from typing import Any

import pytest
import requests
from authlib.integrations.requests_client import OAuth2Session

from tests.system.portal import Portal

WELL_KNOWN = "/.well-known/oauth-authorization-server"


@pytest.fixture(scope="module")
def service(portal: Portal) -> str:
    """The secret of a service that may introspect."""
    arguments = ("--user", "admin@example.com", "--name", "a service", "--scope", "introspect")
    return portal.manage("createtoken", *arguments).strip()


@pytest.fixture
def metadata(portal: Portal) -> dict[str, Any]:
    found: dict[str, Any] = requests.get(portal.url + WELL_KNOWN, timeout=20).json()
    return found


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_client_introspects_and_revokes_with_the_addresses_of_the_metadata(
    portal: Portal, service: str, metadata: dict[str, Any], method: str
) -> None:
    assert metadata["issuer"] == portal.url
    assert method in metadata["introspection_endpoint_auth_methods_supported"]
    client = OAuth2Session("any client", service, token_endpoint_auth_method=method)
    token = portal.make_token(f"of a client by {method}", scopes=["deployments:read"])

    def introspect() -> Any:
        address = metadata["introspection_endpoint"]
        return client.introspect_token(address, token=token.secret, token_type_hint="access_token").json()

    told = introspect()
    assert (told["active"], told["scope"], told["jti"]) == (True, "deployments:read", str(token.id))
    revoked = client.revoke_token(metadata["revocation_endpoint"], token=token.secret)
    assert (revoked.status_code, introspect()) == (200, {"active": False})


def test_client_with_a_bearer_token_introspects(portal: Portal, service: str, metadata: dict[str, Any]) -> None:
    token = portal.make_token("of a bearer", scopes=["deployments:read"])
    client = OAuth2Session(token={"access_token": service, "token_type": "Bearer"})
    answer = client.post(metadata["introspection_endpoint"], data={"token": token.secret})
    assert answer.json()["active"] is True
