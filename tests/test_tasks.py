import asyncio
import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from threading import Thread

import pytest

from config import tasks
from tests.servers import free_port, redis_server

STOPPED_AT_ANY_MOMENT = """
import asyncio, logging
from config import tasks

async def stop_after(steps):
    working = asyncio.create_task(tasks.work())
    for _ in range(steps):
        await asyncio.sleep(0)
    working.cancel()
    done, _ = await asyncio.wait({working}, timeout=5)
    print(steps, working.cancelled(), flush=True)

async def main():
    for steps in range(60):
        await stop_after(steps)

logging.disable()
asyncio.run(main())
"""
LEFT_ALONE = """
import asyncio, logging, time
from config import tasks

class Third(logging.StreamHandler):
    said = 0

    def emit(self, record):
        super().emit(record)
        self.said += 1
        if self.said == 3:
            working.cancel()

async def main():
    global working
    working = asyncio.create_task(tasks.work())
    began = time.monotonic()
    await asyncio.wait({working})
    print(time.monotonic() - began)

logging.basicConfig(format="%(levelname)s %(message)s", level=logging.WARNING, handlers=[Third()])
asyncio.run(main())
"""
EMPTIED = """
import asyncio
from config import tasks
from redis.asyncio import Redis
from config.main import settings

done = asyncio.Event()

@tasks.broker.task("tests.note")
async def note():
    done.set()

async def is_done():
    while True:
        try:
            await note.kiq()
            break
        except tasks.QUEUE_AWAY:
            await asyncio.sleep(0.1)
    await done.wait()
    done.clear()

async def main():
    working = asyncio.create_task(tasks.work())
    await asyncio.sleep(0.5)
    print("looking", flush=True)
    await is_done()
    print("done", flush=True)
    async with Redis.from_url(settings.redis_url.get_secret_value()) as redis:
        await redis.flushall()
    await is_done()
    print("done again", flush=True)
    working.cancel()

asyncio.run(main())
"""


async def test_who_queues_something_goes_on_before_it_is_done() -> None:
    seen: list[str] = []

    @tasks.broker.task("tests.note")
    async def note() -> None:
        seen.append("done")

    tasks.wake(note.kiq)
    seen.append("gone on")
    await tasks.settled()

    assert seen == ["gone on", "done"]


async def test_a_task_that_fails_is_in_the_log_and_stops_no_other(caplog: pytest.LogCaptureFixture) -> None:
    seen: list[str] = []

    @tasks.broker.task("tests.note")
    async def note(text: str) -> None:
        if not text:
            raise ValueError("nothing to note")
        seen.append(text)

    with caplog.at_level(logging.ERROR):
        for text in ("", "what came after"):
            tasks.wake(partial(note.kiq, text))
        await tasks.settled()

    assert seen == ["what came after"]
    assert "nothing to note" in caplog.text


def test_waiting_for_what_was_queued_ends_although_it_ended_a_moment_before() -> None:
    async def nothing() -> None:
        return

    async def wait() -> None:
        tasks.wake(nothing)
        await asyncio.sleep(0)  # it is done, and has not been taken off the list
        await tasks.settled()

    waiting = Thread(target=asyncio.run, args=(wait(),), daemon=True)  # a loop that spins cannot be interrupted
    waiting.start()
    waiting.join(5)

    assert not waiting.is_alive()


def without_redis(program: str) -> "subprocess.CompletedProcess[str]":
    """Run a program whose queue is a Redis that is not there."""
    with queueing(program, free_port()) as process:
        out, err = process.communicate(timeout=60)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


@contextmanager
def queueing(program: str, port: int) -> "Iterator[subprocess.Popen[str]]":
    """Start a program whose queue is the Redis at a port; the kind of queue is chosen when it is imported."""
    with subprocess.Popen(
        [sys.executable, "-c", program],
        env=os.environ | {"REDIS_URL": f"redis://127.0.0.1:{port}/0"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def test_a_worker_without_its_redis_stops_at_whatever_moment_it_is_told_to() -> None:
    told = without_redis(STOPPED_AT_ANY_MOMENT)

    assert told.stdout.splitlines() == [f"{steps} True" for steps in range(60)], told.stderr


def test_a_worker_without_its_redis_tries_again_once_a_second_and_says_so_in_a_line() -> None:
    left = without_redis(LEFT_ALONE)

    assert left.stderr.splitlines() == ["WARNING the queue is away; trying again"] * 3
    assert float(left.stdout) > 1.9  # seconds, for two pauses


@pytest.mark.skipif(shutil.which("redis-server") is None, reason="no redis-server is installed here")
def test_a_redis_that_comes_late_or_comes_back_empty_is_made_use_of_again() -> None:
    port = free_port()

    with queueing(EMPTIED, port) as process:
        assert process.stdout is not None
        process.stdout.readline()  # it has looked in vain
        with redis_server(port):
            out, err = process.communicate(timeout=30)

    assert out.splitlines() == ["done", "done again"], err
