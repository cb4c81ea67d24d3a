"""Few at a time at one event: a stampede waits here, in the process, instead of wearing out the store.

Rivals on one document make each other try again inside the store, and run into its time limit there. Waiting costs
nothing here, counts against no time limit, and other events have doors of their own.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

from models.exceptions import TooManyRequests

AT_ONCE = 4  # of one process; more would only make them try again
MAX_WAITING = 500
_RETRY_S = 2


class _Door:
    def __init__(self) -> None:
        self.free = asyncio.Semaphore(AT_ONCE)
        self.inside = 0


_doors: WeakValueDictionary[str, _Door] = WeakValueDictionary()  # there while somebody stands in one


@asynccontextmanager
async def through(event_id: str) -> AsyncIterator[None]:
    """Wait for one's turn at an event, and take it.

    Raises:
        TooManyRequests: too many wait already.
    """
    door = _doors.get(event_id)
    if door is None:
        door = _doors[event_id] = _Door()
    if door.inside >= MAX_WAITING:
        raise TooManyRequests(_RETRY_S, "Too many people ask for this event at once.")
    door.inside += 1
    try:
        async with door.free:
            yield
    finally:
        door.inside -= 1
