"""The queue of work off the request path: in memory, or Redis streams with acknowledgement when `REDIS_URL` is set.

The queue only wakes somebody up. What is to be done stands in the store, so that nothing is lost with the queue.
taskiq is imported with `REDIS_URL` alone: with what it brings along it would take a sixth of the time to start.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Generic, ParamSpec

from config.main import settings

SHARED = settings.redis_url is not None  # a worker process takes what this one queues
if SHARED:
    from redis.exceptions import RedisError
    from taskiq.exceptions import TaskiqError
    from taskiq.receiver import Receiver
    from taskiq_redis import RedisStreamBroker

    QUEUE_AWAY: tuple[type[Exception], ...] = (RedisError, OSError, TimeoutError, TaskiqError)
else:
    QUEUE_AWAY = (OSError, TimeoutError)

Given = ParamSpec("Given")
KICK_TIMEOUT_S = 2
DRAIN_S = 5
RETRY_S = 1
_log = logging.getLogger("underline.tasks")
_under_way: set[asyncio.Task[None]] = set()


class Queued(Generic[Given]):
    """A function that the queue in memory calls: at once, in this process."""

    def __init__(self, function: Callable[Given, Awaitable[None]]) -> None:
        """Wrap `function`."""
        self._function = function

    async def kiq(self, *given: Given.args, **named: Given.kwargs) -> None:
        """Start it, without waiting for its end."""
        _start(self._done(*given, **named))

    async def _done(self, *given: Given.args, **named: Given.kwargs) -> None:
        try:
            await self._function(*given, **named)
        except Exception:  # noqa: BLE001  # whatever it is, it ends with this task
            _log.exception("a task failed; what is due is found in the store again")


class _Memory:
    """What we use of taskiq's queue, for a process that has no other to share it with."""

    is_worker_process = False

    def task(self, _name: str) -> Callable[[Callable[Given, Awaitable[None]]], Queued[Given]]:
        """Make a function one that can be queued."""
        return Queued

    async def startup(self) -> None:
        """Nothing to open."""

    async def shutdown(self) -> None:
        """Nothing to close: `opened` waits for what was started."""


def _shared(url: str) -> Any:
    return RedisStreamBroker(
        url,
        queue_name=f"{settings.mongo_db_name}:tasks",
        consumer_group_name="workers",
        consumer_id="0",  # also what was queued before the first worker ever started
        maxlen=10_000,
        idle_timeout=60_000,
        unacknowledged_lock_timeout=30,
    )


broker: _Memory = _shared(settings.redis_url.get_secret_value()) if settings.redis_url else _Memory()


@asynccontextmanager
async def opened() -> AsyncIterator[None]:
    """Hold the queue open; what was started in this process is given a moment to end."""
    try:
        async with asyncio.timeout(KICK_TIMEOUT_S):
            await broker.startup()
    except QUEUE_AWAY:
        _log.warning("the queue is away: what is due is found in the store instead")
    try:
        yield
    finally:
        await _drain()
        await broker.shutdown()


def wake(kick: Callable[[], Awaitable[Any]]) -> None:
    """Queue something without waiting for the queue; what does not arrive is found in the store later."""
    _start(_kick(kick))


async def settled() -> None:
    """Wait until all that this process queued has gone out and, with the queue in memory, has been done."""
    while _under_way:
        await asyncio.gather(*_under_way)
        await asyncio.sleep(0)  # what ended while nobody waited takes itself off the list then


async def work() -> None:
    """Do what is queued, until cancelled; a queue that went away is waited for.

    A queue in memory is done where it is filled: here nothing of it arrives.
    """
    while SHARED:
        await _receive()
        # A queue that fails at the moment of the cancellation hides it: taskiq and anyio tell of the failure alone.
        if (this := asyncio.current_task()) is not None and this.cancelling():
            raise asyncio.CancelledError
        await asyncio.sleep(RETRY_S)
    await asyncio.Event().wait()


async def _receive() -> None:
    """Do what is queued for as long as the queue is there; one that came back empty is set up anew.

    Not by taskiq's `run_receiver_task`: it asks a queue that is away again and again without a pause, and where the
    queue fails at the moment of the cancellation it goes on for ever.
    """
    shared: Any = broker
    shared.is_worker_process = True
    try:
        await Receiver(shared, max_async_tasks=20, run_startup=True).listen(asyncio.Event())
    except* QUEUE_AWAY:
        _log.warning("the queue is away; trying again")


def _start(work: Coroutine[Any, Any, None]) -> None:
    task = asyncio.create_task(work)
    _under_way.add(task)
    task.add_done_callback(_under_way.discard)


async def _kick(kick: Callable[[], Awaitable[Any]]) -> None:
    try:
        async with asyncio.timeout(KICK_TIMEOUT_S):
            await kick()
    except QUEUE_AWAY:
        _log.warning("the queue is away: the work waits in the store")


async def _drain() -> None:
    try:
        async with asyncio.timeout(DRAIN_S):
            await settled()
    except TimeoutError:
        _log.warning("work was still going on at the end; it is taken up again from the store")
