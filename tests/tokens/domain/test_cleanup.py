"""What goes when it is old enough, and what stays."""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count

import pytest
from django.contrib.sessions.models import Session

from accounts.actor import COMMAND, Actor
from accounts.audit import AuditEvent, record
from accounts.models import User
from accounts.people import deactivate_user
from tests.conftest import Deliver, MakeToken
from tests.tokens.conftest import SetPolicy, last_event
from tokens.domain import cleanup, lifecycle
from tokens.domain.cleanup import LONGEST_RUN, NOTIFICATIONS_KEPT_FOR, clean_up
from tokens.domain.expiry import flag_expiring
from tokens.domain.outbox import TRIED_FOR
from tokens.models import AccessToken, Notification, RefusalMinute, RequestKey, TokenSecret, UsageDay

SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)
CleanUp = Callable[[datetime], dict[str, int]]


@pytest.fixture
def clean(db: None) -> CleanUp:
    """A run at that moment; gives what it removed."""

    def run(at: datetime) -> dict[str, int]:
        return {name: gone for name, gone in clean_up(clock=lambda: at).counts.items() if gone}

    return run


@pytest.fixture
def token(make_token: MakeToken, now: datetime) -> AccessToken:
    """One that ends in 30 days; of its making nobody is to be told any more."""
    token, _ = make_token(now=now, expires_at=now + 30 * DAY)
    Notification.objects.all().delete()
    return token


def is_there(token: AccessToken) -> bool:
    return AccessToken.objects.filter(pk=token.pk).exists()


def test_clean_up_removes_tokens_that_ended_as_long_ago_as_the_policy_says(
    token: AccessToken, clean: CleanUp, set_policy: SetPolicy
) -> None:
    set_policy(keep_expired_days=20)
    clean(token.expires_at + 20 * DAY - SECOND)
    assert is_there(token)
    assert clean(token.expires_at + 20 * DAY)["tokens"] == 1
    assert not is_there(token)
    event = last_event("token.deleted")
    assert (event.subject_id, event.channel, event.actor_id) == (token.pk, "job", None)


def test_clean_up_takes_no_token_before_its_owner_was_told(
    token: AccessToken, clean: CleanUp, set_policy: SetPolicy, deliver: Deliver
) -> None:
    set_policy(keep_expired_days=1)
    later = token.expires_at + 2 * DAY
    clean(later)
    flag_expiring(now=later)
    clean(later)
    assert is_there(token)
    deliver(later)
    assert clean(later)["tokens"] == 1


def test_clean_up_waits_a_week_at_most_for_who_can_not_be_told(
    token: AccessToken, clean: CleanUp, set_policy: SetPolicy
) -> None:
    """Without a mail server the reminder would wait for ever."""
    set_policy(keep_expired_days=1)
    flag_expiring(now=token.expires_at)
    clean(token.expires_at + 7 * DAY)
    assert is_there(token)
    assert clean(token.expires_at + 7 * DAY + SECOND) == {"reminders": 1, "tokens": 1}
    assert Notification.objects.get(kind="reminder.ended").outcome == "dropped"


@pytest.mark.parametrize(
    "act",
    [
        lambda token, now: lifecycle.disable_token(token, by=COMMAND, now=now),
        lambda token, now: lifecycle.revoke_token(token, code="policy", reason="", by=COMMAND, now=now),
        lambda token, now: deactivate_user(token.owner, by=COMMAND, now=now),
        lambda token, now: User.objects.update(is_service=True, email=""),
    ],
    ids=["disabled", "revoked", "owner deactivated", "owner without address"],
)
def test_clean_up_waits_for_nobody_where_nobody_is_told(
    token: AccessToken, clean: CleanUp, set_policy: SetPolicy, act: Callable[[AccessToken, datetime], object]
) -> None:
    set_policy(keep_expired_days=1)
    act(token, token.expires_at - DAY)
    Notification.objects.all().delete()
    assert clean(token.expires_at + DAY)["tokens"] == 1


