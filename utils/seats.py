"""The seats of events: that part of the owner of `events` which those who take part need.

One conditional update on the event decides each arrival, so that any number of rivals over any number of workers are
let in exactly and in order, without a transaction. `version` changes with every update and fences a recount.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from pymongo import ReturnDocument

from config import db
from models.attendance import Seat, Seats, State
from models.commons import now
from utils import events

_COUNTERS = {State.ATTENDING: "attending_count", State.WAITING: "waiting_count"}
_FULL = {"$or": [{"$gte": ["$attending_count", "$max_capacity"]}, {"$gt": ["$waiting_count", 0]}]}
_PROJECTION = {
    "version": 1,
    "attending_count": 1,
    "waiting_count": 1,
    "max_capacity": 1,
    "ends_at": 1,
    "cancelled_at": 1,
}


def _open_at(moment: datetime) -> dict[str, Any]:
    return {"cancelled_at": None, "ends_at": {"$gt": moment}}


async def take(event_id: str) -> Seat | None:
    """Count one more arrival, in a free seat or else at the end of the queue; None if the event is over or gone.

    Nobody overtakes those who wait: a seat that frees while there are any is for the first of them.
    """
    moment = now()
    after = await events.collection().find_one_and_update(
        {"_id": event_id, **_open_at(moment)},
        [
            {
                "$set": {
                    "attending_count": {"$add": ["$attending_count", {"$cond": [_FULL, 0, 1]}]},
                    "waiting_count": {"$add": ["$waiting_count", {"$cond": [_FULL, 1, 0]}]},
                    "tickets": {"$add": [{"$ifNull": ["$tickets", 0]}, 1]},
                    "version": {"$add": ["$version", 1]},
                    "updated_at": moment,
                }
            }
        ],
        projection={"waiting_count": 1, "tickets": 1},
        return_document=ReturnDocument.AFTER,  # the embedded store gives a stale document BEFORE
    )
    if after is None:
        return None
    if after["waiting_count"] > 0:  # a seat is only given where nobody waits
        return Seat(State.WAITING, after["tickets"], after["waiting_count"])
    return Seat(State.ATTENDING, after["tickets"], None)


async def give_back(event_id: str, state: State, session: db.Transaction) -> None:
    """Count one fewer; where somebody waits for the seat, the event is marked so that no crash forgets him."""
    moment, counter = now(), _COUNTERS[state]
    awaited = {"$gt": ["$waiting_count", 0]}
    await events.collection().update_one(
        {"_id": event_id},
        [
            {
                "$set": {
                    counter: {"$subtract": [f"${counter}", 1]},
                    "version": {"$add": ["$version", 1]},
                    "updated_at": moment,
                    "unsettled_at": {"$cond": [awaited, moment, {"$ifNull": ["$unsettled_at", "$$REMOVE"]}]},
                }
            }
        ],
        session=session,
    )


async def hand_on(event_id: str, most: int, session: db.Transaction) -> int:
    """Move as many from the queue to the seats as are free, wait and are wanted; how many.

    The transaction begins anew when a rival changes the event between the reading and the writing.
    """
    standing = await find(event_id, session)
    seats = min(standing.free, standing.waiting, most) if standing and standing.open else 0
    if not (standing and seats):
        return 0
    result = await events.collection().update_one(
        {"_id": event_id, "version": standing.version},
        {"$inc": {"attending_count": seats, "waiting_count": -seats, "version": 1}, "$set": {"updated_at": now()}},
        session=session,
    )
    return seats if result.matched_count == 1 else 0


async def find(event_id: str, session: db.Transaction | None = None) -> Seats | None:
    """How the counters stand; None if there is no such event."""
    document = await events.collection().find_one({"_id": event_id}, _PROJECTION, session=session)
    if document is None:
        return None
    return Seats(
        version=document["version"],
        attending=document["attending_count"],
        waiting=document["waiting_count"],
        free=max(0, document["max_capacity"] - document["attending_count"]),
        open=document.get("cancelled_at") is None and document["ends_at"] > now(),
    )


async def correct(event_id: str, standing: Seats, counted: Mapping[State, int]) -> bool | None:
    """Set the counters to what was counted while the event stood so.

    Returns:
        Whether they had been wrong; None if the event has changed meanwhile, so that the count may be stale.
    """
    same = {"_id": event_id, "version": standing.version}
    if counted == {State.ATTENDING: standing.attending, State.WAITING: standing.waiting}:
        return False if await events.collection().find_one(same, {"_id": 1}) else None
    right = {_COUNTERS[state]: counted[state] for state in State}
    result = await events.collection().update_one(
        same, {"$set": {**right, "updated_at": now()}, "$inc": {"version": 1}}
    )
    return True if result.matched_count == 1 else None


async def mark(event_id: str) -> None:
    """Have the reconciler look at an event."""
    await events.collection().update_one({"_id": event_id}, {"$set": {"unsettled_at": now()}, "$inc": {"version": 1}})


async def settled(event_id: str, version: int) -> None:
    """Take the mark off, unless the event has changed since it was found in order at `version`."""
    await events.collection().update_one(
        {"_id": event_id, "version": version, "unsettled_at": {"$exists": True}}, {"$unset": {"unsettled_at": ""}}
    )


async def marked(before: datetime, limit: int) -> Sequence[str]:
    """The events that have been marked since before a moment, the longest waiting first."""
    found = (
        events.collection().find({"unsettled_at": {"$lte": before}}, {"_id": 1}).sort("unsettled_at", 1).limit(limit)
    )
    return [document["_id"] async for document in found]


async def every() -> AsyncIterator[tuple[str, dict[State, int]]]:
    """The counters of each event; for repairs, never on a request path."""
    async for document in events.collection().find({}, dict.fromkeys(_COUNTERS.values(), 1)):
        yield document["_id"], {state: document[counter] for state, counter in _COUNTERS.items()}


async def announcements(before: datetime, limit: int) -> Sequence[str]:
    """The events of which something has been waiting to be told since before a moment, the longest first."""
    found = (
        events.collection()
        .find({"announcement.at": {"$lte": before}}, {"_id": 1})
        .sort("announcement.at", 1)
        .limit(limit)
    )
    return [document["_id"] async for document in found]


async def announced(event_id: str, sequence: int) -> None:
    """Note that those who take part have been told, unless there is something new to tell."""
    await events.collection().update_one(
        {"_id": event_id, "announcement.sequence": sequence}, {"$unset": {"announcement": ""}}
    )
