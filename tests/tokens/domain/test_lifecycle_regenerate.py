"""Regenerating: the token stays, its secret is another from one instant to the next."""

from datetime import datetime, timedelta

import pytest

from accounts.actor import Actor
from tests.conftest import MakeToken
from tests.tokens.conftest import Judge, SetPolicy, events, last_event, secret_id
from tokens.domain import rows
from tokens.domain.lifecycle import delete_token, disable_token, regenerate_token, revoke_token
from tokens.errors import AlreadyDone, InvalidExpiration, TokenGone, TokenIsRevoked, TooManyTokens
from tokens.models import AccessToken, TokenSecret

DAY = timedelta(days=1)


def test_regenerate_token_kills_the_old_secret_at_that_instant(
    make_token: MakeToken, web: Actor, now: datetime, judge: Judge
) -> None:
    token, old = make_token()
    _, new = regenerate_token(token, expires_at=now + 60 * DAY, by=web, now=now + DAY)
    assert judge(old, at=now + DAY) == "replaced"
    assert judge(new, at=now + DAY) == "good"
    assert new != old


def test_regenerate_token_keeps_the_identity_and_moves_the_end(
    make_token: MakeToken, web: Actor, now: datetime
) -> None:
    token, _ = make_token(name="ci", description="d", allowed_networks=["10.0.0.0/8"])
    regenerate_token(token, expires_at=now + 60 * DAY, by=web, now=now + DAY)
    row = AccessToken.objects.get()
    assert (row.pk, row.name, row.description, row.scopes) == (token.pk, "ci", "d", "full")
    assert (row.allowed_networks, row.created_at) == (["10.0.0.0/8"], now)
    assert (row.regenerated_at, row.updated_at, row.expires_at) == (now + DAY, now + DAY, now + 60 * DAY)


def test_regenerate_token_notes_when_the_old_secret_was_replaced(
    make_token: MakeToken, web: Actor, now: datetime
) -> None:
    token, old = make_token()
    regenerate_token(token, expires_at=now + 60 * DAY, by=web, now=now + DAY)
    row = TokenSecret.objects.get(pk=secret_id(old))
    assert (row.replaced_at, row.accepted_until) == (now + DAY, now + DAY)
    assert token.secrets.filter(replaced_at=None).count() == 1


def test_regenerate_token_records_the_new_end_and_no_secret(make_token: MakeToken, web: Actor, now: datetime) -> None:
    token, _ = make_token()
    _, new = regenerate_token(token, expires_at=now + 60 * DAY, by=web, now=now)
    event = last_event("token.regenerated")
    assert event.before == {"expires_at": token.expires_at.isoformat()}
    assert event.after == {"expires_at": (now + 60 * DAY).isoformat()}
    assert new[3:] not in repr(event.__dict__)


def test_regenerate_token_again_and_again_leaves_one_good_secret(
    make_token: MakeToken, web: Actor, now: datetime, judge: Judge
) -> None:
    token, first = make_token()
    made = [first, *(regenerate_token(token, expires_at=now + 9 * DAY, by=web, now=now)[1] for _ in range(5))]
    assert [judge(secret) for secret in made] == ["replaced"] * 5 + ["good"]


def test_regenerate_token_that_expired_makes_it_good_again(
    make_token: MakeToken, web: Actor, now: datetime, judge: Judge
) -> None:
    token, old = make_token(expires_at=now + DAY)
    later = now + 5 * DAY
    _, new = regenerate_token(token, expires_at=later + DAY, by=web, now=later)
    assert (judge(new, at=later), judge(old, at=later)) == ("good", "replaced")
    assert TokenSecret.objects.get(pk=secret_id(old)).accepted_until == now + DAY


def test_regenerate_token_that_is_disabled_leaves_it_disabled(
    make_token: MakeToken, web: Actor, now: datetime, judge: Judge
) -> None:
    token, _ = make_token()
    disable_token(token, by=web, now=now)
    _, new = regenerate_token(token, expires_at=now + DAY, by=web, now=now)
    assert judge(new) == "disabled"


def test_regenerate_token_that_is_revoked_is_refused(make_token: MakeToken, web: Actor, now: datetime) -> None:
    token, _ = make_token()
    revoke_token(token, code="administrator", reason="", by=web, now=now)
    with pytest.raises(TokenIsRevoked):
        regenerate_token(token, expires_at=now + DAY, by=web, now=now)
    assert events(token) == ["token.created", "token.revoked"]


