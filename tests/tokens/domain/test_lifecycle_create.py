"""Making a token: what is written, what is refused, and that a refusal writes nothing."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from accounts.actor import COMMAND, Actor
from accounts.models import AuditEvent, User
from tests.conftest import MakeToken, MakeUser
from tests.tokens.conftest import NOBODYS_SECRET, Judge, SetPolicy, events, last_event
from tokens.domain import lifecycle
from tokens.domain.digests import digest
from tokens.domain.lifecycle import create_token, delete_token, disable_token, revoke_token
from tokens.errors import HoldsSecret, InvalidScopes, NameTaken, Refused, TooManyTokens, Unconfirmed
from tokens.models import AccessToken, RequestKey, TokenSecret


def test_create_token_keeps_what_was_given(alice: User, web: Actor, now: datetime, resources: list[str]) -> None:
    token, _ = create_token(
        alice,
        name=" CI ",
        description=" deploys ",
        scopes=["deployments:write"],
        allowed_networks=["203.0.113.7", "10.0.0.0/8"],
        expires_at=now + timedelta(days=30),
        by=web,
        now=now,
    )
    row = AccessToken.objects.get(pk=token.pk)
    assert (row.owner, row.name, row.name_key, row.description) == (alice, "CI", "ci", "deploys")
    assert row.scopes == "deployments:read deployments:write"
    assert row.allowed_networks == ["10.0.0.0/8", "203.0.113.7/32"]
    assert (row.created_at, row.updated_at, row.expires_at) == (now, now, now + timedelta(days=30))
    assert row.regenerated_at is row.disabled_at is row.revoked_at is row.last_used_at is None


def test_create_token_of_which_nothing_more_is_said_can_do_nothing(alice: User, web: Actor, now: datetime) -> None:
    token, _ = create_token(alice, name="ci", expires_at=now + timedelta(days=1), by=web, now=now)
    row = AccessToken.objects.get(pk=token.pk)
    assert (row.description, row.scopes, row.allowed_networks) == ("", "", [])


def test_create_token_keeps_the_digest_and_the_hint_of_its_secret_alone(make_token: MakeToken, now: datetime) -> None:
    token, secret = make_token()
    row = TokenSecret.objects.get(token=token)
    assert (bytes(row.digest), row.pepper) == (digest(secret, 2), 2)
    assert row.hint == token.hint == f"tp_{secret[3:7]}…{secret[39:43]}"
    assert (row.created_at, row.replaced_at, row.accepted_until) == (now, None, None)


def test_create_token_makes_a_secret_that_is_good_at_once(make_token: MakeToken, judge: Judge) -> None:
    assert judge(make_token()[1]) == "good"


def test_create_token_without_scopes_is_good_for_nothing(alice: User, web: Actor, now: datetime, judge: Judge) -> None:
    token, secret = create_token(alice, name="ci", expires_at=now + timedelta(days=1), by=web, now=now)
    assert token.scopes == ""
    assert judge(secret) == "insufficient_scope"


def test_create_token_records_who_what_and_from_where(make_token: MakeToken, alice: User, web: Actor) -> None:
    token, secret = make_token(name="ci", description="deploys", by=web)
    event = last_event("token.created")
    assert (event.actor_id, event.actor_email, event.channel) == (alice.pk, alice.email, "web")
    assert (event.address, event.agent, event.request_id) == ("203.0.113.7", "Firefox", "r-1")
    assert (event.subject_type, event.subject_id, event.subject_name, event.owner_id) == (
        "token",
        token.pk,
        "ci",
        alice.pk,
    )
    assert event.before == {}
    assert event.after | {"name": "ci", "scopes": "full", "description": "deploys"} == event.after
    assert secret[3:43] not in repr(event.__dict__)


BAD: list[tuple[dict[str, Any], str, str]] = [
    ({"name": ""}, "invalid_name", "name"),
    ({"name": " \t"}, "invalid_name", "name"),
    ({"name": "x" * 65}, "invalid_name", "name"),
    ({"name": "a\u202eb"}, "invalid_name", "name"),
    ({"name": "\u200b"}, "invalid_name", "name"),
    ({"name": "a\ud800"}, "invalid_name", "name"),
    ({"name": NOBODYS_SECRET}, "holds_secret", "name"),
    ({"name": "TAKEN"}, "name_taken", "name"),
    ({"description": "x" * 201}, "invalid_description", "description"),
    ({"description": "a\nb"}, "invalid_description", "description"),
    ({"description": f"was {NOBODYS_SECRET}"}, "holds_secret", "description"),
    ({"scopes": ["nobody:read"]}, "invalid_scopes", "scopes"),
    ({"scopes": ["a\0b:read"]}, "invalid_scopes", "scopes"),
    ({"scopes": ["\ud800:read"]}, "invalid_scopes", "scopes"),
    ({"scopes": ["full", "tokens:read"]}, "invalid_scopes", "scopes"),
    ({"scopes": ["introspect"]}, "invalid_scopes", "scopes"),
    ({"scopes": [NOBODYS_SECRET]}, "holds_secret", "scopes"),
    ({"allowed_networks": ["10.0.0.5/8"]}, "invalid_networks", "allowed_networks"),
    ({"allowed_networks": ["10.0.0.0/8", NOBODYS_SECRET]}, "holds_secret", "allowed_networks"),
]


@pytest.mark.parametrize(("bad", "code", "field"), BAD, ids=lambda value: repr(value)[:40])
def test_create_token_of_bad_input_is_refused_at_its_field(
    make_token: MakeToken, bad: dict[str, Any], code: str, field: str
) -> None:
    make_token(name="taken")
    with pytest.raises(Refused) as refused:
        make_token(**bad, request_key="k")
    assert (refused.value.code, refused.value.field) == (code, field)
    assert NOBODYS_SECRET[3:] not in refused.value.message + repr(refused.value)


@pytest.mark.parametrize(("bad", "_code", "_field"), BAD, ids=lambda value: repr(value)[:40])
def test_create_token_refused_writes_nothing(
    make_token: MakeToken, bad: dict[str, Any], _code: str, _field: str
) -> None:
    make_token(name="taken")
    with pytest.raises(Refused):
        make_token(**bad, request_key="k")
    assert [model.objects.count() for model in (AccessToken, TokenSecret)] == [1, 1]
    assert AuditEvent.objects.filter(kind__startswith="token.").count() == 1
    assert not RequestKey.objects.exists()


@pytest.mark.parametrize("days", [-1, 0, 366])
def test_create_token_past_or_too_far_is_refused(make_token: MakeToken, now: datetime, days: int) -> None:
    with pytest.raises(Refused) as refused:
        make_token(expires_at=now + timedelta(days=days))
    assert (refused.value.code, refused.value.field) == ("invalid_expiration", "expires_at")


@pytest.mark.parametrize(
    ("name", "other"), [("ci", "CI"), ("café", "cafe\u0301"), ("straße", "STRASSE"), ("ﬁ", "FI"), ("ci", " ci ")]
)
def test_create_token_with_a_name_that_reads_alike_is_refused(make_token: MakeToken, name: str, other: str) -> None:
    make_token(name=name)
    with pytest.raises(NameTaken):
        make_token(name=other)


def test_create_token_with_a_name_of_somebody_else_is_made(make_token: MakeToken, bob: User) -> None:
    make_token(name="ci")
    assert make_token(owner=bob, name="ci")[0].owner == bob


def test_create_token_with_the_name_of_an_ended_one_is_refused(
    make_token: MakeToken, web: Actor, now: datetime
) -> None:
    token, _ = make_token(name="ci")
    revoke_token(token, code="administrator", reason="", by=web, now=now)
    with pytest.raises(NameTaken):
        make_token(name="ci", now=now + timedelta(days=40))


def test_create_token_with_the_name_of_a_deleted_one_is_made(make_token: MakeToken, web: Actor, now: datetime) -> None:
    token, _ = make_token(name="ci")
    delete_token(token, by=web, now=now)
    assert make_token(name="ci")[0].name == "ci"


@pytest.mark.parametrize("name", ["\ufdfa" * 64, "👩‍👩‍👧‍👦" * 9, "ΐ" * 64, "\U0001f600" * 64])
def test_create_token_with_the_longest_keys_is_stored_and_found(make_token: MakeToken, name: str) -> None:
    token, _ = make_token(name=name)
    assert AccessToken.objects.get(name=name).name_key == token.name_key
    with pytest.raises(NameTaken):
        make_token(name=name)


def test_create_token_never_gives_an_id_again(make_token: MakeToken, web: Actor, now: datetime) -> None:
    first, _ = make_token()
    last, _ = make_token()
    gone = last.pk
    delete_token(last, by=web, now=now)
    assert make_token()[0].pk > gone > first.pk


def test_create_token_at_the_limit_is_refused(make_token: MakeToken, set_policy: SetPolicy) -> None:
    set_policy(tokens_per_owner=2)
    make_token()
    make_token()
    with pytest.raises(TooManyTokens, match="more tokens here than 2"):
        make_token()


def test_create_token_counts_neither_ended_ones_nor_other_peoples(
    make_token: MakeToken, bob: User, web: Actor, now: datetime, set_policy: SetPolicy
) -> None:
    set_policy(tokens_per_owner=1)
    make_token(owner=bob)
    make_token(expires_at=now - timedelta(seconds=1), now=now - timedelta(days=2))
    revoke_token(make_token()[0], code="policy", reason="", by=web, now=now)
    assert make_token()[0].pk


def test_create_token_counts_disabled_ones(
    make_token: MakeToken, web: Actor, now: datetime, set_policy: SetPolicy
) -> None:
    set_policy(tokens_per_owner=1)
    disable_token(make_token()[0], by=web, now=now)
    with pytest.raises(TooManyTokens):
        make_token()


def test_create_token_counts_no_more_from_the_second_of_the_end(
    make_token: MakeToken, now: datetime, set_policy: SetPolicy
) -> None:
    set_policy(tokens_per_owner=1)
    token, _ = make_token()
    with pytest.raises(TooManyTokens):
        make_token(now=token.expires_at - timedelta(seconds=1))
    assert make_token(now=token.expires_at)[0].pk


def test_create_token_before_the_address_is_confirmed_is_refused(make_token: MakeToken, make_user: MakeUser) -> None:
    with pytest.raises(Unconfirmed, match="Confirm your e-mail address"):
        make_token(owner=make_user(confirmed=False))
    assert not AccessToken.objects.exists()


def test_create_token_with_another_address_confirmed_is_refused(make_token: MakeToken, alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(email="new@example.com")
    with pytest.raises(Unconfirmed):
        make_token(owner=User.objects.get(pk=alice.pk))


def test_create_token_where_full_access_is_not_given_is_refused(make_token: MakeToken, set_policy: SetPolicy) -> None:
    set_policy(full_access_allowed=False)
    with pytest.raises(InvalidScopes, match="allows no full access"):
        make_token(scopes=["full"])
    assert make_token(scopes=["tokens:read"])[0].scopes == "tokens:read"


def test_create_token_with_introspect_by_an_administrator_is_made(make_token: MakeToken, judge: Judge) -> None:
    _, secret = make_token(scopes=["introspect"], may_introspect=True, by=COMMAND)
    assert judge(secret, "introspect") == "good"


def test_create_token_that_can_not_be_recorded_is_not_made(
    make_token: MakeToken, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lifecycle, "record", lambda *_args, **_kwargs: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        make_token(request_key="k")
    assert not AccessToken.objects.exists()
    assert not TokenSecret.objects.exists()
    assert not RequestKey.objects.exists()


def test_create_token_in_a_transaction_that_is_rolled_back_leaves_no_event(make_token: MakeToken) -> None:
    with transaction.atomic():
        token, _ = make_token()
        transaction.set_rollback(True)
    assert events(token) == []


def test_create_token_with_a_taken_name_is_told_so_by_the_database(make_token: MakeToken) -> None:
    make_token(name="ci")
    with pytest.raises(NameTaken) as refused:
        make_token(name="CI")
    assert isinstance(refused.value.__context__, IntegrityError)


def test_create_token_that_the_database_refuses_for_another_reason_says_so(
    make_token: MakeToken, monkeypatch: pytest.MonkeyPatch, now: datetime
) -> None:
    monkeypatch.setattr(lifecycle, "check_expiration", lambda *_args, **_kwargs: now)
    with pytest.raises(IntegrityError):
        make_token()


def test_create_token_refused_for_a_secret_says_what_to_do(make_token: MakeToken) -> None:
    with pytest.raises(HoldsSecret, match="Revoke it if anyone saw it"):
        make_token(name=NOBODYS_SECRET)
