"""The worker, as the Procfile starts it: flags come and go, whatever happens to it or to its broker."""

import re
import socket
import stat
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from tests.system.conftest import NewPortal
from tests.system.portal import Portal, Token
from tests.system.processes import wait_for
from tests.system.servers import Line
from tests.system.visitor import Got, Visitor, ask

HOUR = 3600.0
BANNER = "Expiring tokens"
TROUBLE = re.compile(r"\[(error|critical) *\]|Traceback|deadlock|database is locked")


@pytest.fixture(params=["files", pytest.param("redis", marks=pytest.mark.redis)])
def portal(request: pytest.FixtureRequest, new_portal: NewPortal) -> Portal:
    """One whose worker is called every second, by way of files and by way of Redis."""
    url = request.getfixturevalue("redis_url") if request.param == "redis" else ""
    return new_portal(FLAG_INTERVAL="1", REDIS_URL=url)


def is_warned_of(token: Token, name: str, visitor: Visitor) -> bool:
    """Whether the banner on a page names the token."""
    page = visitor.get("/settings/profile/").page
    return BANNER in page.regions and any(name in item and "Regenerate" in item for item in page.items)


def wait_for_flag(portal: Portal, token: Token) -> str:
    flagged = portal.wait_for(lambda: portal.flagged_at(token), what=f"the flag of token {token.id}")
    assert flagged is not None
    return flagged


def wait_for_runs(portal: Portal, more: int) -> list[dict[str, int]]:
    """What all runs counted, when so many more have ended."""
    enough = len(portal.runs()) + more
    portal.wait_for(lambda: len(portal.runs()) >= enough, what=f"{more} more runs")
    return portal.runs()


def regenerate(token: Token, visitor: Visitor) -> None:
    answer = visitor.fill_in(f"/settings/tokens/{token.id}/regenerate/")
    assert "Your new access token" in answer.page.headings, answer.text


def test_flag_of_a_token_that_ends_soon_is_set_by_the_worker_and_goes_with_regenerate(portal: Portal) -> None:
    portal.start_web()
    portal.start_worker()
    ada, token = portal.ada(), portal.make_token("nearly-over", ends_in=47 * HOUR)
    wait_for_flag(portal, token)
    assert is_warned_of(token, "nearly-over", ada)
    regenerate(token, ada)
    assert portal.flagged_at(token) is None
    assert not is_warned_of(token, "nearly-over", ada)
    wait_for_runs(portal, 2)
    assert portal.flagged_at(token) is None


def test_worker_killed_and_started_again_goes_on(portal: Portal) -> None:
    worker = portal.start_worker()
    worker.kill_alone()
    portal.wait_for(lambda: not worker.has_children(), what="the end of the killed worker's beat")
    token = portal.make_token("nearly-over", ends_in=HOUR)
    again = portal.start_worker()
    wait_for_flag(portal, token)
    assert not TROUBLE.search(again.said)


def test_workers_two_with_two_beats_do_nothing_twice(portal: Portal) -> None:
    workers = [portal.start_worker(), portal.start_worker()]
    flagged_before = sum(run["flagged"] for run in portal.runs())
    tokens = [portal.make_token(f"nearly-over-{number}", ends_in=HOUR) for number in range(5)]
    flagged_at = [wait_for_flag(portal, token) for token in tokens]
    runs = wait_for_runs(portal, 8)  # the second worker is up by then
    assert [portal.flagged_at(token) for token in tokens] == flagged_at
    assert sum(run["flagged"] for run in runs) == flagged_before + len(tokens)
    assert [worker.said for worker in workers if TROUBLE.search(worker.said)] == []


def test_worker_at_its_start_runs_the_job_without_waiting_an_interval(new_portal: NewPortal) -> None:
    portal = new_portal(FLAG_INTERVAL="86400")
    token = portal.make_token("over", ends_in=-HOUR)
    portal.start_worker()
    assert portal.flagged_at(token)


def test_worker_asked_to_end_does_so_within_seconds(portal: Portal) -> None:
    worker = portal.start_worker()
    began = time.monotonic()
    assert worker.stop() == 0
    assert time.monotonic() - began < 8
    assert not TROUBLE.search(worker.said)


