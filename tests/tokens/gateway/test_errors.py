"""Errors that no call words itself: programs read them in the form of their address, and get no page."""

from typing import NoReturn

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

PROBLEM = "urn:tokenportal:problem:"


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("path", ["/auth/nothing", "/auth/verify/", "/auth", "/api/x", "/api/v1", "/.well-known/x"])
def test_address_for_programs_that_there_is_not_is_a_problem(db: None, path: str, method: str) -> None:
    response = Client(enforce_csrf_checks=True).generic(method, path)
    assert (response.status_code, response["Content-Type"]) == (404, "application/problem+json")
    assert method == "HEAD" or response.json()["type"] == f"{PROBLEM}not_found"


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("path", ["/oauth/nothing", "/oauth/revoke/", "/oauth/", "/oauth"])
def test_address_for_oauth_clients_that_there_is_not_is_an_error_of_theirs(db: None, path: str, method: str) -> None:
    response = Client(enforce_csrf_checks=True).generic(method, path)
    assert (response.status_code, response["Content-Type"]) == (404, "application/json")
    assert response.json() == {"error": "invalid_request", "error_description": "There is no such address."}


def test_address_that_there_is_not_is_no_page_while_developing_either(db: None, settings: Settings) -> None:
    settings.DEBUG = True
    assert Client().get("/oauth/nothing")["Content-Type"] == "application/json"


@pytest.mark.parametrize("path", ["/api/v1/openapi.json", "/api/v1/docs", "/.well-known/oauth-authorization-server"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_address_to_read_by_another_method_is_405_and_says_which_are(db: None, path: str, method: str) -> None:
    response = Client(enforce_csrf_checks=True).generic(method, path)
    assert (response.status_code, response["Allow"]) == (405, "GET, HEAD")
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["type"] == f"{PROBLEM}method_not_allowed"


def test_host_that_is_not_ours_is_an_error_of_oauth_at_its_addresses(db: None) -> None:
    response = Client(SERVER_NAME="elsewhere.example").get("/oauth/nothing")
    assert (response.status_code, response.json()["error"]) == (400, "invalid_request")


def test_mistake_of_ours_is_an_error_of_oauth_at_its_addresses(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object, **_options: object) -> NoReturn:
        raise TypeError("ours")

    monkeypatch.setattr("tokens.gateway.revocation.end_by_holder", fail)
    client = Client(raise_request_exception=False)
    response = client.post("/oauth/revoke", "token=x", "application/x-www-form-urlencoded")
    assert (response.status_code, response.json()["error"]) == (500, "server_error")
