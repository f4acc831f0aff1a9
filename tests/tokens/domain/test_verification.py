"""Whether a presented secret is good: every case, in the one documented order."""

from collections.abc import Collection
from datetime import datetime, timedelta
from itertools import chain, combinations, product
from typing import NamedTuple

import pytest
from django.test import override_settings
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from accounts.actor import Actor
from accounts.models import User
from tests.conftest import MakeToken
from tests.tokens.conftest import NOBODYS_SECRET, Judge
from tokens.domain.lifecycle import delete_token, disable_token, edit_token, regenerate_token, revoke_token
from tokens.domain.verification import Outcome, verify
from tokens.models import AccessToken, TokenSecret
from tokens.networks import CallerAddress, parse_address
from tokens.secret_format import checksum

# The order of judging; of several that hold, the first is said.
ENDS = ("revoked", "deactivated", "replaced", "expired", "disabled")
EVERY_COMBINATION = list(chain.from_iterable(combinations(ENDS, size) for size in range(len(ENDS) + 1)))
SCOPES = {"none": [], "lacking": ["registry:read"], "held": ["deployments:write"]}
NETWORKS = ("any", "inside", "outside", "behind-a-stranger")
WRONG_SECRETS = ("one-character-off", "wrong-checksum", "deleted")


class Case(NamedTuple):
    ends: tuple[str, ...]
    scope: str = "held"
    network: str = "any"
    secret: str = "right"

    def __str__(self) -> str:
        return "-".join(["+".join(self.ends) or "living", *self[1:]])


# Every way to be at its end with every scope and network, and with every wrong secret.
CASES = [
    *(Case(*values) for values in product(EVERY_COMBINATION, SCOPES, NETWORKS)),
    *(Case(ends, secret=secret) for ends, secret in product(EVERY_COMBINATION, WRONG_SECRETS)),
]
HERE = CallerAddress(parse_address("203.0.113.7"))


def outcome_by_the_book(case: Case) -> str:
    if case.secret != "right":
        return "unknown"
    for end in ENDS:
        if end in case.ends:
            return end
    if case.network not in ("any", "inside"):
        return "wrong_network"
    return "good" if case.scope == "held" else "insufficient_scope"


def one_character_off(secret: str) -> str:
    unchecked = secret[:20] + ("a" if secret[20] != "a" else "b") + secret[21:43]
    return unchecked + checksum(unchecked)


def presented(secret: str, how: str) -> str:
    wrong_checksum = secret[:-1] + ("a" if secret[-1] != "a" else "b")
    return {"one-character-off": one_character_off(secret), "wrong-checksum": wrong_checksum}.get(how, secret)


def come_to(token: AccessToken, ends: Collection[str], *, by: Actor, now: datetime) -> None:
    """Bring the token to these ends, by the acts that do so; it expires by waiting."""
    if "disabled" in ends:
        disable_token(token, by=by, now=now)
    if "replaced" in ends:
        regenerate_token(token, expires_at=now + timedelta(days=30), by=by, now=now)
    if "revoked" in ends:
        revoke_token(token, code="leak", reason="", by=by, now=now)
    if "deactivated" in ends:
        User.objects.filter(pk=token.owner_id).update(deactivated_at=now)


@pytest.mark.usefixtures("resources")
@pytest.mark.parametrize("case", CASES, ids=str)
def test_verify_each_case_of_the_truth_table(make_token: MakeToken, web: Actor, now: datetime, case: Case) -> None:
    allowed = {"any": [], "outside": ["198.51.100.0/24"]}.get(case.network, ["203.0.113.0/24"])
    token, secret = make_token(scopes=SCOPES[case.scope], allowed_networks=allowed)
    come_to(token, case.ends, by=web, now=now)
    if case.secret == "deleted":
        delete_token(token, by=web, now=now)
    address = HERE._replace(certain=case.network != "behind-a-stranger")
    at = now + timedelta(days=31 if "expired" in case.ends else 1)
    verdict = verify(presented(secret, case.secret), needed=["deployments:write"], address=address, now=at)
    assert verdict.outcome == outcome_by_the_book(case)
    assert (verdict.found is None) == (verdict.outcome == Outcome.UNKNOWN)


def test_verify_from_nowhere_with_networks_is_refused(make_token: MakeToken, now: datetime) -> None:
    _, secret = make_token(allowed_networks=["0.0.0.0/0", "::/0"])
    assert verify(secret, needed=(), address=CallerAddress(None), now=now).outcome == "wrong_network"


@pytest.mark.parametrize(("seconds", "outcome"), [(-1, "good"), (-0.001, "good"), (0, "expired"), (1, "expired")])
def test_verify_around_the_end_is_exact(
    make_token: MakeToken, judge: Judge, now: datetime, seconds: float, outcome: str
) -> None:
    token, secret = make_token(expires_at=now + timedelta(days=1))
    assert judge(secret, at=token.expires_at + timedelta(seconds=seconds)) == outcome


@pytest.mark.parametrize("end", ["revoked", "deactivated", "replaced", "disabled"])
def test_verify_of_a_dead_secret_says_since_when(make_token: MakeToken, web: Actor, now: datetime, end: str) -> None:
    token, secret = make_token()
    died = now + timedelta(minutes=5)
    come_to(token, [end], by=web, now=died)
    verdict = verify(secret, needed=(), address=HERE, now=died + timedelta(days=1))
    assert (verdict.outcome, verdict.since) == (end, died)


