"""Resources: what tokens can be given access to, and what retiring one does to them."""

from datetime import datetime, timedelta

import pytest

from accounts.actor import Actor
from accounts.audit import AuditEvent
from tests.conftest import MakeToken
from tests.tokens.conftest import NOBODYS_SECRET, events, last_event
from tokens.domain import resources as domain
from tokens.domain.resources import edit_resource, register_resource, retire_resource, tokens_with
from tokens.errors import InvalidResource, InvalidScopes, Refused
from tokens.models import AccessToken, Resource

LATER = timedelta(minutes=5)


@pytest.mark.parametrize("name", ["a", "deployments", "a-b_9", "x" * 40, "token", "fullness", "anyone"])
def test_register_resource_with_a_good_name_is_done(admin: Actor, now: datetime, name: str) -> None:
    resource = register_resource(name, title=" Title ", description=" d ", by=admin, now=now)
    assert (resource.name, resource.title, resource.description, resource.created_at) == (name, "Title", "d", now)
    assert last_event("resource.registered").after == {"name": name, "title": "Title", "description": "d"}


@pytest.mark.parametrize(
    "name",
    ["", "9a", "-a", "_a", "A", "a b", "a:b", "a\n", "é", "a.b", "x" * 41, "full", "any", "tokens", "introspect"],
)
def test_register_resource_with_a_bad_or_reserved_name_is_refused(admin: Actor, now: datetime, name: str) -> None:
    with pytest.raises(InvalidResource) as refused:
        register_resource(name, title="Title", by=admin, now=now)
    assert refused.value.field == "name"


@pytest.mark.parametrize(
    ("texts", "field"),
    [
        ({"title": " "}, "title"),
        ({"title": "x" * 81}, "title"),
        ({"title": "a\0"}, "title"),
        ({"title": "t", "description": "x" * 201}, "description"),
        ({"title": NOBODYS_SECRET}, "title"),
        ({"title": "t", "description": NOBODYS_SECRET}, "description"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_register_resource_with_bad_texts_is_refused_without_echo(
    admin: Actor, now: datetime, texts: dict[str, str], field: str
) -> None:
    with pytest.raises(Refused) as refused:
        register_resource("deployments", by=admin, now=now, **texts)
    assert refused.value.field == field
    assert NOBODYS_SECRET[3:] not in refused.value.message
    assert not Resource.objects.filter(name="deployments").exists()


def test_register_resource_twice_is_refused(admin: Actor, now: datetime, resources: list[str]) -> None:
    with pytest.raises(InvalidResource, match="already"):
        register_resource(resources[0], title="Another", by=admin, now=now)


def test_edit_resource_changes_its_words_and_records_both(admin: Actor, now: datetime, resources: list[str]) -> None:
    resource = Resource.objects.get(name="deployments")
    edit_resource(resource, title="Deploys", description="d", by=admin, now=now)
    event = last_event("resource.edited")
    assert Resource.objects.get(name="deployments").title == "Deploys"
    assert (event.before["title"], event.after["title"]) == ("Deployments", "Deploys")


def test_edit_resource_without_a_title_is_refused(admin: Actor, now: datetime, resources: list[str]) -> None:
    with pytest.raises(InvalidResource):
        edit_resource(Resource.objects.get(name="deployments"), title="", description="", by=admin, now=now)


def test_retire_resource_takes_its_scopes_off_all_tokens(
    make_token: MakeToken, admin: Actor, now: datetime, resources: list[str]
) -> None:
    both, _ = make_token(scopes=["deployments:write", "registry:read"])
    only, _ = make_token(scopes=["deployments:read"])
    other, _ = make_token(scopes=["registry:write"])
    full, _ = make_token(scopes=["full"])
    assert retire_resource(Resource.objects.get(name="deployments"), by=admin, now=now + LATER) == 2
    scopes = dict(AccessToken.objects.values_list("pk", "scopes"))
    assert scopes == {
        both.pk: "registry:read",
        only.pk: "",
        other.pk: "registry:read registry:write",
        full.pk: "full",
    }


def test_retire_resource_is_recorded_with_each_token_and_touches_no_other(
    make_token: MakeToken, admin: Actor, now: datetime, resources: list[str]
) -> None:
    touched, _ = make_token(scopes=["deployments:read"])
    spared, _ = make_token(scopes=["registry:read"])
    retire_resource(Resource.objects.get(name="deployments"), by=admin, now=now + LATER)
    assert events(touched) == ["token.created", "token.scopes_retired"]
    assert events(spared) == ["token.created"]
    assert AccessToken.objects.get(pk=touched.pk).updated_at == now + LATER
    assert last_event("resource.retired").before["name"] == "deployments"


def test_retire_resource_whose_name_is_the_tail_of_another_spares_that(
    make_token: MakeToken, admin: Actor, now: datetime
) -> None:
    for name in ("ci", "x-ci", "x_ci"):
        register_resource(name, title=name, by=admin, now=now)
    token, _ = make_token(scopes=["x-ci:read", "x_ci:read"])
    resource = Resource.objects.get(name="ci")
    assert (tokens_with(resource), retire_resource(resource, by=admin, now=now)) == (0, 0)
    assert AccessToken.objects.get(pk=token.pk).scopes == "x-ci:read x_ci:read"


def test_retire_resource_whose_name_holds_a_wildcard_matches_it_alone(
    make_token: MakeToken, admin: Actor, now: datetime
) -> None:
    for name in ("a_b", "axb"):
        register_resource(name, title=name, by=admin, now=now)
    make_token(scopes=["axb:read"])
    assert tokens_with(Resource.objects.get(name="a_b")) == 0


def test_retire_resource_makes_its_scopes_unknown(
    make_token: MakeToken, admin: Actor, now: datetime, resources: list[str]
) -> None:
    retire_resource(Resource.objects.get(name="deployments"), by=admin, now=now)
    with pytest.raises(InvalidScopes):
        make_token(scopes=["deployments:read"])


def test_retire_resource_of_the_portal_is_refused(admin: Actor, now: datetime) -> None:
    with pytest.raises(InvalidResource, match="can't be retired"):
        retire_resource(Resource.objects.get(name="tokens"), by=admin, now=now)


def test_retire_resource_that_can_not_be_recorded_is_not_done(
    make_token: MakeToken,
    admin: Actor,
    now: datetime,
    resources: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make_token(scopes=["deployments:read"])
    monkeypatch.setattr(domain, "record", lambda *_args, **_kwargs: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        retire_resource(Resource.objects.get(name="deployments"), by=admin, now=now)
    assert AccessToken.objects.get().scopes == "deployments:read"
    assert Resource.objects.filter(name="deployments").exists()


def test_edit_resource_that_was_retired_meanwhile_is_refused(admin: Actor, now: datetime, resources: list[str]) -> None:
    resource = Resource.objects.get(name="deployments")
    retire_resource(Resource.objects.get(name="deployments"), by=admin, now=now)
    with pytest.raises(InvalidResource, match="retired in the meantime"):
        edit_resource(resource, title="Deploys", description="", by=admin, now=now)


def test_retire_resource_twice_is_done_once(admin: Actor, now: datetime, resources: list[str]) -> None:
    resource, again = (Resource.objects.get(name="deployments") for _ in range(2))
    retire_resource(resource, by=admin, now=now)
    assert retire_resource(again, by=admin, now=now) == 0
    assert AuditEvent.objects.filter(kind="resource.retired").count() == 1
