"""Events: the one owner of `events`, of who may see and change one, and of the counters that others' documents make."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from pymongo import IndexModel, ReturnDocument

from config import db
from config.main import settings
from models.audit import Action, Deed
from models.commons import Page, now
from models.event_queries import EventQuery
from models.events import (
    Approval,
    Decision,
    Event,
    EventCreate,
    EventId,
    EventUpdate,
    Status,
)
from models.exceptions import (
    AlreadyDecided,
    CapacityTooSmall,
    DomainError,
    EventNotFound,
    EventOver,
    Forbidden,
    Invalid,
    PreconditionFailed,
    UnknownImages,
)
from models.idempotency import intended_id
from models.notices import CapacityGrown, EventCancelled, EventDeleted, EventMoved, ImagesDeleted, UserDeleted
from models.users import Role, User, UserId
from utils import _event_changes, _event_lists, _event_terms, audit, hub, images
from utils._bulk import insert_missing

COLLECTION = "events"
_SHOWN = [("public", 1), ("approval", 1), ("archived", 1)]
INDEXES = (
    IndexModel([*_SHOWN, ("starts_at", 1), ("_id", 1)], name="shown_by_start"),
    IndexModel([*_SHOWN, ("created_at", 1), ("_id", 1)], name="shown_by_age"),
    IndexModel([*_SHOWN, ("terms.heads", 1), ("starts_at", 1), ("_id", 1)], name="shown_by_word"),
    IndexModel([*_SHOWN, ("location.point.coordinates.1", 1)], name="shown_by_latitude"),
    # The version that servers give it anyway: unsaid, the embedded store takes it for another index at the next start.
    IndexModel([("location.point", "2dsphere"), ("archived", 1)], name="by_place", **{"2dsphereIndexVersion": 3}),
    IndexModel([("creator_id", 1), ("starts_at", 1), ("_id", 1)], name="by_creator"),
    IndexModel([("approval", 1), ("created_at", 1), ("_id", 1)], name="by_approval"),
    IndexModel([("archived", 1), ("ends_at", 1)], name="by_end"),
    IndexModel([("image_ids", 1)], name="by_image"),
    IndexModel([("unsettled_at", 1)], name="unsettled", sparse=True),
    IndexModel([("announcement.at", 1)], name="unannounced", sparse=True),
)
MAX_AT_ONCE = 100
_SETTLED = timedelta(minutes=1)


def _events() -> db.Collection:
    return db.collection(COLLECTION)


def collection() -> db.Collection:
    """The collection, for `seats`, which is a part of this owner."""
    return _events()


def is_visible(event: Event, viewer: User | None) -> bool:
    """Whether `viewer` may open an event: the one place that decides it.

    Looked at after reading by id: an id beside alternatives makes the embedded store read the whole collection.
    """
    if event.approval is Approval.APPROVED:
        return True
    return viewer is not None and (viewer.is_staff or event.creator_id == viewer.get_id())


def _changeable_by(actor: User) -> dict[str, Any]:
    return {} if actor.role is Role.ADMIN else {"creator_id": actor.get_id()}


async def create(form: EventCreate, creator: User) -> Event:
    """Publish an event; it waits for the moderators unless it is private or an admin's.

    Raises:
        UnknownImages: an image is not one that the creator uploaded.
    """
    await _require_images(creator, form.image_ids)
    approved = creator.role is Role.ADMIN or not form.public
    event = Event(
        _id=intended_id(),
        **form.model_dump(exclude={"location", "timezone"}),
        location=form.location.to_place(),
        timezone=form.timezone or settings.default_timezone,
        creator_id=UserId(creator.get_id()),
        approval=Approval.APPROVED if approved else Approval.UNAPPROVED,
    )
    await _events().insert_one(_event_terms.document(event, now()))
    return event


async def add_missing(planned: Sequence[Event]) -> set[str]:
    """Store events made elsewhere as they are, unless they are there; answers the ids of those that were not."""
    return await insert_missing(_events(), [_event_terms.document(each, now()) for each in planned])


async def get(event_id: str, viewer: User | None = None) -> Event:
    """The event with this id.

    Raises:
        EventNotFound: there is none, or not for the viewer to see.
    """
    event = await get_any(event_id)
    if not is_visible(event, viewer):
        raise EventNotFound("There is no event with this id.")
    return event


async def get_any(event_id: str) -> Event:
    """The event with this id, whoever asks; for what the service does by itself.

    Raises:
        EventNotFound: there is none.
    """
    document = await _events().find_one({"_id": event_id}, _event_terms.HIDDEN)
    if document is None:
        raise EventNotFound("There is no event with this id.")
    return Event.from_document(document)


async def get_open(event_id: str, viewer: User, *, anyway: bool = False) -> Event:
    """The event with this id, which is neither over nor cancelled.

    Args:
        event_id: which one.
        viewer: who asks.
        anyway: whether it does not matter that he may not see it at present.

    Raises:
        EventNotFound: there is none, or not for the viewer to see.
        EventOver: it has ended or was cancelled.
    """
    event = await (get_any(event_id) if anyway else get(event_id, viewer))
    if event.status in (Status.CANCELLED, Status.EXPIRED):
        raise EventOver(f"The event is {event.status}.")
    return event


async def find_many(event_ids: Sequence[str], viewer: User | None) -> dict[str, Event]:
    """Those of these events that there are and that the viewer may see, by id."""
    found = _events().find({"_id": {"$in": list(event_ids)}}, _event_terms.HIDDEN)
    held = [Event.from_document(document) async for document in found]
    return {event.get_id(): event for event in held if is_visible(event, viewer)}


async def search(query: EventQuery, limit: int, cursor: str | None = None) -> Page[Event]:
    """The events that a query describes, in its order.

    Args:
        query: what they are narrowed to.
        limit: how many at most.
        cursor: where to go on.

    Raises:
        InvalidCursor: the cursor is not of this list.
    """
    return await _event_lists.read(_events(), query, limit, cursor, now())


async def change(event_id: str, changes: EventUpdate, actor: User, versions: tuple[int, ...] | None = None) -> Event:
    """Change an event; what the moderators saw goes back to their queue unless an admin changes it.

    Args:
        event_id: which one.
        changes: a merge patch.
        actor: its creator, or an admin.
        versions: the states that `If-Match` names.

    Raises:
        EventNotFound: there is none, or not for the actor to see.
        Forbidden: the actor is neither its creator nor an admin.
        EventOver: it was cancelled.
        CapacityTooSmall: more people attend than there would be seats.
        Invalid: it would end before it starts.
        PreconditionFailed: it is at none of `versions`.
        UnknownImages: an image is not one that the actor uploaded.
    """
    if "image_ids" in changes.model_fields_set:
        await _require_images(actor, changes.image_ids, event_id)
    order, room, moment = _event_changes.in_order(changes), _event_changes.with_room(changes), now()
    document = await _update(
        {"_id": event_id, "cancelled_at": None, **_changeable_by(actor), **_at(versions), **order, **room},
        _event_changes.pipeline(changes, by_admin=actor.role is Role.ADMIN, moment=moment),
        actor,
        Action.EVENT_CHANGED,
        changes.model_fields_set,
    )
    if document is None:
        raise await _refusal(event_id, actor, versions, changes)
    event = Event.from_document(document)
    await _tell_of_change(event, changes, moment)
    return event


async def _tell_of_change(event: Event, changes: EventUpdate, moment: datetime) -> None:
    """Publish what follows from a change; the marks that it left in the document outlive a crash just here."""
    if "max_capacity" in changes.model_fields_set and event.waiting_count:
        await hub.publish(CapacityGrown(event.get_id()))
    if event.announcement and event.announcement.at == moment:
        await hub.publish(EventMoved(event.get_id()))


async def cancel(event_id: str, actor: User, versions: tuple[int, ...] | None = None) -> Event:
    """Call an event off; it stays to be read. Repeating it changes nothing.

    Raises:
        EventNotFound: there is none, or not for the actor to see.
        Forbidden: the actor is neither its creator nor an admin.
        EventOver: it has ended.
        PreconditionFailed: it is at none of `versions`.
    """
    moment = now()
    document = await _update(
        {
            "_id": event_id,
            "cancelled_at": None,
            "ends_at": {"$gt": moment},
            **_changeable_by(actor),
            **_at(versions),
        },
        _event_changes.cancellation(moment),
        actor,
        Action.EVENT_CANCELLED,
    )
    if document is None:
        event = await get(event_id, actor)
        if event.status is Status.CANCELLED and _may_change(event, actor):
            return event
        raise await _refusal(event_id, actor, versions)
    await hub.publish(EventCancelled(event_id))
    return Event.from_document(document)


async def delete(event_id: str, actor: User, versions: tuple[int, ...] | None = None) -> None:
    """Remove an event and, through the hub, what hangs on it.

    Raises:
        EventNotFound: there is none, or not for the actor to see.
        Forbidden: the actor is neither its creator nor an admin.
        PreconditionFailed: it is at none of `versions`.
    """
    mine = {"_id": event_id, **_changeable_by(actor), **_at(versions)}

    async def remove(session: db.Transaction | None) -> db.Document | None:
        return await _events().find_one_and_delete(mine, session=session)

    deed = Deed.by(actor, Action.EVENT_DELETED, event_id)
    document = await audit.watched(actor, actor.get_id(), deed, remove)
    if document is None:
        raise await _refusal(event_id, actor, versions)
    event = Event.from_document(document)
    await hub.publish(EventDeleted(event_id, event.creator_id or "", tuple(event.image_ids)))


async def decide(event_id: str, verdict: Decision, actor: User | None = None) -> Event:
    """Take an event out of the queue.

    Args:
        event_id: which one.
        verdict: what becomes of it.
        actor: the moderator who decides; None: a command of the operator's.

    Raises:
        EventNotFound: there is none.
        AlreadyDecided: it was out of the queue before.
    """
    document = await _update(
        {"_id": event_id, "approval": Approval.UNAPPROVED},
        {
            "$set": {"approval": verdict.decision, "decision_reason": verdict.reason, "updated_at": now()},
            "$inc": {"version": 1},
        },
        actor,
        Action.EVENT_DECIDED,
        ["approval", "decision_reason"],
    )
    if document is None:
        current = await _events().find_one({"_id": event_id}, {"approval": 1})
        if current is None:
            raise EventNotFound("There is no event with this id.")
        raise AlreadyDecided(f"The event is {current['approval']}.", approval=current["approval"])
    return Event.from_document(document)


async def count_feedback(event_id: EventId, feedback: int, ratings: int, stars: int, session: db.Transaction) -> bool:
    """Add to the counters that an event keeps of its feedback; False if there is no such event.

    Args:
        event_id: which event.
        feedback: how many more (or fewer) comments.
        ratings: how many more of them carry a rating.
        stars: what these ratings sum up to.
        session: the transaction that also changes the feedback.
    """
    result = await _events().update_one(
        {"_id": event_id},
        {
            "$inc": {"feedback_count": feedback, "rating_count": ratings, "rating_sum": stars, "version": 1},
            "$set": {"updated_at": now()},
        },
        session=session,
    )
    return result.matched_count == 1


async def set_feedback_counters(event_id: str, feedback: int, ratings: int, stars: int) -> bool:
    """Mend the counters of feedback; whether they had been wrong."""
    right = {"feedback_count": feedback, "rating_count": ratings, "rating_sum": stars}
    wrong = {"$or": [{name: {"$ne": value}} for name, value in right.items()]}
    result = await _events().update_one({"_id": event_id, **wrong}, {"$set": right, "$inc": {"version": 1}})
    return result.modified_count == 1


async def showing_image(image_id: str) -> bool:
    """Whether any event shows this image."""
    return await _events().find_one({"image_ids": image_id}, {"_id": 1}) is not None


async def feedback_counters() -> AsyncIterator[tuple[str, tuple[int, int, int]]]:
    """Each event's id and counters: feedback, ratings, stars; for repairs, never on a request path."""
    async for document in _events().find({}, {"feedback_count": 1, "rating_count": 1, "rating_sum": 1}):
        yield document["_id"], (document["feedback_count"], document["rating_count"], document["rating_sum"])


