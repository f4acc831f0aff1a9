"""Too many wrong secrets from one address: what they are answered, and who is answered all the same."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from unittest.mock import Mock

import pytest
import time_machine
from django.apps import apps
from django.test import Client

from accounts.actor import Actor
from tests.conftest import Ask, MakeToken
from tests.tokens.conftest import NOBODYS_SECRET
from tests.tokens.gateway.conftest import PostForm
from tokens.domain import pending
from tokens.domain.lifecycle import disable_token, revoke_token
from tokens.gateway.forward_auth import answer
from tokens.models import UsageDay
from tokens.networks import CallerAddress, parse_address
from tokens.presenting import WRONG_SECRETS, Presented
from tokens.secret_format import make_secret

WRONG = f"Bearer {NOBODYS_SECRET}"
# Ten seconds into a minute: fifty are left.
START = datetime(2026, 12, 22, 10, 0, 10, tzinfo=UTC)


@pytest.fixture
def now() -> datetime:
    return START


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


def flood(ask: Ask, times: int = WRONG_SECRETS, *, address: str = "203.0.113.7") -> list[int]:
    return [ask(WRONG, address=address).status_code for _ in range(times)]


def test_wrong_secrets_past_the_limit_are_429_that_travels_as_403(ask: Ask) -> None:
    assert set(flood(ask)) == {401}
    response = ask(WRONG, address="203.0.113.7")
    assert (response.status_code, response["X-Error-Status"], response["Retry-After"]) == (403, "429", "50")
    assert response.json()["type"] == "urn:tokenportal:problem:too_many_requests"
    assert not response.has_header("WWW-Authenticate")


def test_wrong_secrets_past_the_limit_are_told_the_same_whatever_is_wrong(ask: Ask) -> None:
    flood(ask)
    forms = (WRONG, "Bearer x", "Basic !", "Bearer " + "x" * 65_536)
    assert len({ask(form, address="203.0.113.7").content for form in forms}) == 1


@pytest.mark.parametrize("end", [None, disable_token])
def test_right_secret_after_too_many_wrong_ones_is_answered(
    make_token: MakeToken, ask: Ask, web: Actor, now: datetime, end: Callable[..., object] | None
) -> None:
    token, secret = make_token()
    if end:
        end(token, by=web, now=now)
    flood(ask)
    response = ask(f"Bearer {secret}", address="203.0.113.7")
    assert response.status_code == (401 if end else 204)
    assert not response.has_header("X-Error-Status")


def test_nothing_after_too_many_wrong_secrets_is_still_challenged(ask: Ask) -> None:
    flood(ask)
    assert ask(address="203.0.113.7")["WWW-Authenticate"] == 'Bearer realm="tokenportal"'


def test_dead_secrets_and_missing_scopes_do_not_count(
    make_token: MakeToken, ask: Ask, web: Actor, now: datetime
) -> None:
    token, dead = make_token()
    revoke_token(token, code="leak", reason="", by=web, now=now)
    for _ in range(WRONG_SECRETS):
        ask(f"Bearer {dead}", address="203.0.113.7")
        ask(f"Bearer {dead}, Bearer {dead}", address="203.0.113.7")
        ask(address="203.0.113.7")
    assert flood(ask, 1) == [401]


def test_wrong_secrets_a_minute_later_are_401_again(ask: Ask, clock: time_machine.Traveller) -> None:
    assert flood(ask, WRONG_SECRETS + 1)[-1] == 403
    clock.shift(timedelta(seconds=49))
    assert flood(ask, 1) == [403]
    clock.shift(timedelta(seconds=1))
    assert flood(ask, 1) == [401]


@pytest.mark.parametrize(
    ("address", "status"),
    [("203.0.113.8", 401), ("2001:db8:1:2::1", 403), ("2001:db8:1:2:ffff::9", 403), ("2001:db8:1:3::1", 401)],
)
def test_wrong_secrets_count_by_address_and_by_64_of_ipv6(ask: Ask, address: str, status: int) -> None:
    flood(ask, address="2001:db8:1:2::5")
    assert flood(ask, 1, address=address) == [status]


def test_wrong_secrets_count_together_at_every_door_and_the_api_says_429(make_token: MakeToken, ask: Ask) -> None:
    flood(ask)
    client = Client(REMOTE_ADDR="203.0.113.7")
    response = client.get("/api/v1/user", headers={"authorization": WRONG})
    assert (response.status_code, response["Retry-After"]) == (429, "50")
    good = client.get("/api/v1/user", headers={"authorization": f"Bearer {make_token()[1]}"})
    assert good.status_code == 200


def rows() -> dict[str, int]:
    """How many rows there are of everything."""
    return {model.__name__: model._base_manager.count() for model in apps.get_models()}


def test_flood_of_wrong_secrets_adds_a_row_and_lets_good_ones_through(make_token: MakeToken, now: datetime) -> None:
    """Ten thousand well-formed ones, each another, from one address; through what both mounts call."""

    def present(secret: str) -> int:
        address = CallerAddress(parse_address("203.0.113.7"))
        return answer(Presented(f"Bearer {secret}", "", "GET", address), now).status

    _, good = make_token()
    before = rows()
    statuses = Counter(present(make_secret("tp_")) for _ in range(10_000))
    assert statuses == {401: WRONG_SECRETS, 403: 10_000 - WRONG_SECRETS}
    assert present(good) == 204
    pending.flush_all()
    grown = {name: count - before[name] for name, count in rows().items() if count != before[name]}
    assert grown == {"UsageDay": 2}
    assert UsageDay.objects.get(outcome="unknown").count == 10_000


def test_flood_of_a_dead_secret_adds_a_row_a_minute(make_token: MakeToken, web: Actor, now: datetime) -> None:
    token, dead = make_token()
    disable_token(token, by=web, now=now)
    before = rows()
    for second in range(0, 180, 2):
        address = CallerAddress(parse_address(f"203.0.113.{second}"))
        answer(Presented(f"Bearer {dead}", "", "GET", address), now + timedelta(seconds=second))
    pending.flush_all()
    grown = {name: count - before[name] for name, count in rows().items() if count != before[name]}
    assert grown == {"UsageDay": 1, "RefusalMinute": 4}  # 10:00:10 to 10:03:08


def test_no_way_to_a_token_computes_a_password_hash(
    make_token: MakeToken, ask: Ask, post_form: PostForm, introspector: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, secret = make_token()
    for hasher in ("argon2.low_level.hash_secret", "argon2.low_level.verify_secret", "hashlib.pbkdf2_hmac"):
        monkeypatch.setattr(hasher, Mock(side_effect=AssertionError("a password hash")))
    monkeypatch.setattr("django.contrib.auth.hashers.verify_password", Mock(side_effect=AssertionError))
    assert [ask(f"Bearer {secret}").status_code, ask(WRONG).status_code] == [204, 401]
    introspected = post_form("/oauth/introspect", {"token": secret}, authorization=f"Bearer {introspector}")
    assert introspected.json()["active"] is True
    reported = Client().post("/api/v1/leaks", {"secrets": [NOBODYS_SECRET]}, "application/json")
    assert (reported.status_code, post_form("/oauth/revoke", {"token": secret}).status_code) == (202, 200)
