"""Mails with real workers and a real server: each arrives, and comes twice only if a worker died with it on the line.

CI runs them with a few people; `make soak` (SOAK=1) with 300, who get 2,100 notices.
"""

import os
import random
import time
from collections import Counter
from collections.abc import Collection, Iterator

import pytest
import redis

from tests.system.conftest import NewPortal
from tests.system.mail_server import MailServer, mail_server
from tests.system.portal import Portal
from tests.system.processes import Process, procfile_command
from tests.system.servers import throwaway_postgres

SOAK = os.environ.get("SOAK") == "1"
PEOPLE, KILLS = (300, 10) if SOAK else (12, 2)
# In seconds, for each mail, so that a kill meets one on the line.
PAUSE = 0.02
LONG = 300.0

Expected = dict[str, list[str]]


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server(pause=PAUSE) as running:
        yield running


def fill(portal: Portal) -> Expected:
    mails: Expected = portal.act("fill_outbox", people=PEOPLE)
    return mails


def start_worker(portal: Portal) -> Process:
    """Without waiting for anything: it sends from its start on."""
    return portal.start(procfile_command("worker", portal.environment), "worker")


def wait_until_sent(portal: Portal) -> None:
    portal.wait_for(lambda: portal.act("waiting") == 0, what="an empty outbox", deadline=LONG)


def times_received(server: MailServer, expected: Expected) -> Counter[str]:
    """How often each mail came; what should have come and did not stands with 0, at whom it was for."""
    came = Counter(mail.message_id for mail in server.received)
    wanted = {message_id: email for email, ids in expected.items() for message_id in ids}
    assert came.keys() <= wanted.keys(), "a mail that was not to be sent"
    assert {mail.to for mail in server.received if wanted[mail.message_id] != mail.to} == set()
    return Counter({message_id: came[message_id] for message_id in wanted})


def assert_each_came(server: MailServer, expected: Expected, *, twice_at_most: Collection[str] = ()) -> set[str]:
    """Gives those that came twice."""
    times = times_received(server, expected)
    twice = {message_id for message_id, count in times.items() if count > 1}
    assert min(times.values()) == 1
    assert twice <= set(twice_at_most)
    return twice


def taken_but_unsent(portal: Portal, server: MailServer) -> set[str]:
    """What the server took while the answer, or the mark, was lost."""
    return {mail.message_id for mail in server.received} & set(portal.act("unsent"))


def test_worker_killed_while_it_sends_loses_none_and_repeats_only_what_was_on_the_line(
    new_portal: NewPortal, server: MailServer, capsys: pytest.CaptureFixture[str]
) -> None:
    portal = new_portal(EMAIL_URL=server.url)
    expected = fill(portal)
    mails = sum(map(len, expected.values()))
    on_the_line: set[str] = set()
    for threshold in sorted(random.sample(range(1, mails - 5), KILLS)):
        worker = start_worker(portal)
        portal.wait_for(lambda: len(server.received) >= threshold, what="more mails", deadline=LONG)  # noqa: B023
        worker.kill()
        on_the_line |= set(portal.act("claimed"))
        portal.act("let_leases_end")
    start_worker(portal)
    wait_until_sent(portal)
    twice = assert_each_came(server, expected, twice_at_most=on_the_line)
    with capsys.disabled():
        print(f"\n{KILLS} kills among {mails} mails: {len(twice)} came twice, {len(on_the_line)} were on the line")  # noqa: T201  # what it is for


def test_workers_two_with_two_beats_send_none_twice(new_portal: NewPortal, server: MailServer) -> None:
    portal = new_portal(EMAIL_URL=server.url)
    expected = fill(portal)
    workers = [start_worker(portal), start_worker(portal)]
    wait_until_sent(portal)
    assert_each_came(server, expected)
    assert [worker.said for worker in workers if "deadlock" in worker.said or "is locked" in worker.said] == []