def test_regenerate_token_that_was_deleted_is_refused(make_token: MakeToken, web: Actor, now: datetime) -> None:
    token, _ = make_token()
    delete_token(AccessToken.objects.get(pk=token.pk), by=web, now=now)
    with pytest.raises(TokenGone):
        regenerate_token(token, expires_at=now + DAY, by=web, now=now)


@pytest.mark.parametrize("days", [-1, 0, 366])
def test_regenerate_token_past_or_too_far_is_refused_and_changes_nothing(
    make_token: MakeToken, web: Actor, now: datetime, judge: Judge, days: int
) -> None:
    token, secret = make_token()
    with pytest.raises(InvalidExpiration):
        regenerate_token(token, expires_at=now + days * DAY, by=web, now=now)
    assert judge(secret) == "good"
    assert token.secrets.count() == 1


def test_regenerate_token_of_the_current_secret_is_done(make_token: MakeToken, web: Actor, now: datetime) -> None:
    token, secret = make_token()
    _, new = regenerate_token(token, expires_at=now + DAY, by=web, now=now, replaces=secret_id(secret))
    assert secret_id(new) > secret_id(secret)


def test_regenerate_token_of_an_older_secret_was_done_already(
    make_token: MakeToken, web: Actor, now: datetime, judge: Judge
) -> None:
    token, old = make_token()
    _, new = regenerate_token(token, expires_at=now + DAY, by=web, now=now + timedelta(minutes=2))
    with pytest.raises(AlreadyDone) as refused:
        regenerate_token(token, expires_at=now + DAY, by=web, now=now + timedelta(hours=1), replaces=secret_id(old))
    assert (refused.value.token_id, refused.value.at) == (token.pk, now + timedelta(minutes=2))
    assert judge(new) == "good"


def test_regenerate_token_of_another_tokens_secret_does_nothing(
    make_token: MakeToken, web: Actor, now: datetime, judge: Judge
) -> None:
    (token, secret), (_, others) = make_token(), make_token()
    with pytest.raises(AlreadyDone):
        regenerate_token(token, expires_at=now + DAY, by=web, now=now, replaces=secret_id(others))
    assert (judge(secret), judge(others)) == ("good", "good")


def test_regenerate_token_clears_what_the_owner_was_told(make_token: MakeToken, web: Actor, now: datetime) -> None:
    token, _ = make_token()
    AccessToken.objects.update(expiry_flagged_at=now, banner_dismissed_at=now)
    regenerate_token(token, expires_at=now + DAY, by=web, now=now)
    row = AccessToken.objects.get()
    assert (row.expiry_flagged_at, row.banner_dismissed_at) == (None, None)


def test_regenerate_token_that_lives_at_the_limit_is_done(
    make_token: MakeToken, web: Actor, now: datetime, set_policy: SetPolicy
) -> None:
    set_policy(tokens_per_owner=1)
    token, _ = make_token()
    assert regenerate_token(token, expires_at=now + DAY, by=web, now=now)[1]


def test_regenerate_token_that_expired_past_the_limit_is_refused(
    make_token: MakeToken, web: Actor, now: datetime, set_policy: SetPolicy
) -> None:
    expired, _ = make_token(now=now - 40 * DAY)
    set_policy(tokens_per_owner=1)
    make_token()
    with pytest.raises(TooManyTokens):
        regenerate_token(expired, expires_at=now + DAY, by=web, now=now)


def test_regenerate_token_that_can_not_be_recorded_leaves_the_old_secret(
    make_token: MakeToken, web: Actor, now: datetime, judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, secret = make_token()
    monkeypatch.setattr(rows, "record", lambda *_args, **_kwargs: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        regenerate_token(token, expires_at=now + DAY, by=web, now=now)
    assert judge(secret) == "good"
    assert token.secrets.count() == 1


@pytest.mark.parametrize("behind", [timedelta(microseconds=1), timedelta(minutes=5)])
def test_regenerate_token_by_a_clock_that_is_behind_is_done(
    make_token: MakeToken, web: Actor, now: datetime, judge: Judge, behind: timedelta
) -> None:
    """Of two who act at once the second may have read its clock first; clocks of servers differ."""
    token, old = make_token()
    _, new = regenerate_token(token, expires_at=now + DAY, by=web, now=now - behind)
    assert [judge(old), judge(new)] == ["replaced", "good"]
    assert TokenSecret.objects.get(pk=secret_id(old)).replaced_at == now
