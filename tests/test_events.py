"""Publishing, reading, finding, changing, cancelling and deleting events."""

import asyncio
from datetime import datetime, timedelta

from httpx import AsyncClient

from models.commons import now
from models.users import Role
from tests.conftest import Bearer, EventWith, event_form


async def test_an_event_waits_for_the_moderators_and_then_everybody_finds_it(api: AsyncClient, bearer: Bearer) -> None:
    created = await api.post("/v1/events", json=event_form(), headers=await bearer("ada"))
    address = created.headers["location"]
    hidden = await api.get(address)

    decided = await api.post(
        f"/v1/admin/events/{created.json()['id']}/decision",
        json={"decision": "approved"},
        headers=await bearer("mod", Role.MODERATOR),
    )

    listed = await api.get("/v1/events")
    assert (created.status_code, created.json()["approval"]) == (201, "unapproved")
    assert hidden.status_code == 404
    assert (decided.status_code, decided.json()["approval"]) == (200, "approved")
    assert [event["id"] for event in listed.json()["items"]] == [created.json()["id"]]
    assert (await api.get(address)).json() == decided.json()


async def test_only_the_creator_and_staff_open_an_event_that_waits(
    api: AsyncClient, bearer: Bearer, event_with: EventWith
) -> None:
    path = f"/v1/events/{(await event_with(by='ada', approved=False)).get_id()}"

    seen = [
        (await api.get(path)).status_code,
        (await api.get(path, headers=await bearer("bob"))).status_code,
        (await api.get(path, headers=await bearer("ada"))).status_code,
        (await api.get(path, headers=await bearer("mod", Role.MODERATOR))).status_code,
        (await api.get(path, headers=await bearer("root", Role.ADMIN))).status_code,
    ]

    assert seen == [404, 404, 200, 200, 200]


async def test_a_private_event_is_approved_at_once_opens_by_its_id_and_is_not_listed(
    api: AsyncClient, event_with: EventWith
) -> None:
    event = await event_with(public=False)

    opened = await api.get(f"/v1/events/{event.get_id()}")

    assert (opened.status_code, opened.json()["approval"]) == (200, "approved")
    assert opened.headers["cache-control"] == "no-store"
    assert (await api.get("/v1/events")).json()["items"] == []


async def test_a_change_of_what_was_judged_goes_back_to_the_queue_and_others_do_not(
    api: AsyncClient, bearer: Bearer, event_with: EventWith
) -> None:
    path = f"/v1/events/{(await event_with(by='ada')).get_id()}"
    headers = await bearer("ada")

    same = await api.patch(path, json={"title": "Sunset yoga", "max_capacity": 60}, headers=headers)
    by_admin = await api.patch(path, json={"title": "Sunrise yoga"}, headers=await bearer("root", Role.ADMIN))
    moved = await api.patch(path, json={"location": {"longitude": -80.2}}, headers=headers)

    assert [answer.json()["approval"] for answer in (same, by_admin, moved)] == ["approved", "approved", "unapproved"]
    assert moved.json()["location"] == {
        "title": "Bayfront Park",
        "address": None,
        "latitude": 25.7753,
        "longitude": -80.2,
    }


async def test_a_private_event_that_goes_public_needs_approval(
    api: AsyncClient, bearer: Bearer, event_with: EventWith
) -> None:
    path = f"/v1/events/{(await event_with(by='ada', public=False)).get_id()}"

    answer = await api.patch(path, json={"public": True}, headers=await bearer("ada"))

    assert answer.json()["approval"] == "unapproved"


async def test_text_that_looks_like_an_expression_is_stored_as_text(
    api: AsyncClient, bearer: Bearer, event_with: EventWith
) -> None:
    path = f"/v1/events/{(await event_with(by='ada')).get_id()}"

    answer = await api.patch(path, json={"title": "$description", "description": "$$ROOT"}, headers=await bearer("ada"))

    assert (answer.json()["title"], answer.json()["description"]) == ("$description", "$$ROOT")


async def test_a_stale_if_match_changes_nothing(api: AsyncClient, bearer: Bearer, event_with: EventWith) -> None:
    path = f"/v1/events/{(await event_with(by='ada')).get_id()}"
    headers = await bearer("ada")
    tag = (await api.get(path, headers=headers)).headers["etag"]

    answers = await asyncio.gather(
        *(api.patch(path, json={"max_capacity": seats}, headers={**headers, "If-Match": tag}) for seats in (50, 60))
    )

    assert sorted(answer.status_code for answer in answers) == [200, 412]


async def test_an_event_that_is_held_already_is_not_sent_again(api: AsyncClient, event_with: EventWith) -> None:
    path = f"/v1/events/{(await event_with()).get_id()}"
    tag = (await api.get(path)).headers["etag"]

    again = await api.get(path, headers={"If-None-Match": f'"other", W/{tag}'})

    assert (again.status_code, again.content) == (304, b"")