async def count_waiting(limit: int) -> int:
    """How many events are in the queue, counted up to `limit`."""
    return await _events().count_documents({"approval": Approval.UNAPPROVED}, limit=limit)


async def people() -> set[str]:
    """Everybody whose events there are; for repairs, never on a request path."""
    return {creator for creator in await _events().distinct("creator_id") if creator}


async def held_on(user_id: str) -> AsyncIterator[dict[str, Any]]:
    """The events of a person, for himself."""
    async for document in _events().find({"creator_id": user_id}).sort([("starts_at", 1), ("_id", 1)]):
        yield Event.from_document(document).model_dump(mode="json", exclude={"creator_id"})


async def fill_terms(position: str | None) -> str | None:
    """Give one batch of events what searches need, where they were stored before that; see migrations/."""
    return await _event_terms.fill(_events(), position, MAX_AT_ONCE)


async def archive() -> int:
    """Mark what has been over for a while, so that lists of what is to come need not read it; how many it was.

    The mark decides nothing: lists ask for the end as well. It stays away from clocks that differ a little.
    """
    over = {"archived": False, "ends_at": {"$lte": now() - _SETTLED}}
    return (await _events().update_many(over, {"$set": {"archived": True}})).modified_count


async def on_user_deleted(notice: UserDeleted) -> None:
    """Call off what the person had announced, and forget who it was."""
    moment = now()
    mine = {"creator_id": notice.user_id}
    coming = {**mine, "cancelled_at": None, "ends_at": {"$gt": moment}}
    async for document in _events().find(coming, {"_id": 1}):
        await _events().update_one({**coming, "_id": document["_id"]}, _event_changes.cancellation(moment))
        await hub.publish(EventCancelled(document["_id"]))
    await _events().update_many(mine, {"$set": {"creator_id": None, "updated_at": moment}, "$inc": {"version": 1}})


