"""Feedback: who may leave, change and remove it, and that the event's counters follow."""

import asyncio
from collections.abc import Awaitable, Callable

from httpx import AsyncClient

from models.users import Role, User
from tests.conftest import Bearer, EventWith
from utils import events, feedback, users

Person = Callable[..., Awaitable[User]]
GOOD = {"comment": "The best hour of my week.", "rating": 5}


async def left(api: AsyncClient, bearer: Bearer, event_id: str, name: str, **form: object) -> str:
    """The address of new feedback."""
    answer = await api.post(f"/v1/events/{event_id}/feedback", json={**GOOD, **form}, headers=await bearer(name))
    assert answer.status_code == 201
    return str(answer.headers["location"])


async def counters(event_id: str) -> tuple[int, int, int]:
    event = await events.get_any(event_id)
    return event.feedback_count, event.rating_count, event.rating_sum


async def test_feedback_is_left_and_read_newest_first(
    api: AsyncClient, bearer: Bearer, event_with: EventWith, person: Person
) -> None:
    event_id = (await event_with()).get_id()

    address = await left(api, bearer, event_id, "ada")
    await left(api, bearer, event_id, "bob", comment="Too loud.", rating=None)

    listed = (await api.get(f"/v1/events/{event_id}/feedback")).json()["items"]
    event = (await api.get(f"/v1/events/{event_id}")).json()
    assert [(one["comment"], one["rating"]) for one in listed] == [("Too loud.", None), (GOOD["comment"], 5)]
    assert (await api.get(address)).json() == listed[1]
    assert listed[1]["author_id"] == (await person("ada")).get_id()
    assert (event["feedback_count"], event["rating_average"]) == (2, 5.0)


async def test_one_person_leaves_one_and_changes_it_in_place(
    api: AsyncClient, bearer: Bearer, event_with: EventWith
) -> None:
    event_id, ada = (await event_with()).get_id(), await bearer("ada")

    answers = await asyncio.gather(
        *(api.post(f"/v1/events/{event_id}/feedback", json=GOOD, headers=ada) for _ in range(5))
    )
    address = next(answer.headers["location"] for answer in answers if answer.status_code == 201)
    changed = await api.patch(address, json={"rating": 2}, headers=ada)
    unrated = await api.patch(address, json={"rating": None, "comment": "Hm."}, headers=ada)

    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409]
    assert {answer.json().get("type") for answer in answers} == {None, "/problems/feedback-exists"}
    assert (changed.json()["rating"], changed.json()["comment"]) == (2, GOOD["comment"])
    assert (unrated.json()["rating"], unrated.json()["comment"], unrated.json()["version"]) == (None, "Hm.", 3)
    assert await counters(event_id) == (1, 0, 0)


async def test_feedback_shows_and_is_left_only_where_the_event_shows(
    api: AsyncClient, bearer: Bearer, event_with: EventWith
) -> None:
    hidden, shown = await event_with(by="host", approved=False), await event_with(by="host")
    address = await left(api, bearer, shown.get_id(), "ada")
    await api.patch(f"/v1/events/{shown.get_id()}", json={"title": "Sunrise yoga"}, headers=await bearer("host"))
    ada, bob, host = [await bearer(name) for name in ("ada", "bob", "host")]

    refused = [
        await api.post(f"/v1/events/{hidden.get_id()}/feedback", json=GOOD, headers=bob),
        await api.get(f"/v1/events/{hidden.get_id()}/feedback"),
        await api.get(address, headers=bob),
        await api.patch(address, json={"rating": 1}, headers=bob),
        await api.delete(address, headers=bob),
    ]
    seen = [(await api.get(address, headers=headers)).status_code for headers in (ada, host)]

    assert [answer.status_code for answer in refused] == [404] * 5
    assert seen[1] == 200


