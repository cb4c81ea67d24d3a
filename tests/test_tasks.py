import logging
from functools import partial

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
