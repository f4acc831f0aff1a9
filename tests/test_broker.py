"""The broker that is a folder."""

import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Empty

import pytest
from kombu import Connection

from tokenportal.broker import Channel


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "broker"


@contextmanager
def opened(folder: Path) -> Iterator[Channel]:
    options = {"folder": str(folder)}
    with Connection("files://localhost", transport="tokenportal.broker:Transport", transport_options=options) as there:
        channel = there.default_channel
        assert isinstance(channel, Channel)
        yield channel


@pytest.fixture
def channel(folder: Path) -> Iterator[Channel]:
    with opened(folder) as channel:
        yield channel


def take_all(folder: Path) -> list[int]:
    """The numbers of the messages that there are, as one worker of several gets them."""
    taken: list[int] = []
    with opened(folder) as channel, suppress(Empty):
        while True:
            taken.append(channel._get("queue")["number"])
    return taken


def test_put_of_messages_is_got_in_order_and_once(channel: Channel) -> None:
    for number in range(3):
        channel._put("queue", {"number": number})
    assert [channel._get("queue")["number"] for _ in range(3)] == [0, 1, 2]
    with pytest.raises(Empty):
        channel._get("queue")


def test_put_leaves_one_file_a_message_in_a_folder_of_ones_own(channel: Channel, folder: Path) -> None:
    channel._put("queue", {})
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert len(list(folder.iterdir())) == 1
    channel._get("queue")
    assert list(folder.iterdir()) == []


def test_get_of_another_queue_finds_nothing(channel: Channel) -> None:
    channel._put("queue", {})
    with pytest.raises(Empty):
        channel._get("other")


@pytest.mark.parametrize("torn", ["", '{"body": "W1'])
def test_get_of_a_torn_message_passes_it_over(channel: Channel, folder: Path, torn: str) -> None:
    channel._put("queue", {"whole": True})
    (folder / "0-torn.queue").write_text(torn)
    assert channel._get("queue") == {"whole": True}
    assert list(folder.iterdir()) == []


def test_get_while_a_message_is_being_written_does_not_see_it(channel: Channel, folder: Path) -> None:
    folder.mkdir()
    (folder / "0-half.part").write_text("{")
    with pytest.raises(Empty):
        channel._get("queue")


def test_get_by_several_workers_at_once_gives_each_message_to_one(channel: Channel, folder: Path) -> None:
    for number in range(300):
        channel._put("queue", {"number": number})
    with ThreadPoolExecutor(4) as workers:
        taken = [number for part in workers.map(take_all, [folder] * 4) for number in part]
    assert sorted(taken) == list(range(300))


def test_get_without_a_folder_finds_nothing(channel: Channel) -> None:
    with pytest.raises(Empty):
        channel._get("queue")


def test_purge_takes_all_messages_of_the_queue(channel: Channel) -> None:
    for queue in ("queue", "queue", "other"):
        channel._put(queue, {})
    assert channel._purge("queue") == 2
    assert (channel._size("queue"), channel._size("other")) == (0, 1)
