"""Never twice: a request that is repeated within a day makes nothing."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts.actor import Actor
from accounts.models import User
from tests.conftest import MakeToken
from tokens.domain.lifecycle import delete_token, regenerate_token
from tokens.errors import AlreadyDone, KeyReused, NameTaken
from tokens.models import AccessToken, RequestKey, TokenSecret

Act = Callable[..., tuple[AccessToken, str]]
DAY = timedelta(hours=24)


@pytest.mark.parametrize("later", [timedelta(0), timedelta(hours=1), DAY - timedelta(microseconds=1)])
def test_repeat_within_a_day_names_the_first_token(make_token: MakeToken, now: datetime, later: timedelta) -> None:
    token, _ = make_token(request_key="k")
    with pytest.raises(AlreadyDone) as refused:
        make_token(name="another", request_key="k", now=now + later)
    assert (refused.value.token_id, refused.value.at) == (token.pk, now)
    assert AccessToken.objects.get() == token


@pytest.mark.parametrize("later", [DAY, DAY * 2])
def test_repeat_after_a_day_makes_another(make_token: MakeToken, now: datetime, later: timedelta) -> None:
    make_token(request_key="k")
    token, _ = make_token(request_key="k", now=now + later)
    assert RequestKey.objects.get().token_id == token.pk


def test_repeat_after_a_day_counts_a_day_from_then(make_token: MakeToken, now: datetime) -> None:
    make_token(request_key="k")
    token, _ = make_token(request_key="k", now=now + DAY)
    with pytest.raises(AlreadyDone) as refused:
        make_token(request_key="k", now=now + DAY + timedelta(hours=23))
    assert refused.value.token_id == token.pk


def test_repeat_of_a_call_with_a_bad_name_says_that_it_was_done(make_token: MakeToken) -> None:
    # A double click sends the same name twice: the second must not be told that its name is taken.
    make_token(name="ci", request_key="k")
    with pytest.raises(AlreadyDone):
        make_token(name="ci", request_key="k")


def test_repeat_after_a_refusal_is_no_repeat(make_token: MakeToken) -> None:
    make_token(name="ci")
    with pytest.raises(NameTaken):
        make_token(name="ci", request_key="k")
    assert make_token(name="ci-2", request_key="k")[0].name == "ci-2"


def test_repeat_when_the_token_was_deleted_makes_no_other(make_token: MakeToken, web: Actor, now: datetime) -> None:
    token, _ = make_token(request_key="k")
    gone = token.pk
    delete_token(token, by=web, now=now)
    with pytest.raises(AlreadyDone) as refused:
        make_token(request_key="k")
    assert refused.value.token_id == gone


def test_same_key_of_somebody_else_is_no_repeat(make_token: MakeToken, bob: User) -> None:
    make_token(request_key="k")
    assert make_token(owner=bob, request_key="k")[0].owner == bob


def test_other_keys_and_no_key_are_no_repeats(make_token: MakeToken) -> None:
    for key in ("", "", "k", "K", "k "):
        make_token(request_key=key)
    assert set(RequestKey.objects.values_list("key", flat=True)) == {"k", "K", "k "}


def test_already_done_tells_no_secret(make_token: MakeToken) -> None:
    _, secret = make_token(request_key="k")
    with pytest.raises(AlreadyDone) as refused:
        make_token(request_key="k")
    assert secret[3:] not in repr(refused.value.__dict__) + refused.value.message


# --- Both acts that take a key ----------------------------------------------------------------


@pytest.fixture(params=["create", "regenerate"])
def act(request: pytest.FixtureRequest, make_token: MakeToken, web: Actor, now: datetime) -> Act:
    """Makes a secret, now or later, of a new token or of one that there is."""
    if request.param == "create":
        return make_token
    token, _ = make_token()

    def regenerate(**given: Any) -> tuple[AccessToken, str]:
        return regenerate_token(token, expires_at=now + DAY, by=web, **{"now": now} | given)

    return regenerate


def test_repeat_for_the_same_names_the_token_and_makes_no_secret(act: Act, now: datetime) -> None:
    token, _ = act(request_key="k", fingerprint="f")
    secrets = TokenSecret.objects.count()
    with pytest.raises(AlreadyDone) as refused:
        act(request_key="k", fingerprint="f", now=now + timedelta(hours=1))
    assert (refused.value.token_id, refused.value.at) == (token.pk, now)
    assert TokenSecret.objects.count() == secrets


@pytest.mark.parametrize(("first", "second"), [("f", "g"), ("f", ""), ("", "f")])
def test_key_that_was_used_for_something_else_is_refused(act: Act, first: str, second: str) -> None:
    act(request_key="k", fingerprint=first)
    secrets = TokenSecret.objects.count()
    with pytest.raises(KeyReused):
        act(request_key="k", fingerprint=second)
    assert TokenSecret.objects.count() == secrets


def test_repeat_where_nobody_said_what_for_is_one_whatever_was_done(
    make_token: MakeToken, web: Actor, now: datetime
) -> None:
    token, _ = make_token(request_key="k")
    with pytest.raises(AlreadyDone):
        regenerate_token(token, expires_at=now + DAY, by=web, now=now, request_key="k")
    assert token.secrets.count() == 1