def test_clean_up_leaves_a_token_that_was_regenerated(token: AccessToken, clean: CleanUp, web: Actor) -> None:
    ended = token.expires_at
    lifecycle.regenerate_token(token, expires_at=ended + 60 * DAY, by=web, now=ended + DAY)
    clean(ended + 100 * DAY)
    assert is_there(token)


def test_clean_up_removes_many_in_batches(
    make_token: MakeToken, clean: CleanUp, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cleanup, "BATCH_OF_TOKENS", 2)
    for _ in range(5):
        make_token(expires_at=now + DAY)
    assert clean(now + 100 * DAY)["tokens"] == 5


def test_clean_up_forgets_replaced_secrets_after_90_days(token: AccessToken, clean: CleanUp, web: Actor) -> None:
    replaced_at = token.created_at + DAY
    lifecycle.regenerate_token(token, expires_at=replaced_at + 200 * DAY, by=web, now=replaced_at)
    clean(replaced_at + 90 * DAY - SECOND)
    assert token.secrets.count() == 2
    assert clean(replaced_at + 90 * DAY)["secrets"] == 1
    assert TokenSecret.objects.get().replaced_at is None


def test_clean_up_forgets_activity_by_the_policys_age(
    alice: User, clean: CleanUp, set_policy: SetPolicy, now: datetime
) -> None:
    set_policy(keep_activity_days=10)
    for days in (9, 10, 11):
        record("user.signed_in", by=Actor(alice, "web"), subject=alice.subject, now=now - timedelta(days=days))
    assert clean(now) == {"activity": 2}
    assert AuditEvent.objects.get().at == now - 9 * DAY


def test_clean_up_keeps_activity_for_as_long_as_a_mail_of_it_may_be_tried(
    alice: User, clean: CleanUp, set_policy: SetPolicy, now: datetime
) -> None:
    set_policy(keep_activity_days=1)
    record("user.password_changed", by=Actor(alice, "web"), subject=alice.subject, now=now)
    assert clean(now + TRIED_FOR) == {}
    assert clean(now + TRIED_FOR + DAY) == {"activity": 1}


def test_clean_up_forgets_what_was_sent_dropped_or_given_up_after_30_days(
    make_token: MakeToken, clean: CleanUp, now: datetime
) -> None:
    for _ in range(4):
        make_token()
    for row, outcome in zip(Notification.objects.order_by("pk"), ["sent", "dropped", "failed"], strict=False):
        Notification.objects.filter(pk=row.pk).update(outcome=outcome, done_at=now)
    clean(now + NOTIFICATIONS_KEPT_FOR - SECOND)
    assert Notification.objects.count() == 4
    assert clean(now + NOTIFICATIONS_KEPT_FOR)["notifications"] == 3
    assert Notification.objects.get().outcome == ""


def test_clean_up_forgets_keys_of_requests_after_a_day(make_token: MakeToken, clean: CleanUp, now: datetime) -> None:
    make_token(request_key="k")
    clean(now + DAY - SECOND)
    assert RequestKey.objects.count() == 1
    assert clean(now + DAY)["request_keys"] == 1


def test_clean_up_forgets_refusals_and_counts_of_days(token: AccessToken, clean: CleanUp, now: datetime) -> None:
    for days in (89, 90):
        RefusalMinute.objects.create(token=token, minute=now - days * DAY, reason="expired", count=1, sources={})
    for days in (365, 366):
        UsageDay.objects.create(day=(now - days * DAY).date(), outcome="good", count=1)
    assert clean(now) == {"refusals": 1, "usage_days": 1}


def test_clean_up_forgets_sessions_that_have_ended(clean: CleanUp, now: datetime) -> None:
    for number, ends in enumerate((now, now + SECOND)):
        Session.objects.create(session_key=f"k{number}", session_data="", expire_date=ends)
    assert clean(now) == {"sessions": 1}


def test_clean_up_ends_in_time_and_the_next_goes_on(token: AccessToken, clean: CleanUp) -> None:
    """Each look at the clock is a whole run later."""
    later = token.expires_at + 100 * DAY
    looks = count()
    counts = clean_up(clock=lambda: later + next(looks) * LONGEST_RUN).counts
    assert (counts["tokens"], is_there(token)) == (0, True)
    assert clean(later)["tokens"] == 1
