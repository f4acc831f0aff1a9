"""Editing: what is not secret changes, the secret and its end stay."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts.actor import Actor
from accounts.models import User
from tests.conftest import MakeToken
from tests.tokens.conftest import NOBODYS_SECRET, Judge, SetPolicy, events, last_event
from tokens.domain import rows
from tokens.domain.lifecycle import delete_token, edit_token
from tokens.errors import ChangedElsewhere, InvalidScopes, NameTaken, Refused, TokenGone
from tokens.models import AccessToken

LATER = timedelta(minutes=5)


def edit(token: AccessToken, *, by: Actor, now: datetime, **changed: Any) -> AccessToken:
    """Save the form with these fields changed."""
    as_it_is = {
        "name": token.name,
        "description": token.description,
        "scopes": token.scope_list,
        "allowed_networks": token.allowed_networks,
    }
    return edit_token(token, by=by, now=now, **as_it_is | changed)


def test_edit_token_changes_what_was_given(make_token: MakeToken, web: Actor, now: datetime) -> None:
    token, _ = make_token(name="ci")
    new = {"name": "cd", "description": "d", "scopes": ["tokens:write"], "allowed_networks": ["10.0.0.0/8"]}
    edit(token, by=web, now=now + LATER, **new)
    row = AccessToken.objects.get(pk=token.pk)
    assert (row.name, row.name_key, row.description) == ("cd", "cd", "d")
    assert (row.scopes, row.allowed_networks) == ("tokens:read tokens:write", ["10.0.0.0/8"])
    assert (row.created_at, row.updated_at, row.expires_at) == (now, now + LATER, token.expires_at)


def test_edit_token_leaves_the_secret_alone(make_token: MakeToken, web: Actor, now: datetime, judge: Judge) -> None:
    token, secret = make_token()
    edit(token, by=web, now=now, name="other")
    assert judge(secret) == "good"
    assert token.secrets.count() == 1


def test_edit_token_records_only_what_changed(make_token: MakeToken, web: Actor, now: datetime) -> None:
    token, _ = make_token(name="ci")
    edit(token, by=web, now=now, description="deploys")
    event = last_event("token.edited")
    assert (event.before, event.after) == ({"description": ""}, {"description": "deploys"})


def test_edit_token_to_its_own_name_in_other_case_is_done(make_token: MakeToken, web: Actor, now: datetime) -> None:
    token, _ = make_token(name="ci")
    assert edit(token, by=web, now=now, name="CI").name == "CI"


def test_edit_token_to_a_taken_name_is_refused_and_changes_nothing(
    make_token: MakeToken, web: Actor, now: datetime
) -> None:
    make_token(name="ci")
    token, _ = make_token(name="cd")
    with pytest.raises(NameTaken):
        edit(token, by=web, now=now, name="Ci", description="changed")
    assert AccessToken.objects.get(pk=token.pk).description == ""
    assert events(token) == ["token.created"]


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        ({"name": " "}, "invalid_name"),
        ({"name": NOBODYS_SECRET}, "holds_secret"),
        ({"description": NOBODYS_SECRET}, "holds_secret"),
        ({"scopes": [NOBODYS_SECRET]}, "holds_secret"),
        ({"scopes": ["full", NOBODYS_SECRET]}, "holds_secret"),
        ({"scopes": ["introspect"]}, "invalid_scopes"),
        ({"scopes": ["nobody:read"]}, "invalid_scopes"),
        ({"allowed_networks": ["10.0.0.5/8"]}, "invalid_networks"),
        ({"allowed_networks": [NOBODYS_SECRET]}, "holds_secret"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_edit_token_with_bad_input_is_refused_without_echo(
    make_token: MakeToken, web: Actor, now: datetime, bad: dict[str, Any], code: str
) -> None:
    token, _ = make_token()
    with pytest.raises(Refused) as refused:
        edit(token, by=web, now=now, **bad)
    assert refused.value.code == code
    assert NOBODYS_SECRET[3:] not in refused.value.message


def test_edit_token_that_was_changed_since_is_refused(make_token: MakeToken, web: Actor, now: datetime) -> None:
    token, _ = make_token(name="ci")
    edit(token, by=web, now=now + LATER, name="first")
    with pytest.raises(ChangedElsewhere):
        edit(token, by=web, now=now + LATER, name="second", version=now)
    assert AccessToken.objects.get(pk=token.pk).name == "first"


def test_edit_token_twice_from_the_same_form_is_done_once(make_token: MakeToken, web: Actor, now: datetime) -> None:
    token, _ = make_token()
    form = {"name": "cd", "scopes": ["full"], "version": token.updated_at}
    first = edit(token, by=web, now=now + LATER, **form)
    second = edit(token, by=web, now=now + 2 * LATER, **form)
    assert (second.name, second.updated_at) == ("cd", first.updated_at)
    assert events(token) == ["token.created", "token.edited"]


def test_edit_token_that_changes_nothing_writes_nothing(make_token: MakeToken, web: Actor, now: datetime) -> None:
    token, _ = make_token(description="d")
    same = edit(token, by=web, now=now + LATER, name=token.name, description="d", scopes=["full"], allowed_networks=[])
    assert same.updated_at == AccessToken.objects.get().updated_at == now
    assert events(token) == ["token.created"]


def test_edit_token_of_the_version_that_was_seen_is_done(make_token: MakeToken, web: Actor, now: datetime) -> None:
    token, _ = make_token(name="ci", now=now.replace(microsecond=123_456))
    seen = datetime.fromisoformat(AccessToken.objects.get(pk=token.pk).updated_at.isoformat())
    assert edit(token, by=web, now=now, name="cd", version=seen).name == "cd"


def test_edit_token_that_was_deleted_is_refused(make_token: MakeToken, web: Actor, now: datetime) -> None:
    token, _ = make_token()
    other = AccessToken.objects.get(pk=token.pk)
    delete_token(other, by=web, now=now)
    with pytest.raises(TokenGone):
        edit(token, by=web, now=now, name="cd")


def test_edit_token_of_somebody_else_with_the_same_name_is_done(
    make_token: MakeToken, bob: User, web: Actor, now: datetime
) -> None:
    make_token(owner=bob, name="taken by bob")
    token, _ = make_token()
    assert edit(token, by=web, now=now, name="taken by bob").name == "taken by bob"


def test_edit_token_keeps_full_access_given_earlier(
    make_token: MakeToken, web: Actor, now: datetime, set_policy: SetPolicy
) -> None:
    token, _ = make_token(scopes=["full"])
    set_policy(full_access_allowed=False)
    assert edit(token, by=web, now=now, name="renamed").scopes == "full"


def test_edit_token_to_full_access_that_is_given_no_more_is_refused(
    make_token: MakeToken, web: Actor, now: datetime, set_policy: SetPolicy
) -> None:
    token, _ = make_token(scopes=["full"])
    set_policy(full_access_allowed=False)
    edit(token, by=web, now=now, scopes=[])
    with pytest.raises(InvalidScopes):
        edit(token, by=web, now=now, scopes=["full"])


def test_edit_token_keeps_introspect_beside_other_scopes(make_token: MakeToken, web: Actor, now: datetime) -> None:
    token, _ = make_token(scopes=["introspect"], may_introspect=True)
    assert edit(token, by=web, now=now, scopes=["introspect", "tokens:read"]).scopes == "introspect tokens:read"


def test_edit_token_gives_introspect_back_to_nobody(make_token: MakeToken, web: Actor, now: datetime) -> None:
    token, _ = make_token(scopes=["introspect"], may_introspect=True)
    edit(token, by=web, now=now, scopes=["tokens:read"])
    with pytest.raises(InvalidScopes):
        edit(token, by=web, now=now, scopes=["introspect", "tokens:read"])


def test_edit_token_that_can_not_be_recorded_is_not_changed(
    make_token: MakeToken, web: Actor, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, _ = make_token(name="ci")
    monkeypatch.setattr(rows, "record", lambda *_args, **_kwargs: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        edit(token, by=web, now=now, name="cd")
    assert AccessToken.objects.get(pk=token.pk).name == "ci"


@pytest.mark.parametrize("behind", [timedelta(0), timedelta(seconds=1)])
def test_edit_token_by_a_clock_that_is_behind_makes_a_new_version(
    make_token: MakeToken, web: Actor, now: datetime, behind: timedelta
) -> None:
    token, _ = make_token()
    seen = token.updated_at
    edited = edit_token(token, name="a", by=web, now=now - behind)
    assert edited.updated_at > seen
    with pytest.raises(ChangedElsewhere):
        edit_token(token, name="b", by=web, now=now, version=seen)
