"""Rotation without an outage: the old secret lives on for a while beside the new one."""

from datetime import datetime, timedelta

import pytest

from accounts.actor import Actor
from accounts.models import User
from tests.conftest import MakeToken
from tests.tokens.conftest import Judge, SetPolicy, events, last_event, secret_id
from tokens.domain.lifecycle import disable_token, edit_token, end_secret, regenerate_token, revoke_token
from tokens.domain.secret_rows import accepted_secrets
from tokens.errors import InvalidOverlap, SecretGone, SecretIsCurrent, TokenGone
from tokens.models import AccessToken, TokenSecret

SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
OVERLAPS = [HOUR, DAY, 7 * DAY]


@pytest.fixture(autouse=True)
def _allowed(set_policy: SetPolicy) -> None:
    set_policy(overlap_allowed=True)


@pytest.mark.parametrize("overlap", OVERLAPS)
def test_regenerate_token_with_overlap_takes_both_until_the_very_second(
    make_token: MakeToken, web: Actor, now: datetime, judge: Judge, overlap: timedelta
) -> None:
    token, old = make_token()
    _, new = regenerate_token(token, expires_at=now + 60 * DAY, overlap=overlap, by=web, now=now)
    assert [judge(old, at=now + overlap - SECOND), judge(new, at=now + overlap - SECOND)] == ["good", "good"]
    assert [judge(old, at=now + overlap), judge(new, at=now + overlap)] == ["replaced", "good"]


def test_regenerate_token_with_overlap_never_passes_the_old_ones_own_end(
    make_token: MakeToken, web: Actor, now: datetime, judge: Judge
) -> None:
    token, old = make_token(expires_at=now + HOUR)
    regenerate_token(token, expires_at=now + 60 * DAY, overlap=DAY, by=web, now=now)
    assert judge(old, at=now + HOUR - SECOND) == "good"
    assert judge(old, at=now + HOUR) == "replaced"


def test_regenerate_token_with_overlap_and_an_earlier_end_says_that_the_old_one_ends_with_it(
    make_token: MakeToken, web: Actor, now: datetime
) -> None:
    token, old = make_token()
    regenerate_token(token, expires_at=now + HOUR, overlap=DAY, by=web, now=now)
    assert TokenSecret.objects.get(pk=secret_id(old)).accepted_until == now + HOUR
    assert last_event("token.regenerated").after["old_secret_ends_at"] == (now + HOUR).isoformat()


def test_regenerate_token_that_expired_with_overlap_revives_nothing(
    make_token: MakeToken, web: Actor, now: datetime, judge: Judge
) -> None:
    token, old = make_token(expires_at=now + HOUR)
    regenerate_token(token, expires_at=now + 60 * DAY, overlap=DAY, by=web, now=now + DAY)
    assert judge(old, at=now + DAY) == "replaced"


def test_regenerate_token_again_ends_the_older_at_once(
    make_token: MakeToken, web: Actor, now: datetime, judge: Judge
) -> None:
    token, first = make_token()
    _, second = regenerate_token(token, expires_at=now + 60 * DAY, overlap=7 * DAY, by=web, now=now)
    _, third = regenerate_token(token, expires_at=now + 60 * DAY, overlap=HOUR, by=web, now=now + SECOND)
    assert [judge(secret, at=now + SECOND) for secret in (first, second, third)] == ["replaced", "good", "good"]
    assert accepted_secrets(token, now=now + SECOND).count() == 2


def test_regenerate_token_with_overlap_then_without_leaves_one(
    make_token: MakeToken, web: Actor, now: datetime, judge: Judge
) -> None:
    token, first = make_token()
    _, second = regenerate_token(token, expires_at=now + 60 * DAY, overlap=DAY, by=web, now=now)
    _, third = regenerate_token(token, expires_at=now + 60 * DAY, by=web, now=now)
    assert [judge(secret) for secret in (first, second, third)] == ["replaced", "replaced", "good"]


def test_regenerate_token_with_overlap_ends_it_at_a_whole_second(
    make_token: MakeToken, web: Actor, now: datetime
) -> None:
    token, old = make_token()
    then = now + timedelta(microseconds=999_999)
    regenerate_token(token, expires_at=now + 60 * DAY, overlap=HOUR, by=web, now=then)
    assert TokenSecret.objects.get(pk=secret_id(old)).accepted_until == now + HOUR


@pytest.mark.parametrize("overlap", [SECOND, -HOUR, 2 * HOUR, 8 * DAY, timedelta.max])
def test_regenerate_token_with_another_overlap_is_refused(
    make_token: MakeToken, web: Actor, now: datetime, judge: Judge, overlap: timedelta
) -> None:
    token, old = make_token()
    with pytest.raises(InvalidOverlap):
        regenerate_token(token, expires_at=now + 60 * DAY, overlap=overlap, by=web, now=now)
    assert judge(old) == "good"


