"""Who is told what, and what a crash between two writes leaves behind."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from httpx import AsyncClient

from config import db, tasks
from models.attendance import State
from models.commons import new_id, now
from models.users import User
from tests.conftest import Bearer, EventWith, event_form
from tests.letters import arrived, text_of
from utils import _pairs, attendance, events, mail, queues, seats, users

NONE = timedelta(0)
Person = Callable[..., Awaitable[User]]


async def joined(api: AsyncClient, bearer: Bearer, event_id: str, *names: str) -> None:
    for name in names:
        (await api.put(f"/v1/events/{event_id}/attendance", headers=await bearer(name))).raise_for_status()


async def counters(event_id: str) -> tuple[int, int]:
    event = await events.get_any(event_id)
    return event.attending_count, event.waiting_count


async def states(event_id: str, *people: User) -> list[State | None]:
    pairs = [await _pairs.find(event_id, person.get_id()) for person in people]
    return [pair.state if pair else None for pair in pairs]


async def test_who_gets_a_seat_is_told_once(
    api: AsyncClient, bearer: Bearer, event_with: EventWith, person: Person
) -> None:
    event = await event_with(max_capacity=1)
    await joined(api, bearer, event.get_id(), "ada", "bob", "cy")

    await api.delete(f"/v1/events/{event.get_id()}/attendance", headers=await bearer("ada"))
    await asyncio.gather(*(queues.promote(event.get_id()) for _ in range(4)))
    await mail.sweep()

    (letter,) = await arrived("bob@example.org", "A seat for you")
    assert "“Sunset yoga”" in text_of(letter)
    assert await arrived("cy@example.org", "seat") == []


@pytest.mark.parametrize(
    ("change", "subject"),
    [
        ({"location": {"title": "Maurice A. Ferré Park"}}, "Changed: Sunset yoga"),
        ({"ends_at": event_form(max_capacity=1)["ends_at"]}, "Changed: Sunset yoga"),
        (None, "Cancelled: Sunset yoga"),
    ],
)
async def test_a_move_or_a_cancellation_is_told_to_everybody_who_takes_part_once(
    api: AsyncClient, bearer: Bearer, event_with: EventWith, change: dict[str, object] | None, subject: str
) -> None:
    event = await event_with(by="host", public=False, max_capacity=1)
    await joined(api, bearer, event.get_id(), "ada", "bob")
    path, host = f"/v1/events/{event.get_id()}", await bearer("host")
    await bearer("cy")

    answer = await (api.patch(path, json=change, headers=host) if change else api.post(f"{path}/cancel", headers=host))
    await tasks.settled()
    await queues.reconcile(NONE)
    await mail.sweep()

    told = {name: len(await arrived(f"{name}@example.org", subject)) for name in ("ada", "bob", "cy", "host")}
    assert answer.status_code == 200
    assert told == {"ada": 1, "bob": 1, "cy": 0, "host": 0}
    assert (await events.get_any(event.get_id())).announcement is None


async def test_news_that_a_crash_kept_back_are_told_by_the_next_round(
    api: AsyncClient, bearer: Bearer, event_with: EventWith, person: Person
) -> None:
    event = await event_with(by="host", public=False)
    await joined(api, bearer, event.get_id(), "ada")
    moment = now()
    await events.collection().update_one(  # as if the process had died right after the change
        {"_id": event.get_id()}, {"$set": {"announcement": {"what": ["time"], "sequence": 1, "at": moment}}}
    )

    for _ in range(2):
        await queues.reconcile(NONE)
    await mail.sweep()

    assert len(await arrived("ada@example.org", "Changed")) == 1


async def test_other_changes_are_told_to_nobody(api: AsyncClient, bearer: Bearer, event_with: EventWith) -> None:
    event = await event_with(by="host", public=False)
    await joined(api, bearer, event.get_id(), "ada")
    same = event.starts_at.isoformat()

    await api.patch(
        f"/v1/events/{event.get_id()}",
        json={"title": "Sunrise yoga", "max_capacity": 9, "starts_at": same},
        headers=await bearer("host"),
    )
    await tasks.settled()

    assert (await events.get_any(event.get_id())).announcement is None
    assert await arrived("ada@example.org", "Changed") == []


async def test_a_request_that_died_before_it_was_counted_leaves_nothing(
    api: AsyncClient, event_with: EventWith, person: Person
) -> None:
    event, ada = await event_with(max_capacity=1), await person("ada")
    await _pairs.intend(event.get_id(), ada.get_id(), new_id())

    await queues.reconcile(NONE)

    assert await _pairs.find(event.get_id(), ada.get_id()) is None
    assert await counters(event.get_id()) == (0, 0)


async def test_a_request_that_died_after_it_was_counted_gives_the_seat_back_to_who_waits(
    api: AsyncClient, bearer: Bearer, event_with: EventWith, person: Person
) -> None:
    event, ada, bob = await event_with(max_capacity=1), await person("ada"), await person("bob")
    await _pairs.intend(event.get_id(), ada.get_id(), new_id())
    await seats.take(event.get_id())
    await joined(api, bearer, event.get_id(), "bob")
    before = await counters(event.get_id())

    await queues.reconcile(NONE)

    assert (before, await counters(event.get_id())) == ((1, 1), (1, 0))
    assert await states(event.get_id(), ada, bob) == [None, State.ATTENDING]


async def test_a_request_on_its_way_is_not_given_up_and_the_count_waits_for_it(
    api: AsyncClient, event_with: EventWith, person: Person
) -> None:
    event, ada = await event_with(max_capacity=1), await person("ada")
    attempt = new_id()
    await _pairs.intend(event.get_id(), ada.get_id(), attempt)
    seat = await seats.take(event.get_id())
    assert seat

    put_off = await queues.settle(event.get_id())
    confirmed = await _pairs.confirm(event.get_id(), ada.get_id(), attempt, seat)

    assert (put_off, confirmed, await queues.settle(event.get_id())) == (None, True, False)
    assert await counters(event.get_id()) == (1, 0)


async def test_a_request_that_was_given_up_does_not_get_in_by_the_back_door(
    api: AsyncClient, event_with: EventWith, person: Person
) -> None:
    event, ada = await event_with(max_capacity=1), await person("ada")
    attempt = new_id()
    await _pairs.intend(event.get_id(), ada.get_id(), attempt)
    await queues.settle(event.get_id(), NONE)
    seat = await seats.take(event.get_id())
    assert seat

    confirmed = await _pairs.confirm(event.get_id(), ada.get_id(), attempt, seat)
    await seats.mark(event.get_id())
    await queues.reconcile(NONE)

    assert confirmed is False
    assert await counters(event.get_id()) == (0, 0)


async def test_a_promotion_that_a_crash_kept_back_is_made_up_for(
    api: AsyncClient, bearer: Bearer, event_with: EventWith, person: Person
) -> None:
    event, people = await event_with(max_capacity=2), [await person(name) for name in ("ada", "bob", "cy", "dee")]
    await joined(api, bearer, event.get_id(), "ada", "bob", "cy", "dee")

    async def crash(session: db.Transaction) -> None:  # leaves, and dies before anybody is promoted
        for gone in people[:2]:
            await _pairs.release(event.get_id(), gone.get_id(), session)
            await seats.give_back(event.get_id(), State.ATTENDING, session)

    await db.in_transaction(crash)
    await queues.reconcile(NONE)

    assert await counters(event.get_id()) == (2, 0)
    assert await states(event.get_id(), *people) == [None, None, State.ATTENDING, State.ATTENDING]
    assert await seats.marked(now(), 10) == []


async def test_repair_counts_anew_and_removes_what_belongs_to_nobody(
    api: AsyncClient, bearer: Bearer, event_with: EventWith, person: Person
) -> None:
    right, wrong = await event_with(max_capacity=3), await event_with(max_capacity=1)
    await joined(api, bearer, right.get_id(), "ada", "bob")
    await joined(api, bearer, wrong.get_id(), "ada", "bob")
    await events.collection().update_one({"_id": wrong.get_id()}, {"$set": {"attending_count": 7, "waiting_count": 0}})
    await db.collection("users").delete_one({"_id": (await person("ada")).get_id()})

    mended = await attendance.repair()

    assert mended == 1
    assert [await counters(event.get_id()) for event in (right, wrong)] == [(1, 0), (1, 0)]
    assert await states(wrong.get_id(), await person("bob")) == [State.ATTENDING]


async def test_what_a_person_held_is_exported_and_erased(
    api: AsyncClient, bearer: Bearer, event_with: EventWith, person: Person
) -> None:
    event, ada = await event_with(), await person("ada")
    await joined(api, bearer, event.get_id(), "ada")
    await api.put(f"/v1/users/me/saved/{event.get_id()}", headers=await bearer("ada"))

    exported = await attendance.export_of(ada.get_id())
    await users.delete(ada.get_id())

    assert [(one["event_id"], one["state"], one["saved_at"] is None) for one in exported] == [
        (event.get_id(), "attending", False)
    ]
    assert await attendance.export_of(ada.get_id()) == []
    assert await counters(event.get_id()) == (0, 0)
