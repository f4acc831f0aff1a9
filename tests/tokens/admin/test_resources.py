"""Resources in the console."""

import pytest
from django.urls import reverse

from tests.conftest import MakeToken
from tests.tokens.admin.conftest import Console
from tests.tokens.conftest import NOBODYS_SECRET, last_event
from tokens.models import Resource


@pytest.fixture
def deployments(resources: list[str]) -> Resource:
    return Resource.objects.get(name="deployments")


def test_resource_register_makes_one(console: Console) -> None:
    answer = console.post("resource_register", name="metrics", title="Metrics", description="Graphs")
    assert answer["Location"] == reverse("admin:resources")
    made = Resource.objects.get(name="metrics")
    assert (made.title, made.description) == ("Metrics", "Graphs")
    assert last_event("resource.registered").actor_id == console.user.pk
    assert "Metrics was registered." in console.text("resources")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": "", "title": "T"}, "name"),
        ({"name": "Deployments", "title": "T"}, "name"),
        ({"name": "full", "title": "T"}, "name"),
        ({"name": "tokens", "title": "T"}, "name"),
        ({"name": "deployments", "title": "T"}, "name"),
        ({"name": "x" * 41, "title": "T"}, "name"),
        ({"name": "a", "title": " "}, "title"),
        ({"name": "a", "title": "T" * 81}, "title"),
        ({"name": "a", "title": "T\u2028U"}, "title"),
        ({"name": "a", "title": "T", "description": "d" * 201}, "description"),
        ({"name": "a", "title": "T", "description": "a\0b"}, "description"),
        ({"name": "a", "title": NOBODYS_SECRET}, "title"),
        ({"name": NOBODYS_SECRET, "title": "T"}, "name"),
    ],
)
def test_resource_register_what_is_wrong_stands_at_its_field(
    fields: dict[str, str], field: str, console: Console, resources: list[str]
) -> None:
    answer = console.post("resource_register", **fields)
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert NOBODYS_SECRET not in answer.content.decode()
    assert Resource.objects.count() == 3


def test_resource_edit_changes_title_and_description(console: Console, deployments: Resource) -> None:
    assert 'value="Deployments"' in console.text("resource_edit", deployments.pk)
    console.post("resource_edit", deployments.pk, title="Deploys", description="", name="other")
    deployments.refresh_from_db()
    assert (deployments.title, deployments.name) == ("Deploys", "deployments")
    assert last_event("resource.edited").before["title"] == "Deployments"


def test_resource_edit_without_title_is_refused(console: Console, deployments: Resource) -> None:
    assert console.post("resource_edit", deployments.pk, title="").status_code == 422
    deployments.refresh_from_db()
    assert deployments.title == "Deployments"


def test_resource_retire_says_how_many_tokens_lose_a_scope(
    console: Console, deployments: Resource, make_token: MakeToken
) -> None:
    assert "No token has access to it." in console.text("resource_retire", deployments.pk)
    make_token(scopes=["deployments:write", "registry:read"])
    make_token(scopes=["registry:read"])
    assert "1 token loses its access" in console.text("resource_retire", deployments.pk)


def test_resource_retire_takes_its_scopes_off_all_tokens(
    console: Console, deployments: Resource, make_token: MakeToken
) -> None:
    both, _ = make_token(scopes=["deployments:write", "registry:read"])
    one, _ = make_token(scopes=["deployments:read"])
    console.post("resource_retire", deployments.pk)
    both.refresh_from_db()
    one.refresh_from_db()
    assert (both.scopes, one.scopes) == ("registry:read", "")
    assert not Resource.objects.filter(name="deployments").exists()
    assert "Deployments was retired; 2 tokens lost a permission." in console.text("resources")


def test_resource_retire_by_get_changes_nothing(console: Console, deployments: Resource) -> None:
    console.get("resource_retire", deployments.pk)
    assert Resource.objects.filter(name="deployments").exists()


def test_resource_retire_the_portals_own_is_not_offered_and_refused(console: Console) -> None:
    own = Resource.objects.get(name="tokens")
    assert reverse("admin:resource_retire", args=[own.pk]) not in console.text("resources")
    assert "Retire resource</button>" not in console.text("resource_retire", own.pk)
    answer = console.post("resource_retire", own.pk)
    assert answer.status_code == 409
    assert Resource.objects.filter(name="tokens").exists()