def test_verify_of_an_expired_secret_says_since_when(make_token: MakeToken, now: datetime) -> None:
    token, secret = make_token()
    verdict = verify(secret, needed=(), address=HERE, now=now + timedelta(days=40))
    assert (verdict.outcome, verdict.since) == ("expired", token.expires_at)


def test_verify_of_a_good_secret_tells_token_and_owner(make_token: MakeToken, alice: User, now: datetime) -> None:
    token, secret = make_token(name="ci", scopes=["tokens:read"])
    verdict = verify(secret, needed=["tokens:read"], address=HERE, now=now)
    assert verdict.found is not None
    assert (verdict.found.token_id, verdict.found.token_name) == (token.pk, "ci")
    assert (verdict.found.owner_id, verdict.found.owner_email) == (alice.pk, "alice@example.com")
    assert (verdict.found.scopes, verdict.found.ends_at) == ("tokens:read", token.expires_at)


@pytest.mark.usefixtures("resources")
@pytest.mark.parametrize(
    ("needed", "outcome"),
    [
        ([], "good"),
        (["deployments:read"], "good"),
        (["deployments:read", "registry:write"], "good"),
        (["deployments:read", "deployments:write"], "insufficient_scope"),
        (["deployments:read", "nobody:registered"], "insufficient_scope"),
        (["full"], "insufficient_scope"),
        (["introspect"], "insufficient_scope"),
        ([""], "insufficient_scope"),
    ],
)
def test_verify_needs_every_scope(make_token: MakeToken, judge: Judge, needed: list[str], outcome: str) -> None:
    _, secret = make_token(scopes=["deployments:read", "registry:write"])
    assert judge(secret, *needed) == outcome


def test_verify_full_access_does_not_introspect(make_token: MakeToken, judge: Judge) -> None:
    _, secret = make_token(scopes=["full"])
    assert judge(secret, "introspect") == "insufficient_scope"
    assert judge(secret, "anything:else", "tokens:rotate") == "good"


def test_verify_an_edit_counts_at_once(make_token: MakeToken, web: Actor, judge: Judge, now: datetime) -> None:
    token, secret = make_token()
    edit_token(
        token, name="n", description="", scopes=["tokens:read"], allowed_networks=["10.0.0.0/8"], by=web, now=now
    )
    assert judge(secret) == "wrong_network"
    assert judge(secret, "tokens:write", address="10.1.2.3") == "insufficient_scope"
    assert judge(secret, "tokens:read", address="10.1.2.3") == "good"


@pytest.mark.parametrize(
    "text",
    ["", " ", "tp_", NOBODYS_SECRET[:-1], NOBODYS_SECRET + "\n", "é" * 49, "\0" * 49, "x" * 65_536, "tp_" + "٣" * 46],
)
def test_verify_of_what_is_no_secret_asks_no_database(
    judge: Judge, selects: list[int], django_assert_num_queries: DjangoAssertNumQueries, text: str
) -> None:
    with django_assert_num_queries(0):
        assert judge(text) == "unknown"
    assert selects == []


def test_verify_of_a_well_formed_secret_is_one_select(
    make_token: MakeToken, judge: Judge, selects: list[int], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    _, secret = make_token()
    with django_assert_num_queries(0):
        assert judge(secret) == "good"
        assert judge(NOBODYS_SECRET) == "unknown"
    assert len(selects) == 2


def test_verify_with_several_prefixes_reads_those_that_are_listed(
    make_token: MakeToken, judge: Judge, settings: Settings
) -> None:
    settings.TOKEN_PREFIXES = ("old_",)
    _, secret = make_token()
    settings.TOKEN_PREFIXES = ("acme_", "old_")
    assert judge(secret) == "good"
    assert make_token()[1].startswith("acme_")
    settings.TOKEN_PREFIXES = ("acme_",)
    assert judge(secret) == "unknown"


def test_verify_after_a_new_pepper_still_knows_the_old_secret(make_token: MakeToken, judge: Judge) -> None:
    with override_settings(TOKEN_PEPPERS={1: b"1" * 32}):
        token, secret = make_token()
    with override_settings(TOKEN_PEPPERS={2: b"2" * 32, 1: b"1" * 32}):
        assert judge(secret) == "good"
    with override_settings(TOKEN_PEPPERS={2: b"2" * 32}):
        assert judge(secret) == "unknown"
    assert TokenSecret.objects.get(token=token).pepper == 1


def test_verify_with_the_digest_of_the_database_is_of_no_use(make_token: MakeToken, judge: Judge) -> None:
    token, _ = make_token()
    digest = bytes(TokenSecret.objects.get(token=token).digest)
    assert judge(digest.hex()) == judge("tp_" + digest.hex()[:46]) == "unknown"


def test_verify_of_somebody_elses_deactivation_changes_nothing(
    make_token: MakeToken, bob: User, judge: Judge, now: datetime
) -> None:
    _, secret = make_token()
    User.objects.filter(pk=bob.pk).update(deactivated_at=now)
    assert judge(secret) == "good"


def test_verify_of_a_service_account_that_can_not_sign_in_is_good(make_token: MakeToken, judge: Judge) -> None:
    robot = User.objects.create(email="", name="robot", is_service=True)
    _, secret = make_token(owner=robot)
    assert judge(secret) == "good"


def test_verify_shows_no_secret_in_what_it_returns(make_token: MakeToken, now: datetime) -> None:
    _, secret = make_token()
    assert secret[3:] not in repr(verify(secret, needed=(), address=HERE, now=now))
