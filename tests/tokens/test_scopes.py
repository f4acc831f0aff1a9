"""Scopes as text: what is canonical, what is refused, what holds what."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokens import scopes
from tokens.errors import InvalidScopes

RESOURCES = ["tokens", "deployments", "a-b_9"]
known = st.sampled_from([f"{name}:{action}" for name in RESOURCES for action in scopes.ACTIONS] + ["tokens:rotate"])


@pytest.mark.parametrize(
    ("given_scopes", "text"),
    [
        ([], ""),
        (["full"], "full"),
        (["full", "full"], "full"),
        (["deployments:read"], "deployments:read"),
        (["deployments:write"], "deployments:read deployments:write"),
        (["deployments:write", "deployments:read", "deployments:write"], "deployments:read deployments:write"),
        (["tokens:rotate"], "tokens:rotate"),
        (["tokens:write", "tokens:rotate"], "tokens:read tokens:rotate tokens:write"),
        (["tokens:read", "a-b_9:write"], "a-b_9:read a-b_9:write tokens:read"),
    ],
)
def test_normalise_known_scopes_gives_the_canonical_text(given_scopes: list[str], text: str) -> None:
    assert scopes.normalise(given_scopes, resources=RESOURCES) == text


@pytest.mark.parametrize(
    "scope",
    [
        "",
        " ",
        "any",
        "FULL",
        "full ",
        "introspect",
        "deployments",
        "deployments:",
        ":read",
        "deployments:Read",
        "deployments:rotate",
        "deployments:read:write",
        "deployments:read deployments:write",
        "deployments:read\n",
        "other:read",
        "tokens:rotate:write",
        "\ud800:read",
    ],
)
def test_normalise_unknown_scope_is_refused(scope: str) -> None:
    with pytest.raises(InvalidScopes):
        scopes.normalise(["deployments:read", scope], resources=RESOURCES)


@pytest.mark.parametrize("other", ["deployments:read", "tokens:rotate", "introspect"])
def test_normalise_full_with_another_is_refused(other: str) -> None:
    with pytest.raises(InvalidScopes, match="Full access stands alone"):
        scopes.normalise(["full", other], resources=RESOURCES, may_introspect=True)


def test_normalise_introspect_by_an_administrator_is_taken() -> None:
    asked = ["introspect", "deployments:read"]
    assert scopes.normalise(asked, resources=RESOURCES, may_introspect=True) == "deployments:read introspect"


def test_normalise_long_unknown_scope_quotes_sixty_characters_of_it() -> None:
    with pytest.raises(InvalidScopes) as refused:
        scopes.normalise(["x" * 1000], resources=RESOURCES)
    assert refused.value.message == f"There is no permission “{'x' * 60}”."


@given(st.lists(known))
def test_normalise_its_own_text_changes_nothing(chosen: list[str]) -> None:
    text = scopes.normalise(chosen, resources=RESOURCES)
    assert scopes.normalise(scopes.split(text), resources=RESOURCES) == text


@given(st.lists(known))
def test_normalise_any_choice_grants_what_was_chosen(chosen: list[str]) -> None:
    text = scopes.normalise(chosen, resources=RESOURCES)
    assert all(scopes.holds(text, scope) for scope in chosen)


@pytest.mark.parametrize(
    ("text", "scope", "holds"),
    [
        ("", "deployments:read", False),
        ("", "", False),
        ("full", "", True),
        ("full", "full", True),
        ("full", "nobody:registered", True),
        ("full", "tokens:rotate", True),
        ("full", "introspect", False),
        ("introspect", "introspect", True),
        ("introspect", "full", False),
        ("introspect", "deployments:read", False),
        ("deployments:read", "deployments:read", True),
        ("deployments:read", "deployments:write", False),
        ("deployments:read", "deployments", False),
        ("deployments:read", "full", False),
        ("deployments:read", "any", False),
        ("deployments:read deployments:write", "deployments:read", True),
        ("deployments:read deployments:write", "deployments:read deployments:write", False),
        ("tokens:read tokens:write", "tokens:rotate", True),
        ("tokens:read", "tokens:rotate", False),
        ("tokens:rotate", "tokens:rotate", True),
        ("tokens:rotate", "tokens:read", False),
        ("tokens:rotate", "tokens:write", False),
    ],
)
def test_holds_each_case_of_the_table(text: str, scope: str, holds: bool) -> None:
    assert scopes.holds(text, scope) is holds


@pytest.mark.parametrize(
    ("wide", "narrow", "covers"),
    [
        ("", "", True),
        ("deployments:read", "", True),
        ("", "deployments:read", False),
        ("full", "full", True),
        ("full", "deployments:read deployments:write tokens:rotate", True),
        ("full", "introspect", False),
        ("introspect", "full", False),
        ("deployments:read deployments:write", "full", False),
        ("deployments:read deployments:write", "deployments:read", True),
        ("deployments:read", "deployments:read deployments:write", False),
        ("tokens:read tokens:write", "tokens:rotate", True),
        ("tokens:rotate", "tokens:read tokens:write", False),
    ],
)
def test_covers_each_case_of_the_table(wide: str, narrow: str, covers: bool) -> None:
    assert scopes.covers(wide, narrow) is covers


@given(st.lists(known), st.lists(known), known)
def test_covers_any_two_means_holding_all_that_the_narrow_holds(one: list[str], two: list[str], asked: str) -> None:
    wide, narrow = (scopes.normalise(chosen, resources=RESOURCES) for chosen in (one, two))
    if scopes.covers(wide, narrow) and scopes.holds(narrow, asked):
        assert scopes.holds(wide, asked)


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("", ""),
        ("full", "full"),
        ("a:read a:write", ""),
        ("a:read ab:read b-a:read", "ab:read b-a:read"),
        ("a:read a:write introspect", "introspect"),
    ],
)
def test_without_resource_takes_its_scopes_alone(text: str, rest: str) -> None:
    assert scopes.without_resource(text, "a") == rest