def test_worker_with_the_file_broker_keeps_everything_from_other_accounts(new_portal: NewPortal) -> None:
    portal = new_portal(FLAG_INTERVAL="1")
    portal.start_worker().kill()
    portal.act("seconds_to_wake")
    modes = {str(path.relative_to(portal.data)): path.stat().st_mode for path in portal.data.rglob("*")}
    assert any(name.startswith("broker/") for name in modes)
    assert [name for name, mode in modes.items() if stat.S_IMODE(mode) & 0o077] == []


def test_worker_that_meets_a_torn_message_passes_it_over(new_portal: NewPortal) -> None:
    portal = new_portal(FLAG_INTERVAL="1")
    worker = portal.start_worker()
    (portal.data / "broker" / "1-torn.tokenportal").write_text('{"body": "W1')
    wait_for_flag(portal, portal.make_token("nearly-over", ends_in=HOUR))
    assert list((portal.data / "broker").glob("*torn*")) == []
    assert worker.status is None


@pytest.mark.redis
def test_worker_whose_redis_goes_away_and_comes_back_goes_on(new_portal: NewPortal, redis_url: str) -> None:
    parts = urlsplit(redis_url)
    line = Line(parts.hostname or "localhost", parts.port or 6379)
    through = parts._replace(netloc=f"127.0.0.1:{line.port}").geturl()
    portal = new_portal(FLAG_INTERVAL="1", REDIS_URL=through)
    worker = portal.start_worker()
    line.cut()
    portal.wait_for(lambda: "onnect" in worker.said, what="the worker's notice that Redis is gone")
    token = portal.make_token("nearly-over", ends_in=HOUR)
    line.mend()
    wait_for_flag(portal, token)
    line.close()


@pytest.fixture(params=["nobody listens", "nobody answers"])
def dead_redis(request: pytest.FixtureRequest) -> Iterator[str]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        if request.param == "nobody answers":
            listener.listen()
        yield f"redis://:the-password-of-redis@127.0.0.1:{listener.getsockname()[1]}/0"


def test_wake_while_redis_is_dead_neither_raises_nor_hangs(new_portal: NewPortal, dead_redis: str) -> None:
    portal = new_portal(REDIS_URL=dead_redis)
    assert [seconds for _ in range(2) if (seconds := portal.act("seconds_to_wake")) > 4] == []
    said = (portal.folder / "inside.log").read_text()
    assert said.count("task not woken") == 1  # the second did not try so soon
    assert "the-password-of-redis" not in said


def test_pages_while_redis_is_dead_go_on(new_portal: NewPortal, dead_redis: str) -> None:
    portal = new_portal(REDIS_URL=dead_redis)
    portal.start_web()
    ada, token = portal.ada(), portal.make_token("laptop of the test")
    regenerate(token, ada)


def test_token_past_its_end_is_refused_though_no_worker_runs(new_portal: NewPortal) -> None:
    portal = new_portal()
    portal.start_web()
    token = portal.make_token("nearly-over", ends_in=5)
    assert verify(portal, token).status == 204
    wait_for(lambda: time.time() >= token.ends_at, what="the end of the token")
    answer = verify(portal, token)
    end = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(token.ends_at))
    assert answer.status == 401
    assert f'error_description="The access token expired at {end}"' in answer.headers["WWW-Authenticate"]


def verify(portal: Portal, token: Token) -> Got:
    return ask(f"{portal.url}/auth/verify", token=token.secret)


def test_logs_of_web_and_worker_hold_no_secret(new_portal: NewPortal) -> None:
    portal = new_portal(FLAG_INTERVAL="1")
    portal.start_web()
    portal.start_worker()
    token = portal.make_token("talkative", ends_in=HOUR)
    wait_for_flag(portal, token)
    url = f"{portal.url}/auth/verify?token={token.secret}"
    ask(url, headers={"User-Agent": token.secret}, token=token.secret)
    regenerate(token, portal.ada())
    assert "auth/verify" in portal.said
    assert not re.search("tp_[0-9A-Za-z]{46}", portal.said)
