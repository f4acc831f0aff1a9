"""The same acts from many threads at once, on real transactions: on SQLite's file, or on PostgreSQL."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection, transaction

from accounts.actor import Actor
from accounts.models import AuditEvent, User
from tests.conftest import ClientOf, MakeToken, MakeUser
from tests.tokens.conftest import Judge, SetPolicy, by_token, events, secret_id
from tokens.domain import delegation
from tokens.domain.expiration import WantedEnd
from tokens.domain.lifecycle import (
    delete_token,
    disable_token,
    edit_token,
    enable_token,
    regenerate_token,
    revoke_token,
)
from tokens.domain.resources import retire_resource
from tokens.errors import AlreadyDone, Refused
from tokens.models import AccessToken, RequestKey, Resource, TokenSecret

pytestmark = pytest.mark.django_db(transaction=True)

DAY = timedelta(days=1)


def at_once(count: int, act: Callable[[int], Any]) -> list[Any]:
    """What each of `count` threads got from its act: an answer or a refusal."""
    barrier = Barrier(count)

    def one(number: int) -> Any:
        barrier.wait()
        try:
            return act(number)
        except Refused as refused:
            return refused
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def codes(outcomes: list[Any]) -> Counter[str]:
    return Counter(outcome.code if isinstance(outcome, Refused) else "done" for outcome in outcomes)


def test_create_token_twenty_times_with_one_key_makes_one(make_token: MakeToken) -> None:
    outcomes = at_once(20, lambda number: make_token(name=f"n {number}", request_key="k"))
    assert codes(outcomes) == {"done": 1, "already_done": 19}
    made = AccessToken.objects.get()
    assert {outcome.token_id for outcome in outcomes if isinstance(outcome, AlreadyDone)} == {made.pk}
    assert RequestKey.objects.get().token_id == made.pk


def test_create_token_twenty_times_at_the_limit_takes_the_last_places(
    make_token: MakeToken, set_policy: SetPolicy
) -> None:
    set_policy(tokens_per_owner=3)
    make_token()
    outcomes = at_once(20, lambda number: make_token(name=f"n {number}"))
    assert codes(outcomes) == {"done": 2, "too_many_tokens": 18}
    assert AccessToken.objects.count() == 3


def test_create_token_many_times_with_one_name_makes_one(make_token: MakeToken) -> None:
    names = ["ci", "CI", "Ci", " ci ", "ｃｉ"]
    outcomes = at_once(10, lambda number: make_token(name=names[number % 5]))
    assert codes(outcomes) == {"done": 1, "name_taken": 9}


def test_regenerate_token_twenty_times_for_one_secret_makes_one(
    make_token: MakeToken, web: Actor, now: datetime, judge: Judge
) -> None:
    token, old = make_token()
    replaced = secret_id(old)
    outcomes = at_once(
        20, lambda _: regenerate_token(token, expires_at=now + DAY, by=web, now=now, replaces=replaced)[1]
    )
    assert codes(outcomes) == {"done": 1, "already_done": 19}
    (secret,) = (outcome for outcome in outcomes if isinstance(outcome, str))
    assert (judge(secret), judge(old)) == ("good", "replaced")
    assert events(token) == ["token.created", "token.regenerated"]


def test_regenerate_token_many_times_leaves_one_good_secret(
    make_token: MakeToken, web: Actor, now: datetime, judge: Judge
) -> None:
    token, old = make_token()
    made = at_once(10, lambda _: regenerate_token(token, expires_at=now + DAY, by=web, now=now)[1])
    assert Counter(map(judge, [old, *made])) == {"good": 1, "replaced": 10}
    assert TokenSecret.objects.filter(replaced_at=None).count() == 1


def test_edit_token_many_times_from_one_version_is_done_once(make_token: MakeToken, web: Actor, now: datetime) -> None:
    token, _ = make_token()
    same: dict[str, Any] = {"description": "", "scopes": ["full"], "allowed_networks": [], "by": web, "version": now}
    outcomes = at_once(10, lambda number: edit_token(token, name=f"n {number}", now=now + DAY, **same))
    assert codes(outcomes) == {"done": 1, "changed_elsewhere": 9}
    assert events(token) == ["token.created", "token.edited"]


@pytest.mark.usefixtures("resources")
def test_retire_resource_while_others_give_it_leaves_no_token_with_it(
    make_token: MakeToken, web: Actor, now: datetime
) -> None:
    edited = [make_token()[0] for _ in range(5)]
    gives: dict[str, Any] = {"scopes": ["deployments:write"], "by": web, "now": now}
    keeps: dict[str, Any] = {"description": "", "allowed_networks": []}

    def act(number: int) -> Any:
        if number == 0:
            return retire_resource(Resource.objects.get(name="deployments"), by=web, now=now)
        if number % 2:
            return make_token(name=f"n {number}", **gives)
        return edit_token(edited[number // 2 - 1], name=f"e {number}", **gives, **keeps)

    outcomes = at_once(11, act)
    assert set(codes(outcomes)) <= {"done", "invalid_scopes"}
    assert not AccessToken.objects.filter(scopes__contains="deployments").exists()


def test_edit_token_of_many_to_one_name_gives_it_to_one(make_token: MakeToken, web: Actor, now: datetime) -> None:
    tokens = [make_token()[0] for _ in range(8)]
    same: dict[str, Any] = {"description": "", "scopes": ["full"], "allowed_networks": [], "by": web, "now": now}
    outcomes = at_once(8, lambda number: edit_token(tokens[number], name="ci", **same))
    assert codes(outcomes) == {"done": 1, "name_taken": 7}
    assert AccessToken.objects.filter(name="ci").count() == 1


def test_enable_token_of_many_at_once_deadlocks_nobody(make_token: MakeToken, web: Actor, now: datetime) -> None:
    tokens = [disable_token(make_token()[0], by=web, now=now) for _ in range(8)]
    outcomes = at_once(8, lambda number: enable_token(tokens[number], by=web, now=now))
    assert codes(outcomes) == {"done": 8}
    assert not AccessToken.objects.exclude(disabled_at=None).exists()


def test_revoke_token_while_others_change_it_ends_it_for_good(
    make_token: MakeToken, web: Actor, now: datetime, judge: Judge
) -> None:
    token, old = make_token()

    def act(number: int) -> Any:
        if number == 0:
            return revoke_token(token, code="leak", reason="", by=web, now=now)
        return regenerate_token(token, expires_at=now + DAY, by=web, now=now)[1]

    outcomes = at_once(10, act)
    made = [outcome for outcome in outcomes if isinstance(outcome, str)]
    assert set(map(judge, [old, *made])) == {"revoked"}
    assert set(codes(outcomes)) <= {"done", "revoked"}


def test_delete_token_while_others_change_it_leaves_nothing(
    make_token: MakeToken, web: Actor, now: datetime, judge: Judge
) -> None:
    token, old = make_token()

    def act(number: int) -> Any:
        own = AccessToken(pk=token.pk, owner=token.owner)  # each its own object, as each request has
        if number == 0:
            return delete_token(own, by=web, now=now)
        return regenerate_token(own, expires_at=now + DAY, by=web, now=now)[1]

    outcomes = at_once(10, act)
    made = [outcome for outcome in outcomes if isinstance(outcome, str)]
    assert set(map(judge, [old, *made])) == {"unknown"}
    assert set(codes(outcomes)) <= {"done", "gone"}
    assert not TokenSecret.objects.exists()


def test_verification_while_a_token_is_changed_waits_for_nobody(
    make_token: MakeToken, web: Actor, now: datetime, judge: Judge
) -> None:
    # What is not committed yet is not seen, and a lock on the row delays no reader.
    token, secret = make_token()
    with transaction.atomic():
        disable_token(token, by=web, now=now)
        (seen,) = at_once(1, lambda _: judge(secret))
    assert (seen, judge(secret)) == ("good", "disabled")


def test_revoke_token_that_leaked_while_it_makes_others_leaves_none_of_them_good(
    make_token: MakeToken, web: Actor, now: datetime, judge: Judge
) -> None:
    thief = make_token()[0]
    by = by_token(thief)

    def act(number: int) -> Any:
        if number == 5:
            return revoke_token(thief, code="leak", reason="", by=web, now=now)
        made = delegation.create_token(name=f"n {number}", scopes=["full"], end=WantedEnd(days=7), by=by, now=now)
        return made.secret

    outcomes = at_once(12, act)
    assert set(codes(outcomes)) <= {"done", "invalid_token"}
    assert {judge(outcome) for outcome in outcomes if isinstance(outcome, str)} <= {"revoked"}
    assert not AccessToken.objects.filter(made_by_token=thief, revoked_at=None).exists()


def test_regenerate_token_while_its_old_secret_makes_others_ends_that(
    make_token: MakeToken, web: Actor, now: datetime
) -> None:
    leaked = make_token()[0]
    by = by_token(leaked)

    def act(number: int) -> Any:
        at = now + number * timedelta(microseconds=1)
        if number == 5:
            return regenerate_token(leaked, expires_at=now + DAY, by=web, now=at)
        return delegation.create_token(name=f"n {number}", scopes=["full"], end=WantedEnd(days=7), by=by, now=at)

    assert set(codes(at_once(12, act))) <= {"done", "invalid_token"}
    kinds = list(AuditEvent.objects.order_by("pk").values_list("kind", flat=True))
    assert kinds[-1] == "token.regenerated"


def test_revoke_of_several_peoples_tokens_at_once_deadlocks_nobody(
    make_token: MakeToken, client_of: ClientOf, make_user: MakeUser, alice: User, bob: User
) -> None:
    # By the ids of the tokens alone, half of them would lock alice first, the others bob.
    pairs = [[make_token(owner=owner)[0].pk for owner in pair] for pair in [(alice, bob), (bob, alice)] * 4]
    consoles = [client_of(make_user(is_staff=True, is_superuser=True)) for _ in pairs]

    def act(number: int) -> Any:
        first, second = pairs[number]
        return consoles[number].post(f"/admin/tokens/revoke/?token={first}&token={second}", {"reason": "r"}).status_code

    assert set(at_once(len(pairs), act)) == {302}
    assert not AccessToken.objects.filter(revoked_at=None).exists()


def test_change_token_of_two_on_each_other_deadlocks_nobody(make_token: MakeToken, now: datetime) -> None:
    tokens = [make_token()[0] for _ in range(3)]

    def act(number: int) -> Any:
        by = by_token(tokens[number % 3])
        target = AccessToken.objects.get(pk=tokens[(number + 1 + number // 3 % 2) % 3].pk)
        return delegation.change_token(target, description=f"by {number}", by=by, now=now)

    assert codes(at_once(12, act)) == {"done": 12}
