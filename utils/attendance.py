"""Taking part: the one owner of `attendance` (its documents are in `_pairs`, its waiting lists in `queues`)."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from config import db
from models.attendance import Attendance, Attendee, Held, Seat, Standing, State
from models.commons import Page, new_id, now
from models.events import Event
from models.exceptions import AttendanceNotFound, AttendanceUnsettled, EventOver, Forbidden
from models.notices import CapacityGrown, EventDeleted, UserDeleted
from models.users import User
from utils import _doors, _pairs, cursors, events, queues, seats, users

COLLECTION = _pairs.COLLECTION
INDEXES = _pairs.INDEXES
COUNTED_AHEAD = 10_000
_POLLS, _POLL_S = 40, 0.05
_BY_PERSON = {"joined_at": [("joined_at", -1), ("_id", -1)], "saved_at": [("saved_at", -1), ("_id", -1)]}
_BY_QUEUE = [("state", 1), ("ticket", 1)]


async def attend(event_id: str, user: User) -> Standing:
    """Take a seat, or a place at the end of the queue when every seat is taken. Repeating it changes nothing.

    Raises:
        EventNotFound: there is no such event, or not for the person to see.
        EventOver: it has ended or was cancelled.
        AttendanceUnsettled: another request of the same person is not done in time.
        TooManyRequests: too many others ask for this event at this moment.
    """
    for _ in range(_POLLS):
        async with _doors.through(event_id):
            standing_now = await _enter(event_id, user)
        if standing_now:
            return standing_now
        await _await_other(event_id, user)
    raise AttendanceUnsettled


async def _enter(event_id: str, user: User) -> Standing | None:
    """Join, or find oneself in already; None while another request of the same person is on its way in."""
    await events.get_open(event_id, user)
    seat = await _join(event_id, user, new_id())
    if seat:
        return await _arrived(event_id, user, seat)
    pair = await _pairs.find(event_id, user.get_id())
    return await _standing(pair, pair.state) if pair and pair.state else None


async def _join(event_id: str, user: User, attempt: str) -> Seat | None:
    """Note the intent, be counted, and confirm it; None if the person is in, or on his way in, already."""
    if not await _pairs.intend(event_id, user.get_id(), attempt):
        return None
    seat = await seats.take(event_id)
    if seat is None:
        await _pairs.withdraw(event_id, user.get_id(), attempt)
        await events.get_open(event_id, user)
        raise EventOver("The event is over.")
    if not await _pairs.confirm(event_id, user.get_id(), attempt, seat):
        await seats.mark(event_id)  # the intent was given up: what was counted may be one too many
        raise AttendanceUnsettled
    return seat


async def _arrived(event_id: str, user: User, seat: Seat) -> Standing:
    """Whoever waits looks whether a seat has become free while he was on his way, unseen by its promotion."""
    if seat.state is State.WAITING and await queues.promote(event_id):
        return await standing(event_id, user)
    return Standing(seat.state, seat.position)


async def _await_other(event_id: str, user: User) -> None:
    """Give another request of the same person time, and clear it away if it has died."""
    pair = await _pairs.find(event_id, user.get_id())
    if pair and pair.joining_at and pair.joining_at <= now() - _pairs.GRACE:
        await queues.settle(event_id)
    await asyncio.sleep(_POLL_S)


async def leave(event_id: str, user: User) -> None:
    """Give up a seat, which goes to the first in the queue, or a place in it. Repeating it changes nothing.

    Raises:
        EventNotFound: there is no such event, or it is not for the person to see and he is not in.
        EventOver: it has ended or was cancelled.
    """
    pair = await _pairs.find(event_id, user.get_id())
    await events.get_open(event_id, user, anyway=pair is not None and pair.state is not None)
    await _release(event_id, user.get_id())


async def _release(event_id: str, user_id: str) -> None:
    async def out(session: db.Transaction) -> bool:
        pair = await _pairs.release(event_id, user_id, session)
        if pair is None or pair.state is None:
            return False
        await seats.give_back(event_id, pair.state, session)
        return True

    async with _doors.through(event_id):
        was_in = await db.in_transaction(out)
    if was_in:
        await _pairs.sweep(event_id, user_id)
        await queues.promote(event_id)


async def standing(event_id: str, user: User) -> Standing:
    """Where a person stands.

    Raises:
        AttendanceNotFound: he neither attends nor waits.
    """
    pair = await _pairs.find(event_id, user.get_id())
    if pair is None or pair.state is None:
        raise AttendanceNotFound("You neither attend this event nor wait for a seat.")
    return await _standing(pair, pair.state)


async def _standing(pair: Attendance, state: State) -> Standing:
    if state is State.ATTENDING:
        return Standing(state, None)
    return Standing(state, min(await _pairs.ahead(pair, COUNTED_AHEAD) + 1, COUNTED_AHEAD))


async def attendees(event_id: str, actor: User, state: State | None, limit: int, cursor: str | None) -> Page[Attendee]:
    """Who attends an event and then who waits, each in the order of arrival.

    Raises:
        EventNotFound: there is no such event, or not for the actor to see.
        Forbidden: the actor is neither its creator nor staff.
        InvalidCursor: the cursor is not of this list.
    """
    await _require_host(event_id, actor)
    binding = ["attendees", event_id, state]
    narrowed: dict[str, Any] = {"event_id": event_id, "state": state or {"$in": list(State)}}
    if cursor:
        narrowed = {"$and": [narrowed, cursors.after(cursors.decode(cursor, binding), _BY_QUEUE)]}
    found = await _pairs.read(narrowed, _BY_QUEUE, limit + 1)
    page = cursors.page(found, limit, binding, lambda pair: [pair.state, pair.ticket])
    return Page(items=await _named(page.items), next_cursor=page.next_cursor)


async def all_attendees(event_id: str, actor: User, state: State | None) -> AsyncIterator[Attendee]:
    """The same list as a stream without an end but its own, read as it is sent.

    Raises:
        EventNotFound: as in `attendees`.
        Forbidden: as in `attendees`.
    """
    await _require_host(event_id, actor)
    return _stream(event_id, state)


async def _stream(event_id: str, state: State | None) -> AsyncIterator[Attendee]:
    batch: list[Attendance] = []
    async for pair in _pairs.participants(event_id, state):
        batch.append(pair)
        if len(batch) == queues.BATCH:
            for attendee in await _named(batch):
                yield attendee
            batch = []
    for attendee in await _named(batch):
        yield attendee


async def _named(found: Sequence[Attendance]) -> list[Attendee]:
    """Put the names to pairs; whose account was erased this moment is left out."""
    people = await users.find_many([pair.user_id for pair in found])
    return [_attendee(pair, people[pair.user_id]) for pair in found if pair.user_id in people]


def _attendee(pair: Attendance, user: User) -> Attendee:
    state, joined_at = pair.state or State.WAITING, pair.joined_at or pair.created_at
    return Attendee(pair.user_id, user.first_name, user.last_name, state, joined_at)


async def _require_host(event_id: str, actor: User) -> Event:
    event = await events.get(event_id, actor)
    if not actor.is_staff and event.creator_id != actor.get_id():
        raise Forbidden("This is for the event's creator and staff.")
    return event


async def mine(user: User, state: State | None, limit: int, cursor: str | None) -> Page[Held]:
    """What a person attends or waits for, the latest joined first.

    Raises:
        InvalidCursor: the cursor is not of this list.
    """
    return await _held(user, "joined_at", {"state": state or {"$in": list(State)}}, limit, cursor)


async def saved(user: User, limit: int, cursor: str | None) -> Page[Held]:
    """What a person has saved, the latest first.

    Raises:
        InvalidCursor: the cursor is not of this list.
    """
    return await _held(user, "saved_at", {"saved_at": {"$exists": True}}, limit, cursor)


async def shown(user: User, limit: int) -> list[Event]:
    """The events that a person keeps for others to see, as the published client does, the latest first."""
    kept = await _held(user, "saved_at", {"saved_at": {"$exists": True}, "shown": True}, limit, None)
    return [held.event for held in kept.items if held.event is not None]


async def _held(user: User, field: str, wanted: Mapping[str, Any], limit: int, cursor: str | None) -> Page[Held]:
    order, binding = _BY_PERSON[field], ["attendance", field, user.get_id(), wanted]
    narrowed: dict[str, Any] = {"user_id": user.get_id(), **wanted}
    if cursor:
        narrowed = {"$and": [narrowed, cursors.after(cursors.decode(cursor, binding), order)]}
    found = await _pairs.read(narrowed, order, limit + 1)
    page = cursors.page(found, limit, binding, lambda pair: [getattr(pair, field), pair.get_id()])
    shown = await events.find_many([pair.event_id for pair in page.items], user)
    return Page(items=[Held(pair, shown.get(pair.event_id)) for pair in page.items], next_cursor=page.next_cursor)


async def latest(user: User, limit: int) -> list[Held]:
    """What a person attends or waits for, the latest joined first, up to a limit."""
    page = await _held(user, "joined_at", {"state": {"$in": list(State)}}, limit, None)
    return list(page.items)


async def save(event_id: str, user: User, *, shown: bool = False) -> None:
    """Keep an event in mind. Repeating it changes nothing.

    Raises:
        EventNotFound: there is no such event, or not for the person to see.
    """
    await events.get(event_id, user)
    await _pairs.save(event_id, user.get_id(), shown=shown)


async def unsave(event_id: str, user: User) -> None:
    """Keep an event in mind no longer; it need not be there any more. Repeating it changes nothing."""
    await _pairs.unsave(event_id, user.get_id())


async def on_event_deleted(notice: EventDeleted) -> None:
    """Remove what there was between people and an event that is gone."""
    await _pairs.pairs().delete_many({"event_id": notice.event_id})


async def on_capacity_grown(notice: CapacityGrown) -> None:
    """Let those who wait into the new seats."""
    await queues.promote(notice.event_id)


async def on_user_deleted(notice: UserDeleted) -> None:
    """Give up all that a person held, and leave no trace of him; his seats go to those who wait."""
    async for pair in _pairs.of_person(notice.user_id):
        if pair.joining_at:
            await seats.mark(pair.event_id)
        await _release(pair.event_id, notice.user_id)
    await _pairs.pairs().delete_many({"user_id": notice.user_id})


async def export_of(user_id: str) -> list[dict[str, Any]]:
    """All that is stored of a person here, for himself."""
    shown = {"event_id", "state", "joined_at", "saved_at"}
    return [pair.model_dump(mode="json", include=shown) async for pair in _pairs.of_person(user_id)]


async def repair() -> int:
    """Count anew wherever the counters differ from the documents; how many events had been wrong.

    Removes what belongs to events and people that are no longer there.
    """
    for user_id in await users.missing(await _pairs.people()):
        await on_user_deleted(UserDeleted(user_id))
    counted = await _pairs.counted()
    mended = 0
    async for event_id, counters in seats.every():
        if counters != counted.pop(event_id, dict.fromkeys(State, 0)):
            mended += bool(await queues.settle(event_id))
    for event_id in counted:
        await queues.settle(event_id)
    await queues.reconcile()
    return mended
