import asyncio
import logging
from functools import partial
from threading import Thread

import pytest

from config import tasks


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