@pytest.mark.parametrize("overlap", OVERLAPS)
def test_regenerate_token_with_overlap_against_the_policy_is_refused(
    make_token: MakeToken, web: Actor, now: datetime, set_policy: SetPolicy, overlap: timedelta
) -> None:
    set_policy(overlap_allowed=False)
    token, _ = make_token()
    with pytest.raises(InvalidOverlap, match="policy"):
        regenerate_token(token, expires_at=now + 60 * DAY, overlap=overlap, by=web, now=now)
    assert token.secrets.count() == 1


def test_regenerate_token_with_overlap_records_how_long_the_old_one_lives(
    make_token: MakeToken, web: Actor, now: datetime
) -> None:
    token, _ = make_token()
    regenerate_token(token, expires_at=now + 60 * DAY, overlap=HOUR, by=web, now=now)
    assert last_event("token.regenerated").after["old_secret_ends_at"] == (now + HOUR).isoformat()


# --- What is done to the token is done to both ------------------------------------------------


@pytest.fixture
def both(make_token: MakeToken, web: Actor, now: datetime) -> tuple[AccessToken, str, str]:
    """A token, its old secret and its new one, both good."""
    token, old = make_token()
    token, new = regenerate_token(token, expires_at=now + 60 * DAY, overlap=DAY, by=web, now=now)
    return token, old, new


def test_edit_token_with_two_secrets_changes_both(
    both: tuple[AccessToken, str, str], web: Actor, now: datetime, judge: Judge
) -> None:
    token, old, new = both
    edit_token(token, scopes=["tokens:read"], by=web, now=now)
    assert [judge(secret, "tokens:write") for secret in (old, new)] == ["insufficient_scope"] * 2


def test_disable_token_with_two_secrets_stops_both(
    both: tuple[AccessToken, str, str], web: Actor, now: datetime, judge: Judge
) -> None:
    token, old, new = both
    disable_token(token, by=web, now=now)
    assert [judge(old), judge(new)] == ["disabled", "disabled"]


def test_revoke_token_with_two_secrets_stops_both(
    both: tuple[AccessToken, str, str], web: Actor, now: datetime, judge: Judge
) -> None:
    token, old, new = both
    revoke_token(token, code="leak", reason="", by=web, now=now)
    assert [judge(old), judge(new)] == ["revoked", "revoked"]


def test_deactivated_owner_of_two_secrets_stops_both(
    both: tuple[AccessToken, str, str], alice: User, now: datetime, judge: Judge
) -> None:
    _, old, new = both
    User.objects.filter(pk=alice.pk).update(deactivated_at=now)
    assert [judge(old), judge(new)] == ["deactivated", "deactivated"]


# --- Ending the old one early -----------------------------------------------------------------


def test_end_secret_of_an_old_one_ends_it_at_that_instant(
    both: tuple[AccessToken, str, str], web: Actor, now: datetime, judge: Judge
) -> None:
    token, old, new = both
    end_secret(token, secret_id(old), by=web, now=now + HOUR)
    assert [judge(old, at=now + HOUR), judge(new, at=now + HOUR)] == ["replaced", "good"]
    assert events(token)[-1] == "token.secret_ended"
    assert last_event("token.secret_ended").after == {"hint": TokenSecret.objects.get(pk=secret_id(old)).hint}


def test_end_secret_of_the_current_one_is_refused(
    both: tuple[AccessToken, str, str], web: Actor, now: datetime, judge: Judge
) -> None:
    token, old, new = both
    with pytest.raises(SecretIsCurrent):
        end_secret(token, secret_id(new), by=web, now=now)
    assert [judge(old), judge(new)] == ["good", "good"]


def test_end_secret_twice_is_refused_and_keeps_its_end(
    both: tuple[AccessToken, str, str], web: Actor, now: datetime
) -> None:
    token, old, _ = both
    end_secret(token, secret_id(old), by=web, now=now)
    with pytest.raises(SecretGone):
        end_secret(token, secret_id(old), by=web, now=now + HOUR)
    assert TokenSecret.objects.get(pk=secret_id(old)).accepted_until == now


def test_end_secret_that_ended_by_itself_is_refused(
    both: tuple[AccessToken, str, str], web: Actor, now: datetime
) -> None:
    token, old, _ = both
    with pytest.raises(SecretGone):
        end_secret(token, secret_id(old), by=web, now=now + DAY)


def test_end_secret_of_another_token_or_none_is_refused(
    both: tuple[AccessToken, str, str], make_token: MakeToken, web: Actor, now: datetime, judge: Judge
) -> None:
    _, old, _ = both
    other, _ = make_token()
    for pk in (secret_id(old), 2**63, -1):
        with pytest.raises(SecretGone):
            end_secret(other, pk, by=web, now=now)
    assert judge(old) == "good"


def test_end_secret_of_a_deleted_token_is_refused(web: Actor, alice: User, now: datetime) -> None:
    with pytest.raises(TokenGone):
        end_secret(AccessToken(pk=1, owner=alice), 1, by=web, now=now)