async def on_images_deleted(notice: ImagesDeleted) -> None:
    """Show them no longer; fewer pictures are nothing to approve again."""
    gone = {"$in": list(notice.image_ids)}
    await _events().update_many(
        {"image_ids": gone},
        {"$pull": {"image_ids": gone}, "$set": {"updated_at": now()}, "$inc": {"version": 1}},
    )


async def _update(
    where: Mapping[str, Any],
    update: Mapping[str, Any] | Sequence[Mapping[str, Any]],
    actor: User | None,
    action: Action,
    fields: Iterable[str] = (),
) -> db.Document | None:
    """Change the event that `where` describes, and record it where staff does; the filter keeps others to their own."""

    async def change(session: db.Transaction | None = None) -> db.Document | None:
        return await _events().find_one_and_update(where, update, return_document=ReturnDocument.AFTER, session=session)

    if actor is None:
        return await change()
    return await audit.watched(actor, actor.get_id(), Deed.by(actor, action, where["_id"], fields), change)


def _may_change(event: Event, actor: User) -> bool:
    return actor.role is Role.ADMIN or event.creator_id == actor.get_id()


def _at(versions: Sequence[int] | None) -> Mapping[str, Any]:
    return {} if versions is None else {"version": {"$in": list(versions)}}


async def _refusal(
    event_id: str, actor: User, versions: tuple[int, ...] | None, changes: EventUpdate | None = None
) -> DomainError:
    """Name the reason why nothing matched; decides nothing."""
    event = await get(event_id, actor)
    if not _may_change(event, actor):
        return Forbidden("This is for the event's creator and admins.")
    if versions is not None and event.version not in versions:
        return PreconditionFailed("The event has changed since the state that If-Match names.")
    if event.status is Status.CANCELLED or changes is None:
        return EventOver(f"The event is {event.status}.")
    if "max_capacity" in changes.model_fields_set and changes.max_capacity < event.attending_count:
        return CapacityTooSmall(f"{event.attending_count} people attend.", attending_count=event.attending_count)
    return Invalid("The event would end before it starts, or last longer than a year.", pointer="/ends_at")


async def _require_images(actor: User, image_ids: Sequence[str], event_id: str | None = None) -> None:
    """Refuse images that the actor did not upload, save those that the event shows already."""
    wanted = set(image_ids)
    if event_id is not None and wanted:
        held = await _events().find_one({"_id": event_id}, {"image_ids": 1})
        wanted -= set(held["image_ids"]) if held else set()
    missing = await images.missing(actor.get_id(), wanted) if wanted else set()
    if missing:
        raise UnknownImages("An image is not there, or not yours.", pointer="/image_ids", missing=sorted(missing))
