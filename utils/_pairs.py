"""The documents of `attendance`, for its owner alone: one for each pair of an event and a person.

Joining takes three writes: the intent here, the count on the event, the confirmation here. An intent that is left
over shows where a request died on its way, and nothing else has to be searched for it.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo import IndexModel
from pymongo.errors import DuplicateKeyError

from config import db
from models.attendance import Attendance, Seat, State
from models.commons import now
from models.events import EventId
from models.users import UserId

COLLECTION = "attendance"
INDEXES = (
    IndexModel([("event_id", 1), ("user_id", 1)], name="one_per_pair", unique=True),
    IndexModel([("event_id", 1), ("state", 1), ("ticket", 1)], name="by_queue"),
    IndexModel([("user_id", 1), ("joined_at", -1), ("_id", -1)], name="by_person"),
    IndexModel([("user_id", 1), ("saved_at", -1), ("_id", -1)], name="by_saver"),
    IndexModel([("joining_at", 1)], name="joining", sparse=True),
)

# A request joins in three writes of at most `mongo_timeout_ms` each; what is older than this has died.
GRACE = timedelta(seconds=20)
_ABSENT = {"$exists": False}
_EPOCH = datetime.fromtimestamp(0, UTC)


def pairs() -> db.Collection:
    """The collection."""
    return db.collection(COLLECTION)


async def find(event_id: str, user_id: str) -> Attendance | None:
    """What there is between an event and a person."""
    document = await pairs().find_one({"event_id": event_id, "user_id": user_id})
    return Attendance.from_document(document) if document else None


async def intend(event_id: str, user_id: str, attempt: str) -> bool:
    """Note that a request is about to join; False if the person is in, or another request is on its way."""
    moment = now()
    pair = Attendance(event_id=EventId(event_id), user_id=UserId(user_id), joining_at=moment, attempt=attempt)
    try:
        await pairs().insert_one(pair.model_dump(exclude_none=True))
    except DuplicateKeyError:
        result = await pairs().update_one(
            {"event_id": event_id, "user_id": user_id, "state": _ABSENT, "joining_at": _ABSENT},
            {"$set": {"joining_at": moment, "attempt": attempt, "updated_at": moment}, "$inc": {"version": 1}},
        )
        return result.matched_count == 1
    return True


async def confirm(event_id: str, user_id: str, attempt: str, seat: Seat) -> bool:
    """Write down what was counted; False if the intent was given up meanwhile."""
    moment = now()
    result = await pairs().update_one(
        {"event_id": event_id, "user_id": user_id, "attempt": attempt},
        {
            "$set": {"state": seat.state, "ticket": seat.ticket, "joined_at": moment, "updated_at": moment},
            "$unset": {"joining_at": "", "attempt": ""},
            "$inc": {"version": 1},
        },
    )
    return result.matched_count == 1


async def give_up(event_id: str, before: datetime) -> None:
    """Take back the intents of requests that have been on their way since before a moment: they have died."""
    await pairs().update_many(
        {"event_id": event_id, "joining_at": {"$lte": before}},
        {"$unset": {"joining_at": "", "attempt": ""}, "$inc": {"version": 1}},
    )


async def withdraw(event_id: str, user_id: str, attempt: str) -> None:
    """Take back the intent of a request that was refused."""
    await pairs().update_one(
        {"event_id": event_id, "user_id": user_id, "attempt": attempt},
        {"$unset": {"joining_at": "", "attempt": ""}, "$inc": {"version": 1}},
    )
    await sweep(event_id, user_id)


async def sweep(event_id: str, user_id: str | None = None) -> None:
    """Remove pairs that say nothing any more."""
    one = {"event_id": event_id} if user_id is None else {"event_id": event_id, "user_id": user_id}
    await pairs().delete_many({**one, "state": _ABSENT, "joining_at": _ABSENT, "saved_at": _ABSENT})


async def release(event_id: str, user_id: str, session: db.Transaction) -> Attendance | None:
    """Take somebody out; what he was, None if he was not in."""
    document = await pairs().find_one_and_update(
        {"event_id": event_id, "user_id": user_id, "state": {"$exists": True}},
        {
            "$unset": {"state": "", "ticket": "", "joined_at": ""},
            "$set": {"updated_at": now()},
            "$inc": {"version": 1},
        },
        session=session,
    )
    return Attendance.from_document(document) if document else None


async def first_waiting(event_id: str, limit: int, session: db.Transaction) -> Sequence[Attendance]:
    """The head of the queue."""
    found = pairs().find({"event_id": event_id, "state": State.WAITING}, session=session).sort("ticket", 1).limit(limit)
    return [Attendance.from_document(document) async for document in found]


async def seat(chosen: Sequence[Attendance], session: db.Transaction) -> int:
    """Turn those who wait into those who attend; how many."""
    moment = now()
    result = await pairs().update_many(
        {"_id": {"$in": [pair.get_id() for pair in chosen]}, "state": State.WAITING},
        {"$set": {"state": State.ATTENDING, "updated_at": moment}, "$inc": {"version": 1}},
        session=session,
    )
    return result.modified_count


async def stuck(before: datetime, limit: int) -> Sequence[str]:
    """The events that a request has been joining since before a moment."""
    found = pairs().find({"joining_at": {"$lte": before}}, {"event_id": 1}).sort("joining_at", 1).limit(limit)
    return list({document["event_id"]: None async for document in found})


async def joining(event_id: str) -> bool:
    """Whether a request is on its way in."""
    under_way = {"event_id": event_id, "joining_at": {"$gt": _EPOCH}}
    return await pairs().find_one(under_way, {"_id": 1}) is not None


async def count(event_id: str) -> dict[State, int]:
    """How many attend and how many wait, by the documents."""
    return {state: await pairs().count_documents({"event_id": event_id, "state": state}) for state in State}


async def ahead(pair: Attendance, limit: int) -> int:
    """How many wait before somebody, counted up to a limit on the index."""
    before = {"event_id": pair.event_id, "state": State.WAITING, "ticket": {"$lt": pair.ticket}}
    return await pairs().count_documents(before, limit=limit)


async def participants(
    event_id: str, state: State | None = None, until: datetime | None = None
) -> AsyncIterator[Attendance]:
    """Those who attend an event and then those who wait, in the order of their tickets.

    Args:
        event_id: which event.
        state: only these.
        until: leave out who joined after this moment.
    """
    narrowed: dict[str, Any] = {"event_id": event_id, "state": state or {"$in": list(State)}}
    if until is not None:
        narrowed["joined_at"] = {"$lte": until}
    async for document in pairs().find(narrowed).sort([("state", 1), ("ticket", 1)]).batch_size(200):
        yield Attendance.from_document(document)


async def read(narrowed: dict[str, Any], order: list[tuple[str, int]], limit: int) -> list[Attendance]:
    """The pairs that a filter describes, in an order."""
    return [
        Attendance.from_document(found) for found in await pairs().find(narrowed).sort(order).limit(limit).to_list()
    ]


async def save(event_id: str, user_id: str, *, shown: bool) -> None:
    """Note that a person keeps an event in mind, since when he first did, and whether he lets others see it."""
    moment = now()
    pair = Attendance(event_id=EventId(event_id), user_id=UserId(user_id), saved_at=moment, shown=shown or None)
    try:
        await pairs().insert_one(pair.model_dump(exclude_none=True))
    except DuplicateKeyError:
        await pairs().update_one(
            {"event_id": event_id, "user_id": user_id, ("shown" if shown else "saved_at"): _ABSENT},
            [
                {
                    "$set": {
                        "saved_at": {"$ifNull": ["$saved_at", moment]},
                        "updated_at": moment,
                        "version": {"$add": ["$version", 1]},
                        **({"shown": True} if shown else {}),
                    }
                }
            ],
        )


async def unsave(event_id: str, user_id: str) -> None:
    """Note that a person keeps an event in mind no longer."""
    await pairs().update_one(
        {"event_id": event_id, "user_id": user_id},
        {"$unset": {"saved_at": "", "shown": ""}, "$set": {"updated_at": now()}, "$inc": {"version": 1}},
    )
    await sweep(event_id, user_id)


async def people() -> set[str]:
    """Everybody who has a pair; reads the whole collection, for repairs."""
    return {group["_id"] async for group in await pairs().aggregate([{"$group": {"_id": "$user_id"}}])}


async def of_person(user_id: str) -> AsyncIterator[Attendance]:
    """All that there is between a person and events."""
    async for document in pairs().find({"user_id": user_id}):
        yield Attendance.from_document(document)


async def counted() -> dict[str, dict[State, int]]:
    """How many attend and wait, by event; reads the whole collection, for repairs."""
    grouped: list[dict[str, Any]] = [
        {"$match": {"state": {"$in": list(State)}}},
        {"$group": {"_id": {"event": "$event_id", "state": "$state"}, "people": {"$sum": 1}}},
    ]
    found: dict[str, dict[State, int]] = {}
    async for group in await pairs().aggregate(grouped):
        found.setdefault(group["_id"]["event"], dict.fromkeys(State, 0))[State(group["_id"]["state"])] = group["people"]
    return found
