"""Which reminders come due, and which of them are still true when they are to be sent."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from accounts.actor import COMMAND
from accounts.models import User
from accounts.people import deactivate_user
from tests.conftest import MakeToken, MakeUser
from tests.tokens.conftest import SetPolicy
from tokens.domain import lifecycle
from tokens.domain.expiry import flag_expiring
from tokens.domain.reminders import Stage, add_reminders, stage_due, still_due
from tokens.models import AccessToken, Notification

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
END = datetime(2026, 6, 30, 12, tzinfo=UTC)
MADE = END - 90 * DAY

# Of a secret that was made and ends so, with that window: what is due at that moment.
MOMENTS: list[tuple[datetime, int, datetime, Stage | None]] = [
    (MADE, 7, END - 7 * DAY - SECOND, None),
    (MADE, 7, END - 7 * DAY, Stage.FIRST),
    (MADE, 7, END - DAY - SECOND, Stage.FIRST),
    (MADE, 7, END - DAY, Stage.LAST),
    (MADE, 7, END - SECOND, Stage.LAST),
    (MADE, 7, END, Stage.ENDED),
    (MADE, 7, END + 7 * DAY, Stage.ENDED),
    (MADE, 7, END + 7 * DAY + SECOND, None),
    # Made inside the window: no first, but the others.
    (END - 7 * DAY, 7, END - 5 * DAY, None),
    (END - 7 * DAY - SECOND, 7, END - 5 * DAY, Stage.FIRST),
    (END - 5 * DAY, 7, END - HOUR, Stage.LAST),
    (END - DAY, 7, END - HOUR, None),
    (END - HOUR, 7, END, Stage.ENDED),
    # Other windows: the first stage begins with the window, and is dropped when it is a week late.
    (MADE, 30, END - 30 * DAY, Stage.FIRST),
    (MADE, 30, END - 23 * DAY, Stage.FIRST),
    (MADE, 30, END - 23 * DAY + SECOND, None),
    (MADE, 30, END - DAY, Stage.LAST),
    (MADE, 1, END - DAY - SECOND, None),
    (MADE, 1, END - DAY, Stage.LAST),
]


def waiting() -> list[str]:
    """The stages of the reminders in the outbox, in the order in which they came."""
    rows = Notification.objects.filter(kind__startswith="reminder.").order_by("pk")
    return [row.kind.removeprefix("reminder.") for row in rows]


@pytest.fixture
def token(make_token: MakeToken) -> AccessToken:
    """One that ends at END."""
    return make_token(name="ci-deploy", expires_at=END, now=MADE)[0]


@pytest.mark.parametrize(("made_at", "window", "moment", "stage"), MOMENTS)
def test_reminder_comes_due_by_end_age_and_window(
    make_token: MakeToken,
    set_policy: SetPolicy,
    *,
    made_at: datetime,
    window: int,
    moment: datetime,
    stage: Stage | None,
) -> None:
    """The rule for one, and the statement for all, say the same."""
    make_token(expires_at=END, now=made_at)
    set_policy(reminder_days=window)
    flag_expiring(now=moment)
    assert stage_due(expires_at=END, made_at=made_at, window=timedelta(days=window), now=moment) == stage
    assert waiting() == ([stage] if stage else [])


def test_reminders_of_one_life_come_once_a_stage_however_often_the_job_runs(token: AccessToken) -> None:
    for hours in range(-10 * 24, 10 * 24, 7):
        flag_expiring(now=END + hours * HOUR)
    assert waiting() == ["first", "last", "ended"]
    keys = set(Notification.objects.filter(token_id=token.pk).values_list("dedupe_key", flat=True))
    assert keys == {f"{stage}:{token.current_secret.pk}" for stage in Stage}


def test_reminders_after_regenerate_are_those_of_the_new_secret(token: AccessToken) -> None:
    flag_expiring(now=END - 3 * DAY)
    lifecycle.regenerate_token(token, expires_at=END + 30 * DAY, by=COMMAND, now=END - 2 * DAY)
    for moment in (END, END + 24 * DAY, END + 30 * DAY):
        flag_expiring(now=moment)
    assert waiting() == ["first", "first", "ended"]


@pytest.mark.parametrize(
    ("turned_off", "stages"),
    [("mail_week_before", ["last", "ended"]), ("mail_day_before", ["first", "ended"])],
)
def test_reminders_turned_off_are_not_made_but_the_end_is_always_told(
    token: AccessToken, turned_off: str, stages: list[str]
) -> None:
    User.objects.filter(pk=token.owner_id).update(**{turned_off: False})
    for moment in (END - 5 * DAY, END - HOUR, END + HOUR):
        flag_expiring(now=moment)
    assert waiting() == stages


def test_reminders_of_an_owner_without_address_are_not_made(make_token: MakeToken, make_user: MakeUser) -> None:
    robot = make_user("robot@example.com", is_service=True)
    make_token(owner=robot, expires_at=END, now=MADE)
    User.objects.filter(pk=robot.pk).update(email="")
    flag_expiring(now=END - DAY)
    assert waiting() == []


def test_reminders_of_a_token_without_flag_are_not_made(token: AccessToken) -> None:
    assert add_reminders(now=END - 3 * DAY) == 0


# What may happen between the flag and the mail, after which it would not be true.
CHANGES: dict[str, Callable[[AccessToken, datetime], object]] = {
    "regenerated": lambda token, now: lifecycle.regenerate_token(token, expires_at=END + 30 * DAY, by=COMMAND, now=now),
    "revoked": lambda token, now: lifecycle.revoke_token(token, code="leak", reason="", by=COMMAND, now=now),
    "disabled": lambda token, now: lifecycle.disable_token(token, by=COMMAND, now=now),
    "deleted": lambda token, now: lifecycle.delete_token(token, by=COMMAND, now=now),
    "of a deactivated owner": lambda token, now: deactivate_user(token.owner, by=COMMAND, now=now),
    "of an owner who turned mails off": lambda token, now: User.objects.update(mail_week_before=False),
}


@pytest.mark.parametrize("change", CHANGES)
def test_reminder_of_a_token_that_was_meanwhile(token: AccessToken, change: str) -> None:
    flag_expiring(now=END - 3 * DAY)
    rows = list(Notification.objects.filter(kind="reminder.first"))
    assert [(row.pk, secret.token) for row, secret in still_due(rows, now=END - 2 * DAY)] == [(rows[0].pk, token)]
    CHANGES[change](token, END - 2 * DAY)
    assert still_due(rows, now=END - 2 * DAY) == []


def test_reminder_whose_next_stage_has_begun_is_not_true_any_more(token: AccessToken) -> None:
    flag_expiring(now=END - 3 * DAY)
    rows = list(Notification.objects.filter(kind="reminder.first"))
    assert still_due(rows, now=END - DAY) == []


def test_reminders_that_are_true_come_with_the_soonest_end_first(make_token: MakeToken) -> None:
    for name, end in (("b", END + HOUR), ("a", END)):
        make_token(name=name, expires_at=end, now=MADE)
    flag_expiring(now=END - 3 * DAY)
    rows = list(Notification.objects.filter(kind="reminder.first"))
    assert [secret.token.name for _row, secret in still_due(rows, now=END - 2 * DAY)] == ["a", "b"]
