"""Waiting lists: promotion, news for those who take part, and what makes counters true again after a crash.

Part of the owner of `attendance`.
"""

import logging
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from config import db, tasks
from models.attendance import Attendance
from models.commons import now
from models.events import Event
from models.exceptions import EventNotFound
from models.mail import Template
from models.notices import EventCancelled, EventMoved
from models.users import UserId
from utils import _pairs, events, mail, seats

BATCH = 50
ROUNDS = 10
LIMIT = 100

_log = logging.getLogger("underline.attendance")


async def promote(event_id: str) -> bool:
    """Let those who have waited longest into the seats that are free; whether anybody was.

    What is left over when the rounds are used up stays marked, and the reconciler goes on with it.
    """
    anybody = False
    for _ in range(ROUNDS):
        standing = await seats.find(event_id)
        if standing is None:
            break
        if not (standing.open and standing.free and standing.waiting):
            await seats.settled(event_id, standing.version)
            break
        promoted = await db.in_transaction(partial(_hand_on, event_id, min(standing.free, BATCH)))
        if not promoted:  # those who are counted as waiting are on their way in, and promote when they are
            break
        anybody = True
        tasks.wake(mail.sweep_soon.kiq)
    return anybody


async def _hand_on(event_id: str, free: int, session: db.Transaction) -> list[Attendance]:
    """One transaction: the head of the queue moves into the seats, on the event and in the documents alike."""
    first = list(await _pairs.first_waiting(event_id, free, session))
    if not first:
        return []
    first = first[: await seats.hand_on(event_id, len(first), session)]
    await _pairs.seat(first, session)
    told = _told(await events.get_any(event_id))
    for pair in first:
        key = f"seat-given:{event_id}:{pair.user_id}:{pair.ticket}"
        await mail.send(Template.SEAT_GIVEN, pair.user_id, told, once_key=key, session=session)
    return first


def _told(event: Event) -> dict[str, Any]:
    """What letters tell of an event."""
    facts = {"title": event.title, "starts_at": event.starts_at, "timezone": event.timezone}
    return {**facts, "place": event.location.title}


async def on_event_changed(notice: EventCancelled | EventMoved) -> None:
    """Have those who take part told, off the request path."""
    tasks.wake(lambda: announce_soon.kiq(notice.event_id))


@tasks.broker.task("attendance.announce")
async def announce_soon(event_id: str) -> None:
    """The queued form of `announce`."""
    await announce(event_id)


async def announce(event_id: str) -> None:
    """Write to everybody who takes part in an event what has changed, once for each change.

    What is to be told stands in the event until all letters are written, and each letter has the revision in its
    key: begun again after a crash, it goes on where it was.
    """
    try:
        event = await events.get_any(event_id)
    except EventNotFound:
        return
    news = event.announcement
    if news is None:
        return
    template = Template.EVENT_CANCELLED if "cancelled" in news.what else Template.EVENT_MOVED
    key = f"{template}:{event_id}:{news.sequence}"
    await mail.send_to_all(template, _reached(event_id, news.at), _told(event), once_key=key)
    await seats.announced(event_id, news.sequence)


async def _reached(event_id: str, until: datetime) -> AsyncIterator[UserId]:
    async for pair in _pairs.participants(event_id, until=until):
        yield pair.user_id


async def settle(event_id: str, grace: timedelta = _pairs.GRACE) -> bool | None:
    """Give up what died on its way in, count anew, and promote.

    The count holds although nothing is locked: a request that the event had counted before it was read has noted its
    intent before, so it is either seen on its way or seen in; one that is counted later changes the event's version.

    Args:
        event_id: which event.
        grace: how long a request may be on its way.

    Returns:
        Whether the counters had been wrong; None if requests on their way made it put off.
    """
    await _pairs.give_up(event_id, now() - grace)
    standing = await seats.find(event_id)
    if standing is None:
        await _pairs.pairs().delete_many({"event_id": event_id})
        return False
    if await _pairs.joining(event_id):
        return None
    wrong = await seats.correct(event_id, standing, await _pairs.count(event_id))
    if wrong is not None:
        await _pairs.sweep(event_id)
        await promote(event_id)
    return wrong


async def reconcile(grace: timedelta = _pairs.GRACE) -> int:
    """Finish what crashes have interrupted, so much at a time; how many events were looked at."""
    before = now() - grace
    found = dict.fromkeys([*await seats.marked(before, LIMIT), *await _pairs.stuck(before, LIMIT)])
    for event_id in found:
        if await settle(event_id, grace):
            _log.warning("attendance counters mended", extra={"event_id": event_id})
    changed = await seats.announcements(before, LIMIT)
    for event_id in changed:
        await announce(event_id)
    return len(found) + len(changed)
