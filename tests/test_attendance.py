"""Taking part: seats, the waiting list, and what is kept of it."""

import asyncio
from datetime import timedelta

from httpx import AsyncClient

from models.commons import now
from tests.conftest import Bearer, EventWith
from utils import users


async def seat_of(event_with: EventWith, **given: object) -> str:
    return f"/v1/events/{(await event_with(**given)).get_id()}/attendance"


async def counts(api: AsyncClient, seat: str) -> tuple[int, int]:
    event = (await api.get(seat.removesuffix("/attendance"))).json()
    return event["attending_count"], event["waiting_count"]


async def test_the_last_seat_goes_to_one_of_two_rivals(api: AsyncClient, bearer: Bearer, event_with: EventWith) -> None:
    seat = await seat_of(event_with, max_capacity=1)
    ada, bob = await bearer("ada"), await bearer("bob")

    answers = await asyncio.gather(api.put(seat, headers=ada), api.put(seat, headers=bob))

    assert sorted((answer.json()["state"], answer.json()["position"]) for answer in answers) == [
        ("attending", None),
        ("waiting", 1),
    ]
    assert await counts(api, seat) == (1, 1)


async def test_repeating_it_changes_nothing_also_at_the_same_time(
    api: AsyncClient, bearer: Bearer, event_with: EventWith
) -> None:
    seat, ada = await seat_of(event_with, max_capacity=2), await bearer("ada")

    answers = await asyncio.gather(*(api.put(seat, headers=ada) for _ in range(8)))

    assert [answer.json() for answer in answers] == [{"state": "attending", "position": None}] * 8
    assert await counts(api, seat) == (1, 0)


async def test_who_leaves_gives_the_seat_to_who_waits_longest(
    api: AsyncClient, bearer: Bearer, event_with: EventWith
) -> None:
    seat = await seat_of(event_with, max_capacity=1)
    people = [await bearer(name) for name in ("ada", "bob", "cy", "dee")]
    stood = [(await api.put(seat, headers=person)).json()["position"] for person in people]

    answer = await api.delete(seat, headers=people[0])

    stand = [(await api.get(seat, headers=person)).json() for person in people[1:]]
    assert (answer.status_code, answer.content) == (204, b"")
    assert stood == [None, 1, 2, 3]
    assert [(one["state"], one["position"]) for one in stand] == [("attending", None), ("waiting", 1), ("waiting", 2)]
    assert (await api.get(seat, headers=people[0])).json()["type"] == "/problems/attendance-not-found"
    assert await counts(api, seat) == (1, 2)


async def test_leaving_the_queue_moves_up_who_stands_behind(
    api: AsyncClient, bearer: Bearer, event_with: EventWith
) -> None:
    seat = await seat_of(event_with, max_capacity=1)
    people = [await bearer(name) for name in ("ada", "bob", "cy")]
    for person in people:
        await api.put(seat, headers=person)

    answers = [await api.delete(seat, headers=people[1]) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [204, 204]
    assert (await api.get(seat, headers=people[2])).json() == {"state": "waiting", "position": 1}
    assert await counts(api, seat) == (1, 1)


async def test_more_seats_are_filled_from_the_queue_in_its_order(
    api: AsyncClient, bearer: Bearer, event_with: EventWith
) -> None:
    event = await event_with(by="host", max_capacity=1)
    seat = f"/v1/events/{event.get_id()}/attendance"
    people = [await bearer(name) for name in ("ada", "bob", "cy", "dee", "eve")]
    for person in people:
        await api.put(seat, headers=person)

    await api.patch(f"/v1/events/{event.get_id()}", json={"max_capacity": 4}, headers=await bearer("host"))

    states = [(await api.get(seat, headers=person)).json()["state"] for person in people]
    assert states == ["attending"] * 4 + ["waiting"]
    assert await counts(api, seat) == (4, 1)


async def test_seats_that_free_at_the_same_time_are_each_filled_once(
    api: AsyncClient, bearer: Bearer, event_with: EventWith
) -> None:
    seat = await seat_of(event_with, max_capacity=4)
    people = [await bearer(name) for name in "abcdefghij"]
    names = [await api.put(seat, headers=person) for person in people]

    left = await asyncio.gather(*(api.delete(seat, headers=person) for person in people[:4]))

    stand = [(await api.get(seat, headers=person)).json() for person in people[4:]]
    assert {answer.status_code for answer in (*names, *left)} == {200, 204}
    assert [one["state"] for one in stand] == ["attending"] * 4 + ["waiting"] * 2
    assert [one["position"] for one in stand[4:]] == [1, 2]
    assert await counts(api, seat) == (4, 2)


async def test_fewer_seats_than_people_who_attend_are_refused(
    api: AsyncClient, bearer: Bearer, event_with: EventWith
) -> None:
    event = await event_with(by="host", max_capacity=3)
    for name in ("ada", "bob"):
        await api.put(f"/v1/events/{event.get_id()}/attendance", headers=await bearer(name))

    answers = [
        await api.patch(f"/v1/events/{event.get_id()}", json={"max_capacity": seats}, headers=await bearer("host"))
        for seats in (1, 2)
    ]

    assert [answer.status_code for answer in answers] == [409, 200]
    assert answers[0].json()["type"] == "/problems/capacity-too-small"
    assert answers[0].json()["attending_count"] == 2


async def test_nobody_takes_part_in_what_is_over_cancelled_or_not_for_him_to_see(
    api: AsyncClient, bearer: Bearer, event_with: EventWith
) -> None:
    past = now() - timedelta(days=1)
    over = await seat_of(event_with, starts_at=past.isoformat(), ends_at=(past + timedelta(hours=1)).isoformat())
    called_off = await event_with(by="host")
    hidden = await seat_of(event_with, approved=False)
    seats = [over, f"/v1/events/{called_off.get_id()}/attendance", hidden, "/v1/events/none/attendance"]
    await api.put(seats[1], headers=await bearer("ada"))
    await api.post(f"/v1/events/{called_off.get_id()}/cancel", headers=await bearer("host"))

    answers = [
        await call(seat, headers=await bearer(name))
        for seat in seats
        for call, name in ((api.put, "bob"), (api.put, "ada"), (api.delete, "ada"))
    ]

    assert [answer.status_code for answer in answers] == [409] * 6 + [404] * 6
    assert answers[0].json()["type"] == "/problems/event-over"


async def test_a_seat_can_be_given_up_while_the_event_is_back_in_the_queue(
    api: AsyncClient, bearer: Bearer, event_with: EventWith
) -> None:
    event = await event_with(by="host")
    path = f"/v1/events/{event.get_id()}"
    await api.put(f"{path}/attendance", headers=await bearer("ada"))
    await api.patch(path, json={"title": "Sunrise yoga"}, headers=await bearer("host"))

    answer = await api.delete(f"{path}/attendance", headers=await bearer("ada"))

    assert answer.status_code == 204
    assert (await api.get(path, headers=await bearer("host"))).json()["attending_count"] == 0


async def test_erasing_an_account_frees_its_seats(api: AsyncClient, bearer: Bearer, event_with: EventWith) -> None:
    seat = await seat_of(event_with, max_capacity=1)
    ada, bob = await bearer("ada"), await bearer("bob")
    await api.put(seat, headers=ada)
    await api.put(seat, headers=bob)

    await users.delete((await api.get("/v1/users/me", headers=ada)).json()["id"])

    assert (await api.get(seat, headers=bob)).json() == {"state": "attending", "position": None}
    assert await counts(api, seat) == (1, 0)
