"""Who gets to send what, and when it is tried again."""

from datetime import datetime, timedelta
from itertools import count
from threading import Barrier, Thread

import pytest
from django.db import connection

from tokens.domain import outbox
from tokens.domain.outbox import LEASE, TRIED_FOR, Batch, Outcome, claim_next, finish, pause_after, put_back
from tokens.models import Notification

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)

numbers = count(1)


def wait(user_id: int, kind: str = "token.created", *, since: datetime, address: str = "") -> Notification:
    """A row that waits for its turn."""
    number = next(numbers)
    cause = {"token_id": 1, "secret_id": number} if kind.startswith("reminder.") else {"event_id": number}
    return Notification.objects.create(
        dedupe_key=f"test:{number}",
        kind=kind,
        user_id=user_id,
        address=address,
        created_at=since,
        next_try_at=since,
        **cause,
    )


def claim(now: datetime) -> Batch:
    batch = claim_next(now=now)
    assert batch is not None
    return batch


def test_claim_takes_what_has_waited_longest_and_nothing_that_is_not_due(now: datetime) -> None:
    wait(2, since=now)
    first = wait(1, since=now - SECOND)
    wait(3, since=now + SECOND)
    assert claim(now).rows == (first,)
    assert claim(now).user_id == 2
    assert claim_next(now=now) is None


def test_claim_takes_all_reminders_of_a_person_and_notices_kind_by_kind(now: datetime) -> None:
    for kind in ("reminder.first", "token.created", "reminder.ended", "token.created", "token.revoked"):
        wait(1, kind, since=now)
    wait(2, "reminder.first", since=now)
    batches = []
    while batch := claim_next(now=now):
        batches.append((batch.user_id, [row.kind for row in batch.rows]))
    assert batches == [
        (1, ["reminder.first", "reminder.ended"]),
        (1, ["token.created", "token.created"]),
        (1, ["token.revoked"]),
        (2, ["reminder.first"]),
    ]


def test_claim_keeps_addresses_apart(now: datetime) -> None:
    for address in ("old@example.com", ""):
        wait(1, "user.email_changed", since=now, address=address)
    assert [claim(now).address, claim(now).address] == ["old@example.com", ""]


def test_claim_of_a_dead_worker_is_taken_over_after_the_lease(now: datetime) -> None:
    wait(1, since=now)
    dead = claim(now)
    assert claim_next(now=now + LEASE - SECOND) is None
    again = claim(now + LEASE)
    assert (again.rows[0].attempts, again.claim != dead.claim) == (2, True)
    # Should the dead one wake up, it has no say any more.
    assert finish(dead, Outcome.SENT, dead.rows, now=now + LEASE) == 0
    assert finish(again, Outcome.SENT, again.rows, now=now + LEASE) == 1


def test_finish_marks_some_as_sent_and_the_others_as_not_needed(now: datetime) -> None:
    for _ in range(2):
        wait(1, since=now)
    batch = claim(now)
    finish(batch, Outcome.SENT, batch.rows[:1], now=now)
    finish(batch, Outcome.DROPPED, batch.rows[1:], now=now)
    assert list(Notification.objects.order_by("pk").values_list("outcome", "done_at", "claim")) == [
        ("sent", now, ""),
        ("dropped", now, ""),
    ]


def test_put_back_waits_longer_each_time(now: datetime) -> None:
    row, pauses = wait(1, since=now), []
    for _ in range(4):
        put_back(claim(now), error="refused", now=now)
        row.refresh_from_db()
        pauses.append((row.next_try_at - now) // MINUTE)
        now = row.next_try_at
    assert pauses == [1, 2, 4, 8]
    assert (row.error, row.claim, row.outcome) == ("refused", "", "")


def test_pause_never_grows_past_six_hours() -> None:
    assert [pause_after(attempts) // MINUTE for attempts in (9, 10, 1000)] == [256, 360, 360]


def test_put_back_gives_up_after_three_days_of_trying(now: datetime) -> None:
    """Counted from the first try: what waited for a mail server to be named has all of them before it."""
    wait(1, since=now - 30 * TRIED_FOR)
    put_back(claim(now), error="refused", now=now)
    put_back(claim(now + TRIED_FOR - SECOND), error="refused", now=now + TRIED_FOR - SECOND)
    assert Notification.objects.get().outcome == ""
    put_back(claim(now + 2 * TRIED_FOR), error="x" * 999, now=now + 2 * TRIED_FOR)
    row = Notification.objects.get()
    assert (row.outcome, row.done_at, row.error) == ("failed", now + 2 * TRIED_FOR, "x" * 200)


def test_claim_that_another_worker_wins_goes_on_to_the_next(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    for user_id in (1, 2):
        wait(user_id, since=now)
    lost = iter([True])
    real = outbox._claim

    def too_late(first: Notification, *, now: datetime) -> Batch | None:
        return None if next(lost, False) else real(first, now=now)

    monkeypatch.setattr(outbox, "_claim", too_late)
    assert claim(now).user_id == 2


@pytest.mark.django_db(transaction=True)
def test_claim_by_four_workers_at_once_gives_each_mail_to_one(now: datetime) -> None:
    for user_id in range(12):
        for _ in range(3):
            wait(user_id, since=now)
    won: list[list[int]] = []
    start = Barrier(4)

    def work() -> None:
        start.wait()
        while batch := claim_next(now=now):
            won.append([row.pk for row in batch.rows])
        connection.close()

    workers = [Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert {len(rows) for rows in won} == {3}
    assert sorted(pk for rows in won for pk in rows) == sorted(Notification.objects.values_list("pk", flat=True))
    assert set(Notification.objects.values_list("attempts", flat=True)) == {1}
