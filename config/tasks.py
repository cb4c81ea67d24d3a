"""The queue of work off the request path: in memory, or Redis streams with acknowledgement when `REDIS_URL` is set.

The queue only wakes somebody up. What is to be done stands in the store, so that nothing is lost with the queue.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from taskiq import AsyncBroker, InMemoryBroker
from taskiq.api import run_receiver_task
from taskiq.exceptions import TaskiqError

from config.main import settings

SHARED = settings.redis_url is not None  # a worker process takes what this one queues
if SHARED:  # its client alone would take a seventh of the time to start
    from redis.exceptions import RedisError
    from taskiq_redis import RedisStreamBroker

    QUEUE_AWAY: tuple[type[Exception], ...] = (RedisError, OSError, TimeoutError, TaskiqError)
else:
    QUEUE_AWAY = (OSError, TimeoutError, TaskiqError)

KICK_TIMEOUT_S = 2
DRAIN_S = 5
RETRY_S = 1
_log = logging.getLogger("underline.tasks")
_kicks: set[asyncio.Task[None]] = set()


def _broker() -> AsyncBroker:
    if settings.redis_url is None:
        return InMemoryBroker()
    return RedisStreamBroker(
        settings.redis_url.get_secret_value(),
        queue_name=f"{settings.mongo_db_name}:tasks",
        consumer_group_name="workers",
        consumer_id="0",  # also what was queued before the first worker ever started
        maxlen=10_000,
        idle_timeout=60_000,
        unacknowledged_lock_timeout=30,
    )


broker = _broker()


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
    kicked = asyncio.create_task(_kick(kick))
    _kicks.add(kicked)
    kicked.add_done_callback(_kicks.discard)


async def settled() -> None:
    """Wait until all that this process queued has gone out and, with the queue in memory, has been done."""
    while _kicks:
        await asyncio.gather(*_kicks)
    if isinstance(broker, InMemoryBroker):
        await broker.wait_all()


async def work() -> None:
    """Do what is queued, until cancelled; a queue that went away is waited for.

    A queue in memory is done where it is filled: here nothing of it arrives.
    """
    while SHARED:
        try:
            await run_receiver_task(broker, max_async_tasks=20)
        except QUEUE_AWAY:
            _log.warning("the queue is away; trying again")
        await asyncio.sleep(RETRY_S)
    await asyncio.Event().wait()


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