async def test_only_the_author_changes_it_and_he_the_host_and_staff_remove_it(
    api: AsyncClient, bearer: Bearer, event_with: EventWith
) -> None:
    event_id = (await event_with(by="host")).get_id()
    names = ("ada", "bob", "cy", "dee")
    mine, second, third, kept = [await left(api, bearer, event_id, name) for name in names]
    ada, host, mod = await bearer("ada"), await bearer("host"), await bearer("mod", Role.MODERATOR)

    changes = [await api.patch(kept, json={"rating": 1}, headers=headers) for headers in (ada, host, mod)]
    removals = [
        await api.delete(address, headers=headers)
        for address, headers in ((mine, ada), (second, host), (third, mod), (kept, ada), (mine, ada))
    ]

    assert [answer.status_code for answer in changes] == [403, 403, 403]
    assert [answer.status_code for answer in removals] == [204, 204, 204, 403, 404]
    assert await counters(event_id) == (1, 1, 5)


async def test_a_stale_if_match_changes_and_removes_nothing(
    api: AsyncClient, bearer: Bearer, event_with: EventWith
) -> None:
    event_id, ada = (await event_with()).get_id(), await bearer("ada")
    address = await left(api, bearer, event_id, "ada")
    stale = {**ada, "If-Match": (await api.get(address)).headers["etag"]}
    await api.patch(address, json={"rating": 3}, headers=ada)

    answers = [await api.patch(address, json={"rating": 1}, headers=stale), await api.delete(address, headers=stale)]

    assert [answer.status_code for answer in answers] == [412, 412]
    assert await counters(event_id) == (1, 1, 3)


async def test_fifty_writers_at_once_leave_true_counters(
    api: AsyncClient, bearer: Bearer, event_with: EventWith
) -> None:
    event_id = (await event_with()).get_id()
    names = [chr(ord("a") + number // 26) + chr(ord("a") + number % 26) for number in range(25)]
    people = [await bearer(name) for name in names]
    old = [await left(api, bearer, event_id, name, rating=1) for name in names[:15]]

    answers = await asyncio.gather(
        *(api.patch(address, json={"rating": 4}, headers=who) for address, who in zip(old[:10], people, strict=False)),
        *(api.patch(address, json={"rating": 2}, headers=who) for address, who in zip(old[:10], people, strict=False)),
        *(api.delete(address, headers=who) for address, who in zip(old[10:], people[10:], strict=False)),
        *(api.post(f"/v1/events/{event_id}/feedback", json=GOOD, headers=who) for who in people[15:]),
        *(api.post(f"/v1/events/{event_id}/feedback", json=GOOD, headers=who) for who in people[15:20]),
    )

    listed = (await api.get(f"/v1/events/{event_id}/feedback?limit=100")).json()["items"]
    stars = [one["rating"] for one in listed]
    assert len(answers) == 50 - 10
    assert {answer.status_code for answer in answers} == {200, 201, 204, 409}
    assert await counters(event_id) == (len(stars), len(stars), sum(stars))
    assert len(stars) == 20
    assert await feedback.repair() == 0


async def test_what_somebody_said_stays_when_he_goes_and_nobody_is_named(
    api: AsyncClient, bearer: Bearer, event_with: EventWith, person: Person
) -> None:
    event_id = (await event_with()).get_id()
    addresses = [await left(api, bearer, event_id, name) for name in ("ada", "bob")]

    for name in ("ada", "bob"):
        await users.delete((await person(name)).get_id())

    shown = [(await api.get(address)).json() for address in addresses]
    assert [(one["author_id"], one["comment"]) for one in shown] == [(None, GOOD["comment"])] * 2
    assert await counters(event_id) == (2, 2, 10)


async def test_a_deleted_event_takes_its_feedback_along(
    api: AsyncClient, bearer: Bearer, event_with: EventWith
) -> None:
    event_id = (await event_with(by="host")).get_id()
    address = await left(api, bearer, event_id, "ada")

    await api.delete(f"/v1/events/{event_id}", headers=await bearer("host"))

    assert (await api.get(address)).status_code == 404


async def test_wrong_counters_are_counted_anew_by_repair(
    api: AsyncClient, bearer: Bearer, event_with: EventWith
) -> None:
    event_id = (await event_with()).get_id()
    await left(api, bearer, event_id, "ada", rating=4)
    await events.collection().update_one({"_id": event_id}, {"$set": {"feedback_count": 9, "rating_sum": 1}})

    mended = await feedback.repair()

    assert (mended, await counters(event_id)) == (1, (1, 1, 4))