def test_mail_server_down_and_up_again_gets_each_once(new_portal: NewPortal, server: MailServer) -> None:
    portal = new_portal(EMAIL_URL=server.url)
    expected = fill(portal)
    server.pause = 0.5  # time enough to go down among them
    start_worker(portal)
    portal.wait_for(lambda: len(server.received) > 3, what="the first mails")
    server.down()
    portal.wait_for(lambda: portal.act("errors"), what="the first failure")
    on_the_line = taken_but_unsent(portal, server)
    server.pause = PAUSE
    server.up()
    portal.act("let_leases_end")
    portal.act("wake_sender")
    wait_until_sent(portal)
    assert_each_came(server, expected, twice_at_most=on_the_line)


def test_mail_server_that_is_down_at_first_gets_each_once(new_portal: NewPortal, server: MailServer) -> None:
    server.down()
    portal = new_portal(EMAIL_URL=server.url)
    expected = fill(portal)
    start_worker(portal)
    portal.wait_for(lambda: portal.act("errors"), what="the first failure")
    server.up()
    portal.act("let_leases_end")
    portal.act("wake_sender")
    wait_until_sent(portal)
    assert_each_came(server, expected)


def test_mail_server_that_refuses_some_and_breaks_off_at_others_gets_the_rest(
    new_portal: NewPortal, server: MailServer
) -> None:
    server.refused, server.breaking = {"crowd1@example.com"}, {"crowd2@example.com"}
    portal = new_portal(EMAIL_URL=server.url)
    expected = fill(portal)
    start_worker(portal)
    good = sum(len(ids) for email, ids in expected.items() if email not in server.refused | server.breaking)
    portal.wait_for(lambda: len(server.received) >= good, what="the mails of the others", deadline=LONG)
    portal.wait_for(lambda: len(portal.act("errors")) == 14, what="an error for each of seven notices of two people")
    assert {error.partition(":")[0] for error in portal.act("errors")} == {
        "SMTPRecipientsRefused",
        "SMTPServerDisconnected",
    }


@pytest.mark.redis
def test_redis_emptied_while_mails_go_out_loses_none(new_portal: NewPortal, server: MailServer, redis_url: str) -> None:
    portal = new_portal(EMAIL_URL=server.url, REDIS_URL=redis_url)
    expected = fill(portal)
    start_worker(portal)
    with redis.Redis.from_url(redis_url) as broker:
        for _ in range(3):
            broker.flushdb()
            time.sleep(PAUSE)
    portal.act("wake_sender")
    wait_until_sent(portal)
    assert_each_came(server, expected)


@pytest.mark.soak
def test_postgres_restarted_while_mails_go_out_loses_none(
    new_portal: NewPortal, server: MailServer, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with throwaway_postgres() as (url, restart):
        portal = new_portal(EMAIL_URL=server.url, DATABASE_URL=url)
        portal.manage("migrate", "--verbosity", "0")
        expected = fill(portal)
        worker = start_worker(portal)
        portal.wait_for(lambda: len(server.received) > 20, what="the first mails")
        portal.end_inside()
        restart()
        on_the_line = set(portal.act("claimed")) | taken_but_unsent(portal, server)
        portal.act("let_leases_end")
        portal.act("wake_sender")
        wait_until_sent(portal)
        assert_each_came(server, expected, twice_at_most=on_the_line)
        assert worker.status is None


@pytest.mark.soak
def test_mail_server_that_hangs_or_takes_half_a_minute_holds_nobody_up(
    new_portal: NewPortal, server: MailServer
) -> None:
    server.hanging, server.slow = {"crowd1@example.com"}, {"crowd2@example.com": 30.0}
    portal = new_portal(EMAIL_URL=server.url)
    expected = fill(portal)
    began = time.monotonic()
    start_worker(portal)
    good = sum(len(ids) for email, ids in expected.items() if email not in server.hanging)
    portal.wait_for(lambda: len(server.received) >= good, what="the mails of the others", deadline=600)
    assert time.monotonic() - began < 600
    assert max(Counter(mail.message_id for mail in server.received).values()) == 1
