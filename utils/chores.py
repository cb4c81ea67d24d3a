"""Chores: what has to be looked after again and again, by one process at a time."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

from config import db
from config.main import settings
from models.commons import new_id
from utils import leases

Chore = Callable[[], Awaitable[object]]

_NAME = "chores"
_ASK_AGAIN_S = 1
_log = logging.getLogger("underline.chores")


@asynccontextmanager
async def kept(chores: Sequence[Chore], every_s: float = settings.chores_every_s) -> AsyncIterator[None]:
    """See to the chores meanwhile, whenever this process is the elected one.

    Args:
        chores: each finds out by itself what there is to do; doing it twice must be harmless.
        every_s: seconds between two rounds; 0: no rounds.
    """
    holder = new_id()
    rounds = asyncio.create_task(_rounds(chores, holder, every_s)) if chores and every_s else None
    try:
        yield
    finally:
        if rounds is not None:
            while not rounds.done():  # on Python 3.11 wait_for, which the driver uses, may swallow a cancellation
                rounds.cancel()
                await asyncio.wait([rounds], timeout=_ASK_AGAIN_S)
            with suppress(*db.STORE_AWAY):
                await leases.let_go(_NAME, holder)


async def _rounds(chores: Sequence[Chore], holder: str, every_s: float) -> None:
    while True:
        with suppress(*db.STORE_AWAY):  # the next round finds what this one missed
            if await leases.hold(_NAME, holder, timedelta(seconds=3 * every_s)):
                for chore in chores:
                    await _see_to(chore)
        await asyncio.sleep(every_s)


async def _see_to(chore: Chore) -> None:
    """One chore that fails keeps no other from being done."""
    try:
        await chore()
    except Exception:  # noqa: BLE001  # whatever it is: logged with its traceback, and tried again in the next round
        _log.exception("the chore %s failed", getattr(chore, "__qualname__", chore))
