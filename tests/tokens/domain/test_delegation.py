"""What a token may do to tokens: nothing comes out stronger than itself."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts.actor import Actor
from accounts.models import User
from tests.conftest import MakeToken
from tests.tokens.conftest import Judge, SetPolicy, by_token, last_event
from tokens.domain import delegation
from tokens.domain.expiration import WantedEnd
from tokens.domain.lifecycle import delete_token, disable_token, end_secret, regenerate_token, revoke_token
from tokens.errors import (
    ActingTokenEnded,
    AlreadyDone,
    BeyondAuthority,
    ChangedElsewhere,
    InvalidExpiration,
    InvalidScopes,
    TokenGone,
)
from tokens.models import AccessToken

MOMENT, HOUR, DAY = timedelta(milliseconds=5), timedelta(hours=1), timedelta(days=1)
pytestmark = pytest.mark.usefixtures("resources")


@pytest.fixture
def maker(make_token: MakeToken, now: datetime) -> AccessToken:
    """May write tokens and deployments, from 10.0.0.0/8, for 30 days."""
    scopes = ["tokens:write", "deployments:write"]
    return make_token(name="maker", scopes=scopes, allowed_networks=["10.0.0.0/8"], expires_at=now + 30 * DAY)[0]


@pytest.fixture
def by(maker: AccessToken) -> Actor:
    return by_token(maker)


WITHIN: dict[str, Any] = {"scopes": ["deployments:read"], "allowed_networks": ["10.1.0.0/16"]}


def create(by: Actor, now: datetime, **overrides: Any) -> delegation.Made:
    end = WantedEnd(overrides.pop("days", None), overrides.pop("at", None))
    return delegation.create_token(**{"name": "made", **WITHIN, "end": end, "by": by, "now": now, **overrides})


def test_create_token_within_the_makers_is_made_and_says_by_which(
    by: Actor, maker: AccessToken, now: datetime, judge: Judge
) -> None:
    made = create(by, now, days=7)
    assert judge(made.secret, "deployments:read", address="10.1.2.3") == "good"
    assert (made.token.made_by_token, made.token.owner, made.is_cut) == (maker, maker.owner, False)
    event = last_event("token.created")
    assert (event.actor_token_id, event.channel) == (maker.pk, "api")


@pytest.mark.parametrize(
    "wider",
    [
        {"scopes": ["full"]},
        {"scopes": ["registry:read"]},
        {"scopes": ["deployments:read", "registry:write"]},
        {"allowed_networks": []},
        {"allowed_networks": ["0.0.0.0/0"]},
        {"allowed_networks": ["10.0.0.0/7"]},
        {"allowed_networks": ["10.0.0.0/8", "192.0.2.1"]},
        {"allowed_networks": ["::/0"]},
    ],
)
def test_create_token_wider_than_the_makers_is_refused_and_leaves_nothing(
    by: Actor, now: datetime, wider: dict[str, Any]
) -> None:
    with pytest.raises(BeyondAuthority):
        create(by, now, **wider)
    assert AccessToken.objects.count() == 1


def test_create_token_by_full_access_can_not_give_introspect(make_token: MakeToken, now: datetime) -> None:
    by = by_token(make_token()[0])
    with pytest.raises(InvalidScopes):
        create(by, now, scopes=["introspect"])


@pytest.mark.parametrize("days", [31, 365])
def test_create_token_for_more_days_ends_with_the_maker(
    by: Actor, maker: AccessToken, now: datetime, days: int
) -> None:
    made = create(by, now, days=days)
    assert (made.token.expires_at, made.is_cut) == (maker.expires_at, True)


def test_create_token_for_the_default_ends_with_the_maker(
    by: Actor, maker: AccessToken, now: datetime, set_policy: SetPolicy
) -> None:
    set_policy(default_days=90)
    assert create(by, now).token.expires_at == maker.expires_at


def test_create_token_until_the_makers_end_is_made_and_past_it_refused(
    by: Actor, maker: AccessToken, now: datetime
) -> None:
    assert create(by, now, at=maker.expires_at).token.expires_at == maker.expires_at
    with pytest.raises(InvalidExpiration) as refused:
        create(by, now, name="another", at=maker.expires_at + timedelta(seconds=1))
    assert refused.value.field == "expires_at"


@pytest.mark.parametrize("days", [0, -1, 366, 10**30])
def test_create_token_for_days_that_the_policy_does_not_know_is_refused(by: Actor, now: datetime, days: int) -> None:
    with pytest.raises(InvalidExpiration) as refused:
        create(by, now, days=days)
    assert refused.value.field == "expires_in"


def test_create_token_with_both_ends_is_refused(by: Actor, now: datetime) -> None:
    with pytest.raises(InvalidExpiration, match="not both"):
        create(by, now, days=1, at=now + DAY)


def test_made_shows_no_secret_when_printed(by: Actor, now: datetime) -> None:
    made = create(by, now)
    assert made.secret[10:] not in repr(made)


# --- Changing ---------------------------------------------------------------------------------


@pytest.fixture
def weaker(make_token: MakeToken, now: datetime) -> AccessToken:
    return make_token(name="weaker", expires_at=now + 10 * DAY, **WITHIN)[0]


@pytest.fixture
def stronger(make_token: MakeToken, now: datetime) -> AccessToken:
    """As weak, but for its end."""
    return make_token(name="stronger", expires_at=now + 31 * DAY, **WITHIN)[0]


def test_change_token_within_changes_what_is_named_alone(by: Actor, weaker: AccessToken, now: datetime) -> None:
    changed = delegation.change_token(weaker, description="d", scopes=["deployments:write"], by=by, now=now)
    assert (changed.description, changed.scopes) == ("d", "deployments:read deployments:write")
    assert (changed.name, changed.allowed_networks) == ("weaker", ["10.1.0.0/16"])


@pytest.mark.parametrize("wider", [{"scopes": ["full"]}, {"scopes": ["registry:read"]}, {"allowed_networks": []}])
def test_change_token_to_something_wider_is_refused_and_changes_nothing(
    by: Actor, weaker: AccessToken, now: datetime, wider: dict[str, Any]
) -> None:
    with pytest.raises(BeyondAuthority):
        delegation.change_token(weaker, **wider, by=by, now=now)
    weaker.refresh_from_db()
    assert (weaker.scopes, weaker.allowed_networks) == ("deployments:read", ["10.1.0.0/16"])


def test_change_token_that_is_stronger_is_refused_but_to_make_it_as_weak(
    by: Actor, make_token: MakeToken, now: datetime
) -> None:
    token, _ = make_token(scopes=["full"], expires_at=now + DAY, allowed_networks=["10.0.0.1"])
    with pytest.raises(BeyondAuthority):
        delegation.change_token(token, name="mine now", by=by, now=now)
    assert delegation.change_token(token, scopes=["tokens:read"], by=by, now=now).scopes == "tokens:read"


def test_change_token_itself_may_narrow_and_not_widen(by: Actor, maker: AccessToken, now: datetime) -> None:
    with pytest.raises(BeyondAuthority):
        delegation.change_token(maker, allowed_networks=[], by=by, now=now)
    assert delegation.change_token(maker, scopes=["tokens:read"], by=by, now=now).scopes == "tokens:read"


def test_change_token_off_is_allowed_for_a_stronger_one_and_on_is_not(
    by: Actor, stronger: AccessToken, now: datetime
) -> None:
    assert delegation.change_token(stronger, disabled=True, by=by, now=now).disabled_at == now
    with pytest.raises(BeyondAuthority):
        delegation.change_token(stronger, disabled=False, by=by, now=now)


def test_change_token_off_and_on_again_within_is_done(by: Actor, weaker: AccessToken, now: datetime) -> None:
    delegation.change_token(weaker, disabled=True, name="off", by=by, now=now)
    changed = delegation.change_token(weaker, disabled=False, by=by, now=now)
    assert (changed.disabled_at, changed.name) == (None, "off")


def test_change_token_of_another_version_is_refused_whatever_is_changed(
    by: Actor, weaker: AccessToken, now: datetime
) -> None:
    for change in ({"name": "n"}, {"disabled": True}, {}):
        with pytest.raises(ChangedElsewhere):
            delegation.change_token(weaker, version=now - DAY, by=by, now=now, **change)
    assert delegation.change_token(weaker, version=weaker.updated_at, by=by, now=now).name == "weaker"


# --- Regenerating -----------------------------------------------------------------------------


def test_regenerate_token_within_ends_no_later_than_the_maker(
    by: Actor, maker: AccessToken, weaker: AccessToken, now: datetime, judge: Judge
) -> None:
    made = delegation.regenerate_token(weaker, end=WantedEnd(days=90), by=by, now=now)
    assert (made.token.expires_at, made.is_cut) == (maker.expires_at, True)
    assert judge(made.secret, "deployments:read", address="10.1.2.3") == "good"


def test_regenerate_token_that_is_stronger_is_refused_and_its_secret_goes_on(
    by: Actor, make_token: MakeToken, now: datetime, judge: Judge
) -> None:
    token, secret = make_token()
    with pytest.raises(BeyondAuthority):
        delegation.regenerate_token(token, end=WantedEnd(days=1), by=by, now=now)
    assert judge(secret) == "good"


def test_regenerate_token_itself_by_its_id_gets_no_later_end(by: Actor, maker: AccessToken, now: datetime) -> None:
    assert delegation.regenerate_token(maker, end=WantedEnd(), by=by, now=now + DAY).token.expires_at == (
        maker.expires_at
    )


def test_regenerate_itself_may_end_later_within_the_policy(
    by: Actor, maker: AccessToken, now: datetime, judge: Judge
) -> None:
    made = delegation.regenerate_itself(end=WantedEnd(days=365), by=by, now=now)
    assert (made.token.pk, made.token.expires_at, made.is_cut) == (maker.pk, now + 365 * DAY, False)
    assert judge(made.secret, address="10.1.2.3") == "good"


def test_regenerate_itself_by_an_old_secret_is_refused(
    by: Actor, maker: AccessToken, now: datetime, set_policy: SetPolicy, judge: Judge
) -> None:
    set_policy(overlap_allowed=True)
    _, new = regenerate_token(maker, expires_at=now + DAY, overlap=HOUR, by=by, now=now)
    with pytest.raises(AlreadyDone):
        delegation.regenerate_itself(end=WantedEnd(), by=by, now=now)
    assert judge(new, address="10.1.2.3") == "good"


# --- The token that asks is none any more -----------------------------------------------------


def every_act(by: Actor, token: AccessToken, now: datetime) -> list[Any]:
    return [
        lambda: create(by, now),
        lambda: delegation.change_token(token, name="n", by=by, now=now),
        lambda: delegation.regenerate_token(token, end=WantedEnd(), by=by, now=now),
        lambda: delegation.regenerate_itself(end=WantedEnd(), by=by, now=now),
    ]


@pytest.mark.parametrize("way", ["revoked", "disabled", "deleted", "expired", "deactivated"])
def test_acts_by_a_token_that_ended_in_the_meantime_are_refused(
    by: Actor, maker: AccessToken, weaker: AccessToken, now: datetime, way: str
) -> None:
    if way == "revoked":
        revoke_token(maker, code="leak", reason="", by=by, now=now)
    elif way == "disabled":
        disable_token(maker, by=by, now=now)
    elif way == "deleted":
        delete_token(AccessToken.objects.get(pk=maker.pk), by=by, now=now)
    elif way == "deactivated":
        User.objects.filter(pk=maker.owner_id).update(deactivated_at=now)
    for act in every_act(by, weaker, maker.expires_at if way == "expired" else now):
        with pytest.raises(ActingTokenEnded):
            act()


def test_acts_by_a_secret_that_was_replaced_in_the_meantime_are_refused(
    by: Actor, maker: AccessToken, weaker: AccessToken, now: datetime
) -> None:
    # They waited for the token that was regenerated, so that they read the clock before that.
    regenerate_token(maker, expires_at=now + DAY, by=by, now=now + MOMENT)
    for act in every_act(by, weaker, now)[:3]:
        with pytest.raises(ActingTokenEnded):
            act()
    with pytest.raises(AlreadyDone):
        delegation.regenerate_itself(end=WantedEnd(), by=by, now=now)
    assert AccessToken.objects.count() == 2


def test_acts_by_a_secret_that_lives_on_are_done_until_it_is_ended(
    by: Actor, maker: AccessToken, weaker: AccessToken, now: datetime, set_policy: SetPolicy
) -> None:
    set_policy(overlap_allowed=True)
    regenerate_token(maker, expires_at=now + 30 * DAY, overlap=HOUR, by=by, now=now)
    for act in every_act(by, weaker, now)[:3]:
        act()
    end_secret(maker, by.secret_id or 0, by=by, now=now + MOMENT)
    for act in every_act(by, weaker, now)[:3]:
        with pytest.raises(ActingTokenEnded):
            act()


def test_acts_by_another_tokens_secret_are_refused(by: Actor, weaker: AccessToken, now: datetime) -> None:
    for act in every_act(replace(by, secret_id=weaker.current_secret.pk), weaker, now)[:3]:
        with pytest.raises(ActingTokenEnded):
            act()


def test_acts_on_a_token_that_was_deleted_are_refused(by: Actor, weaker: AccessToken, now: datetime) -> None:
    deleted = AccessToken(pk=weaker.pk + 1000, owner=weaker.owner)
    for act in every_act(by, deleted, now)[1:3]:
        with pytest.raises(TokenGone):
            act()
