"""GET /auth/verify: what a service asks for, by scope, resource and method."""

import pytest

from tests.conftest import Ask, MakeToken

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "BREW"]

GRANTED = {
    "none": [],
    "full": ["full"],
    "read": ["deployments:read"],
    "write": ["deployments:write"],
    "both": ["deployments:read", "registry:read"],
    "introspect": ["introspect"],
}


@pytest.mark.usefixtures("resources")
@pytest.mark.parametrize(
    ("query", "passing"),
    [
        # Without a question, full access alone.
        ("", "full"),
        ("any=0", "full"),
        ("any=", "full"),
        ("any", "full"),
        ("any=true", "full"),
        ("any=1&any=0", "full"),
        ("unknown=1", "full"),
        ("SCOPE=deployments:read", "full"),
        ("scope[]=deployments:read", "full"),
        # Any scope will do, but not none.
        ("any=1", "full read write both introspect"),
        # Named scopes are all needed.
        ("scope=deployments:read", "full read write both"),
        ("scope=deployments%3Aread", "full read write both"),
        ("scope=deployments:write", "full write"),
        ("scope=deployments:read&scope=registry:read", "full both"),
        ("scope=deployments:read+registry:read", "full both"),
        ("scope=deployments:read%20registry:read", "full both"),
        ("scope=deployments:read,registry:read", "full"),
        ("scope=deployments:read;registry:read", "full"),
        ("scope=deployments:read&scope=", "full"),
        ("scope=", "full"),
        ("scope", "full"),
        ("scope=+", "full"),
        ("scope=full", "full"),
        ("scope=any", "full"),
        ("scope=nobody:registered", "full"),
        ("scope=deployments", "full"),
        ("scope=Deployments:read", "full"),
        ("scope=introspect", "introspect"),
        ("scope=introspect&scope=deployments:read", ""),
        # A resource needs read or write by the method, which is not known here.
        ("resource=deployments", "full write"),
        ("resource=", "full"),
        ("resource", "full"),
        ("resource=nobody", "full"),
        ("resource=deployments&resource=registry", "full"),
        ("resource=deployments:read", "full"),
        ("resource=introspect", "full"),
        # Both given: both must hold.
        ("resource=deployments&scope=registry:read", "full"),
        ("any=1&scope=deployments:write", "full write"),
        ("any=1&resource=deployments", "full write"),
        ("any=1&scope=", "full"),
    ],
)
def test_ask_with_a_question_about_scopes_lets_the_right_ones_pass(
    make_token: MakeToken, ask: Ask, query: str, passing: str
) -> None:
    secrets = {name: make_token(scopes=scopes, may_introspect=True)[1] for name, scopes in GRANTED.items()}
    answers = {name: ask(f"Bearer {secret}", query).status_code for name, secret in secrets.items()}
    assert answers == {name: 204 if name in passing.split() else 403 for name in GRANTED}


def test_ask_without_the_scope_is_told_which(make_token: MakeToken, ask: Ask) -> None:
    response = ask(f"Bearer {make_token(scopes=[])[1]}", "scope=deployments:write")
    assert response.status_code == 403
    assert response["WWW-Authenticate"] == (
        'Bearer realm="tokenportal", error="insufficient_scope", scope="deployments:write"'
    )
    assert response.json()["type"] == "urn:tokenportal:problem:insufficient_scope"


@pytest.mark.parametrize(
    "scope", ["%22", "%5C", "%22%0D%0AX-Evil:%201", "a%00b", "%C3%A9", "%FF", "x" * 101, "%22,+a="]
)
def test_ask_for_a_scope_that_breaks_headers_is_not_repeated(make_token: MakeToken, ask: Ask, scope: str) -> None:
    response = ask(f"Bearer {make_token(scopes=['tokens:read'])[1]}", f"scope={scope}")
    assert response.status_code == 403
    assert response["WWW-Authenticate"] == (
        'Bearer realm="tokenportal", error="insufficient_scope", '
        'error_description="The access token does not have the permissions that this needs"'
    )
    assert not response.has_header("X-Evil")


def test_ask_for_scopes_on_two_lines_stays_on_one(make_token: MakeToken, ask: Ask) -> None:
    response = ask(f"Bearer {make_token(scopes=['tokens:read'])[1]}", "scope=a%0D%0AX-Evil:1")
    assert 'scope="a X-Evil:1"' in response["WWW-Authenticate"]


def test_ask_with_a_flood_of_questions_is_400_that_travels_as_403(make_token: MakeToken, ask: Ask) -> None:
    response = ask(f"Bearer {make_token()[1]}", "&".join(["scope=a"] * 51))
    assert (response.status_code, response["X-Error-Status"]) == (403, "400")
    assert ask(f"Bearer {make_token()[1]}", "&".join(["scope=a"] * 50)).status_code == 204


@pytest.mark.usefixtures("resources")
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"x_forwarded_method": "GET"}, 204),
        ({"x_forwarded_method": "HEAD"}, 204),
        ({"x_forwarded_method": "OPTIONS"}, 204),
        ({"x_original_method": "GET"}, 204),
        ({"x_original_method": "GET", "x_forwarded_method": "GET"}, 204),
        ({"x_forwarded_method": "POST"}, 403),
        ({"x_forwarded_method": "PUT"}, 403),
        ({"x_forwarded_method": "DELETE"}, 403),
        ({"x_forwarded_method": "TRACE"}, 403),
        ({"x_forwarded_method": "PROPFIND"}, 403),
        ({"x_forwarded_method": "get"}, 403),
        ({"x_forwarded_method": ""}, 403),
        ({"x_forwarded_method": "GET, GET"}, 403),
        ({"x_forwarded_method": "GET,POST"}, 403),
        ({"x_forwarded_method": "GET", "x_original_method": "POST"}, 403),
        ({"x_forwarded_method": "POST", "x_original_method": "GET"}, 403),
        ({"x_forwarded_method": "GET", "x_original_method": "HEAD"}, 403),
        ({"x_http_method_override": "GET"}, 403),
    ],
    ids=str,
)
def test_ask_for_a_resource_reads_only_by_a_method_that_reads(
    make_token: MakeToken, ask: Ask, headers: dict[str, str], status: int
) -> None:
    reader, writer = make_token(scopes=["deployments:read"])[1], make_token(scopes=["deployments:write"])[1]
    assert ask(f"Bearer {reader}", "resource=deployments", **headers).status_code == status
    assert ask(f"Bearer {writer}", "resource=deployments", **headers).status_code == 204


@pytest.mark.usefixtures("resources")
@pytest.mark.parametrize("method", METHODS)
def test_ask_for_a_resource_does_not_go_by_its_own_method(make_token: MakeToken, ask: Ask, method: str) -> None:
    authorization = f"Bearer {make_token(scopes=['deployments:read'])[1]}"
    assert ask(authorization, "resource=deployments", method=method).status_code == 403
    assert ask(authorization, "resource=deployments", method=method, x_original_method="GET").status_code == 204
