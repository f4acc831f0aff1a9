"""The thread that writes what is pending: one a process, and it outlives every failure."""

import threading
from typing import NoReturn
from unittest import mock

import pytest

from tokens.domain import flusher, pending
from tokens.domain.pending import Rest


class MainThread:
    """One that lives for some seconds."""

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds

    def is_alive(self) -> bool:
        return self.seconds > 0

    def join(self, timeout: float) -> None:
        assert timeout <= flusher.INTERVAL
        self.seconds -= 1


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The threads that were started, none of which runs."""
    names: list[str] = []
    monkeypatch.setattr(flusher, "_started", False)
    monkeypatch.setattr(flusher.Flusher, "start", lambda thread: names.append(thread.name))
    return names


def test_flusher_flushes_each_second_and_once_more_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    flushes: list[int] = []
    main = MainThread(seconds=3)
    monkeypatch.setattr(threading, "main_thread", lambda: main)
    monkeypatch.setattr(flusher, "flush_safely", lambda _rest: flushes.append(main.seconds))
    flusher.Flusher().run()
    assert flushes == [2, 1, 0, 0]


def test_flusher_between_parts_waits_for_the_main_thread_and_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    main = mock.Mock(**{"is_alive.side_effect": [True, False]})
    monkeypatch.setattr(threading, "main_thread", lambda: main)
    monkeypatch.setattr(flusher, "flush_safely", lambda rest: rest(0.25))
    flusher.Flusher().run()
    assert main.join.call_args_list[-1] == mock.call(flusher.SPREAD / 4)


def test_flusher_rests_no_longer_than_its_spread_however_many_things_have_parts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else what is noted in the meantime would wait for more than a second."""
    rested: list[float] = []
    clock = mock.Mock(**{"monotonic.side_effect": lambda: sum(rested)})
    main = mock.Mock(**{"is_alive.side_effect": [True, False], "join.side_effect": rested.append})
    monkeypatch.setattr(threading, "main_thread", lambda: main)
    monkeypatch.setattr(flusher, "time", clock)
    monkeypatch.setattr(flusher, "flush_safely", lambda rest: [rest(0.5) for _ in range(4)])
    flusher.Flusher().run()
    assert sum(rested) == pytest.approx(flusher.INTERVAL + flusher.SPREAD)


def test_flusher_writes_what_is_noted_while_it_writes_the_last_time(monkeypatch: pytest.MonkeyPatch) -> None:
    main = MainThread(seconds=1)
    noted, written = ["first"], list[str]()

    def flush(_rest: Rest) -> None:
        written.extend(noted)
        noted[:] = ["in the meantime"] if len(written) == 1 else []

    monkeypatch.setattr(threading, "main_thread", lambda: main)
    monkeypatch.setattr(flusher, "flush_safely", flush)
    flusher.Flusher().run()
    assert written == ["first", "in the meantime"]


def test_flusher_made_by_a_daemon_is_none() -> None:
    """Else the interpreter would not wait for it."""
    made: list[bool] = []
    thread = threading.Thread(target=lambda: made.append(flusher.Flusher().daemon), daemon=True)
    thread.start()
    thread.join()
    assert made == [False]


def test_flush_safely_with_a_mistake_of_ours_goes_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_rest: Rest) -> NoReturn:
        raise TypeError("ours")

    monkeypatch.setattr(pending, "flush_all", fail)
    flusher.flush_safely(pending.no_rest)
    assert "pending not written" in caplog.text


def test_ensure_started_twice_starts_one_thread(started: list[str]) -> None:
    flusher.ensure_started()
    flusher.ensure_started()
    assert started == ["flusher"]


def test_ensure_started_by_two_requests_at_once_starts_one_thread(
    started: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Waited:
        """A lock that this request got only after the other one had done it."""

        def __enter__(self) -> None:
            flusher._started = True

        def __exit__(self, *_: object) -> None:
            pass

    monkeypatch.setattr(flusher, "_starting", Waited())
    flusher.ensure_started()
    assert started == []


def test_ensure_started_in_a_forked_process_starts_its_own(started: list[str]) -> None:
    flusher.ensure_started()
    flusher.forget()
    flusher.ensure_started()
    assert started == ["flusher", "flusher"]