async def test_a_start_after_the_end_is_refused_also_when_only_one_of_them_changes(
    api: AsyncClient, bearer: Bearer, event_with: EventWith
) -> None:
    event = await event_with(by="ada")
    late = (event.ends_at + timedelta(hours=1)).isoformat()

    answer = await api.patch(f"/v1/events/{event.get_id()}", json={"starts_at": late}, headers=await bearer("ada"))

    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid-input")


async def test_strangers_may_neither_change_nor_cancel_nor_delete(
    api: AsyncClient, bearer: Bearer, event_with: EventWith
) -> None:
    path = f"/v1/events/{(await event_with(by='ada')).get_id()}"
    headers = await bearer("bob")

    answers = [
        await api.patch(path, json={"title": "Mine"}, headers=headers),
        await api.post(f"{path}/cancel", headers=headers),
        await api.delete(path, headers=headers),
    ]

    assert [answer.status_code for answer in answers] == [403, 403, 403]


async def test_a_cancelled_event_leaves_the_list_and_stays_readable(
    api: AsyncClient, bearer: Bearer, event_with: EventWith
) -> None:
    path = f"/v1/events/{(await event_with(by='ada')).get_id()}"

    first = await api.post(f"{path}/cancel", headers=await bearer("ada"))
    second = await api.post(f"{path}/cancel", headers=await bearer("ada"))

    assert (first.status_code, first.json()["status"]) == (200, "cancelled")
    assert second.json() == first.json()
    assert (await api.get("/v1/events")).json()["items"] == []
    assert (await api.get("/v1/events", params={"status": "cancelled"})).json()["items"] == [first.json()]


async def test_a_deleted_event_is_gone(api: AsyncClient, bearer: Bearer, event_with: EventWith) -> None:
    path = f"/v1/events/{(await event_with(by='ada')).get_id()}"

    answer = await api.delete(path, headers=await bearer("ada"))

    assert (answer.status_code, answer.content) == (204, b"")
    assert (await api.get(path)).status_code == 404


async def test_deciding_twice_is_a_conflict(api: AsyncClient, bearer: Bearer, event_with: EventWith) -> None:
    path = f"/v1/admin/events/{(await event_with(approved=False)).get_id()}/decision"
    headers = await bearer("mod", Role.MODERATOR)

    answers = await asyncio.gather(
        *(api.post(path, json={"decision": word}, headers=headers) for word in ("approved", "denied"))
    )

    assert sorted(answer.status_code for answer in answers) == [200, 409]


async def test_pages_lead_through_the_list_without_repeating(api: AsyncClient, event_with: EventWith) -> None:
    starts = [now() + timedelta(days=2, hours=hour // 2) for hour in range(7)]
    made = [
        (await event_with(starts_at=start.isoformat(), ends_at=(start + timedelta(hours=1)).isoformat())).get_id()
        for start in starts
    ]

    walked, link = [], "/v1/events?limit=3"
    while link:
        answer = await api.get(link)
        walked += [event["id"] for event in answer.json()["items"]]
        link = answer.links.get("next", {}).get("url", "")

    assert (sorted(walked), len(walked)) == (sorted(made), 7)


async def test_the_filters_combine(api: AsyncClient, event_with: EventWith) -> None:
    soon, later = now() + timedelta(days=1), now() + timedelta(days=9)

    async def at(start: datetime, tag: str) -> str:
        return (
            await event_with(
                starts_at=start.isoformat(),
                ends_at=(start + timedelta(hours=1)).isoformat(),
                tags=[tag],
            )
        ).get_id()

    made = {
        (when, tag): await at(start, tag)
        for when, start in (("soon", soon), ("later", later))
        for tag in ("art_event", "music_event")
    }

    answer = await api.get(
        "/v1/events", params={"from": (soon + timedelta(days=2)).isoformat(), "tags": ["art_event", "food_event"]}
    )

    assert [event["id"] for event in answer.json()["items"]] == [made["later", "art_event"]]


async def test_a_cursor_of_another_list_or_made_up_is_refused(api: AsyncClient, event_with: EventWith) -> None:
    for _ in range(2):
        await event_with()
    cursor = (await api.get("/v1/events", params={"limit": 1})).json()["next_cursor"]

    answers = [
        await api.get("/v1/events", params={"cursor": cursor, "sort": "-starts_at"}),
        await api.get("/v1/events", params={"cursor": cursor[:-3] + "AAA"}),
        await api.get("/v1/events", params={"cursor": "ü"}),
    ]

    assert [answer.json()["type"] for answer in answers] == ["/problems/invalid-cursor"] * 3
