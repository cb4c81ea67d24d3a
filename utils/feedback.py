"""Feedback: the one owner of `feedback`, and of the truth behind an event's feedback counters."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

from pymongo import IndexModel
from pymongo.errors import DuplicateKeyError

from config import db
from models.audit import Action, Deed
from models.commons import Page, now
from models.events import Event
from models.exceptions import (
    EventNotFound,
    FeedbackExists,
    FeedbackNotFound,
    Forbidden,
    PreconditionFailed,
)
from models.feedback import Feedback, FeedbackCreate, FeedbackUpdate
from models.idempotency import intended_id
from models.notices import EventDeleted, UserDeleted
from models.users import User, UserId
from utils import audit, cursors, events
from utils._bulk import insert_missing

COLLECTION = "feedback"
INDEXES = (
    IndexModel([("event_id", 1), ("created_at", -1), ("_id", -1)], name="by_event"),
    IndexModel(
        [("event_id", 1), ("author_id", 1)],
        name="one_per_person",
        unique=True,
        partialFilterExpression={"author_id": {"$type": "string"}},
    ),
    IndexModel([("author_id", 1)], name="by_author"),
)
_ORDER = [("created_at", -1), ("_id", -1)]


def _feedback() -> db.Collection:
    return db.collection(COLLECTION)


async def leave(event_id: str, form: FeedbackCreate, author: User) -> Feedback:
    """Leave feedback on an event; one person leaves one, and may change it.

    Raises:
        EventNotFound: there is no such event, or not for the author to see.
        FeedbackExists: the author left feedback before.
    """
    event = await events.get(event_id, author)
    feedback = Feedback(
        _id=intended_id(), event_id=event.get_id(), author_id=UserId(author.get_id()), **form.model_dump()
    )

    async def insert(session: db.Transaction) -> None:
        await _feedback().insert_one(feedback.model_dump(), session=session)
        if not await _count(None, feedback, session):
            raise EventNotFound("The event was deleted meanwhile.")

    try:
        await db.in_transaction(insert)
    except DuplicateKeyError as error:
        raise FeedbackExists("Change the feedback that you left before instead.") from error
    return feedback


async def add_missing(opinions: Sequence[Feedback]) -> set[str]:
    """Store feedback made elsewhere as they are, unless they are there; answers the ids of those that were not."""
    return await insert_missing(_feedback(), [each.model_dump() for each in opinions])


async def get(feedback_id: str, viewer: User | None = None) -> Feedback:
    """The feedback with this id.

    Raises:
        FeedbackNotFound: there is none, or it is on an event that is not for the viewer to see.
    """
    feedback, _ = await _get_with_event(feedback_id, viewer)
    return feedback


async def listing(event_id: str, viewer: User | None, limit: int, cursor: str | None) -> Page[Feedback]:
    """The feedback on an event, newest first.

    Raises:
        EventNotFound: there is no such event, or not for the viewer to see.
        InvalidCursor: the cursor is not of this list.
    """
    await events.get(event_id, viewer)
    binding = ["feedback", event_id]
    narrowed: dict[str, Any] = {"event_id": event_id}
    if cursor:
        narrowed |= cursors.after(cursors.decode(cursor, binding), _ORDER)
    found = await _feedback().find(narrowed).sort(_ORDER).limit(limit + 1).to_list()
    return cursors.page(
        [Feedback.from_document(document) for document in found],
        limit,
        binding,
        lambda feedback: [feedback.created_at, feedback.get_id()],
    )


async def change(
    feedback_id: str, changes: FeedbackUpdate, actor: User, versions: tuple[int, ...] | None = None
) -> Feedback:
    """Change one's own feedback in place.

    Raises:
        FeedbackNotFound: there is none, or not for the actor to see.
        Forbidden: it is somebody else's.
        PreconditionFailed: it is at none of `versions`.
    """
    values = changes.model_dump(exclude_unset=True)

    async def update(session: db.Transaction) -> Feedback | None:
        mine = {"_id": feedback_id, "author_id": actor.get_id(), **_at(versions)}
        before = await _feedback().find_one_and_update(
            mine, {"$set": {**values, "updated_at": now()}, "$inc": {"version": 1}}, session=session
        )
        if before is None:
            return None
        after = await _feedback().find_one({"_id": feedback_id}, session=session)
        old, new = Feedback.from_document(before), Feedback.from_document(after or before)
        if old.rating != new.rating:
            await _count(old, new, session)
        return new

    deed = Deed.by(actor, Action.FEEDBACK_CHANGED, feedback_id, values)
    changed = await audit.watched_transaction(actor, actor.get_id(), deed, update)
    if changed is None:
        raise await _refusal(feedback_id, actor, "This is for its author.", removing=False)
    return changed


async def remove(feedback_id: str, actor: User, versions: tuple[int, ...] | None = None) -> None:
    """Remove feedback: its author may, the event's creator and staff.

    Raises:
        FeedbackNotFound: there is none, or not for the actor to see.
        Forbidden: the actor is none of them.
        PreconditionFailed: it is at none of `versions`.
    """
    feedback, event = await _get_with_event(feedback_id, actor)
    if not _may_remove(feedback, event, actor):
        raise Forbidden("This is for its author, the event's creator and staff.")

    async def delete(session: db.Transaction) -> Feedback | None:
        document = await _feedback().find_one_and_delete({"_id": feedback_id, **_at(versions)}, session=session)
        if document is None:
            return None
        removed = Feedback.from_document(document)
        await _count(removed, None, session)
        return removed

    deed = Deed.by(actor, Action.FEEDBACK_REMOVED, feedback_id)
    if await audit.watched_transaction(actor, feedback.author_id, deed, delete) is None:
        raise await _refusal(feedback_id, actor, "", removing=True)


async def people() -> set[str]:
    """Everybody whose feedback there is; for repairs, never on a request path."""
    return {author for author in await _feedback().distinct("author_id") if author}


async def held_on(user_id: str) -> AsyncIterator[dict[str, Any]]:
    """What a person said of events, for himself."""
    async for document in _feedback().find({"author_id": user_id}):
        yield Feedback.from_document(document).model_dump(mode="json", exclude={"author_id"})


async def on_event_deleted(notice: EventDeleted) -> None:
    """Remove what was said about an event that is gone."""
    await _feedback().delete_many({"event_id": notice.event_id})


async def on_user_deleted(notice: UserDeleted) -> None:
    """Keep what the person said, and forget who it was."""
    await _feedback().update_many(
        {"author_id": notice.user_id}, {"$set": {"author_id": None, "updated_at": now()}, "$inc": {"version": 1}}
    )


async def repair() -> int:
    """Count anew wherever the counters differ from the documents; how many events had been wrong."""
    group = {
        "_id": "$event_id",
        "feedback": {"$sum": 1},
        "ratings": {"$sum": {"$cond": [{"$ne": ["$rating", None]}, 1, 0]}},
        "stars": {"$sum": {"$ifNull": ["$rating", 0]}},
    }
    found = await _feedback().aggregate([{"$group": group}])
    counted = {each["_id"]: (each["feedback"], each["ratings"], each["stars"]) async for each in found}
    mended = 0
    async for event_id, counters in events.feedback_counters():
        truth = counted.get(event_id, (0, 0, 0))
        if counters != truth:
            mended += await events.set_feedback_counters(event_id, *truth)
    return mended


async def _count(old: Feedback | None, new: Feedback | None, session: db.Transaction) -> bool:
    """Carry a change of one piece of feedback over to the counters of its event; False if the event is gone."""
    event_id = (new or old).event_id  # type: ignore[union-attr]  # one of them is there
    ratings = [piece.rating if piece else None for piece in (new, old)]
    return await events.count_feedback(
        event_id,
        feedback=(new is not None) - (old is not None),
        ratings=(ratings[0] is not None) - (ratings[1] is not None),
        stars=(ratings[0] or 0) - (ratings[1] or 0),
        session=session,
    )


async def _get_with_event(feedback_id: str, viewer: User | None) -> tuple[Feedback, Event]:
    document = await _feedback().find_one({"_id": feedback_id})
    if document is None:
        raise FeedbackNotFound("There is no feedback with this id.")
    feedback = Feedback.from_document(document)
    try:
        return feedback, await events.get(feedback.event_id, viewer)
    except EventNotFound as error:
        raise FeedbackNotFound("There is no feedback with this id.") from error


def _may_remove(feedback: Feedback, event: Event, actor: User) -> bool:
    return actor.is_staff or actor.get_id() in (feedback.author_id, event.creator_id)


def _at(versions: tuple[int, ...] | None) -> dict[str, Any]:
    return {} if versions is None else {"version": {"$in": list(versions)}}


async def _refusal(feedback_id: str, actor: User, forbidden: str, *, removing: bool) -> Forbidden | PreconditionFailed:
    """Name the reason why nothing matched; decides nothing."""
    feedback, _ = await _get_with_event(feedback_id, actor)
    if not removing and feedback.author_id != actor.get_id():
        return Forbidden(forbidden)
    return PreconditionFailed("The feedback has changed since the state that If-Match names.")
