"""The embedded store lives exactly as long as somebody uses it, whatever dies; nothing acknowledged is lost."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pymongo import AsyncMongoClient, MongoClient
from secantus.transactions import TransactionRegistry

from config import embedded, store_program
from config.keeper import Folder, is_locked, read_number

CODE = Path(__file__).parents[1]
PATIENCE_S = 40.0  # the machine may be busy
USER = """
import sys, time
from pathlib import Path
from config.embedded import Use
with Use(Path(sys.argv[1])):
    print("in use", flush=True)
    time.sleep(600)
"""


def until(met: Callable[[], bool]) -> float:
    """Wait for a condition; gives the seconds that it took."""
    began = time.monotonic()
    while not met():
        assert time.monotonic() - began < PATIENCE_S, "waited in vain"
        time.sleep(0.02)
    return time.monotonic() - began


@contextmanager
def another_user(data_dir: Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", USER, str(data_dir)], cwd=CODE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def says_in_use(process: subprocess.Popen[str]) -> bool:
    assert process.stdout is not None
    return process.stdout.readline() == "in use\n"


def store_process(data_dir: Path) -> int:
    return read_number(Folder.of(data_dir).process) or 0


def is_gone(data_dir: Path) -> bool:
    folder = Folder.of(data_dir)
    return not is_locked(folder.keeper) and not is_locked(folder.process)


def keeper_process(data_dir: Path) -> int:
    status = Path(f"/proc/{store_process(data_dir)}/stat").read_text(encoding="utf-8")
    return int(status.rpartition(")")[2].split()[1])


async def test_two_that_start_at_once_share_one_store_which_ends_with_the_last(tmp_path: Path) -> None:
    first, second = embedded.Use(tmp_path), embedded.Use(tmp_path)

    uris = await asyncio.gather(asyncio.to_thread(first.begin), asyncio.to_thread(second.begin))

    assert uris[0] == uris[1]
    first.end()
    with MongoClient[dict[str, int]](uris[1]) as client:
        client.db.things.insert_one({"_id": 1})
    second.end()
    assert is_gone(tmp_path)


async def test_what_was_written_is_there_the_next_time(tmp_path: Path) -> None:
    async with embedded.running(tmp_path) as uri, AsyncMongoClient[dict[str, int]](uri) as client:
        await client.db.things.insert_one({"_id": 7})

    async with embedded.running(tmp_path) as uri, AsyncMongoClient[dict[str, int]](uri) as client:
        found = await client.db.things.find_one()

    assert found == {"_id": 7}


def test_the_store_ends_when_its_last_user_is_killed(tmp_path: Path) -> None:
    with another_user(tmp_path) as user:
        assert says_in_use(user)

        user.kill()

        until(lambda: is_gone(tmp_path))


def test_a_starter_that_is_killed_midway_leaves_nothing_and_stops_nobody(tmp_path: Path) -> None:
    with another_user(tmp_path) as starter:
        until(Folder.of(tmp_path).keeper.exists)

        starter.kill()

    with embedded.Use(tmp_path) as use:
        assert not is_gone(tmp_path)
        use.end()
    assert is_gone(tmp_path)


@pytest.mark.parametrize("victim", [store_process, keeper_process])
async def test_a_killed_store_comes_back_at_its_port_with_all_that_it_acknowledged(
    tmp_path: Path, victim: Callable[[Path], int]
) -> None:
    async with (
        embedded.running(tmp_path) as uri,
        AsyncMongoClient[dict[str, int]](uri, timeoutMS=PATIENCE_S * 1000) as client,
    ):
        acknowledged = [(await client.db.things.insert_one({"_id": number})).inserted_id for number in range(50)]
        before = store_process(tmp_path)

        os.kill(victim(tmp_path), signal.SIGKILL)
        until(lambda: store_process(tmp_path) != before)
        found = [document["_id"] async for document in client.db.things.find().sort("_id")]

        assert found == acknowledged
    assert is_gone(tmp_path)


def test_a_user_whose_loop_is_busy_gets_its_store_back_all_the_same(tmp_path: Path) -> None:
    async def busy() -> None:
        async with embedded.running(tmp_path):
            before = store_process(tmp_path)
            os.kill(keeper_process(tmp_path), signal.SIGKILL)
            until(lambda: Folder.of(tmp_path).ready.exists() and store_process(tmp_path) != before)

    asyncio.run(busy())

    assert is_gone(tmp_path)


def test_ctrl_c_of_the_terminal_does_not_reach_the_store(tmp_path: Path) -> None:
    with embedded.Use(tmp_path):
        groups = {os.getpgid(process(tmp_path)) for process in (store_process, keeper_process)}
        sessions = {os.getsid(process(tmp_path)) for process in (store_process, keeper_process)}

    assert os.getpgrp() not in groups
    assert os.getsid(0) not in sessions


def test_a_port_that_another_program_took_meanwhile_is_left_to_it(tmp_path: Path) -> None:
    folder = Folder.of(tmp_path)
    folder.path.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        folder.last_port.write_text(str(port))
        folder.ready.write_text(str(port))

        use = embedded.Use(tmp_path)
        uri = use.begin()
        use.end()

    assert uri != f"mongodb://127.0.0.1:{port}"


@pytest.mark.parametrize("rubbish", ["-1", "99999999"])
def test_rubbish_where_the_port_was_noted_does_not_matter(tmp_path: Path, rubbish: str) -> None:
    folder = Folder.of(tmp_path)
    folder.path.mkdir()
    folder.last_port.write_text(rubbish)
    folder.ready.write_text(rubbish)

    with embedded.Use(tmp_path):
        port = read_number(folder.ready)

    assert port is not None
    assert 1024 < port < 65_536


@pytest.mark.parametrize("rubbish", ["", "no number", "1 2", "\0"])
def test_what_is_no_number_in_a_note_is_none(tmp_path: Path, rubbish: str) -> None:
    (tmp_path / "port").write_text(rubbish)

    assert read_number(tmp_path / "port") is None


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("a file where the folder would be")

    with pytest.raises(embedded.EmbeddedStoreError, match=f"cannot use {tmp_path / 'store'}"):
        embedded.Use(tmp_path).begin()


def test_files_that_the_store_cannot_read_end_the_start_with_its_own_words(tmp_path: Path) -> None:
    folder = Folder.of(tmp_path)
    folder.path.mkdir()
    folder.documents.write_text("not a folder")

    with pytest.raises(embedded.EmbeddedStoreError, match=r"does not start; it says: .*[Ee]rror"):
        embedded.Use(tmp_path).begin()

    assert is_gone(tmp_path)


def test_a_missing_package_is_said_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bin" / "python"))

    with pytest.raises(embedded.EmbeddedStoreError, match=r"requirements-local\.txt"):
        embedded.Use(tmp_path).begin()


def test_the_replies_to_writes_are_forgotten_oldest_first_and_quickly() -> None:
    told = 0.0
    replies = TransactionRegistry(time_func=lambda: told)
    began = time.monotonic()

    for number in range(3 * store_program.MOST):  # the package's own way: decision 0064
        replies.record_retryable(b"session", number, b"", {"ok": 1, "n": number})
    took = time.monotonic() - began
    latest = replies.retryable_reply(b"session", 3 * store_program.MOST - 1, b"")
    kept = sum(replies.retryable_reply(b"session", number, b"") is not None for number in range(3 * store_program.MOST))
    told += store_program.LIFETIME_S + 1
    replies.record_retryable(b"session", 0, b"", {"ok": 1, "n": 0})

    assert took < 5
    assert latest == {"ok": 1, "n": 3 * store_program.MOST - 1}
    assert 0.8 * store_program.MOST < kept <= store_program.MOST
    assert replies.retryable_reply(b"session", 3 * store_program.MOST - 1, b"") is None
    assert replies.retryable_reply(b"session", 0, b"") is not None
