"""Migration 0001: events that were stored before there were search terms are found like all others."""

import asyncio

from httpx import AsyncClient

from config import db
from tests.conftest import EventWith
from utils import _event_terms, migrations


async def forget_terms(*event_ids: str) -> None:
    """Make events look as they did before there were terms."""
    lacking = {"$unset": {"terms": 1, "archived": 1}}
    await db.collection("events").update_many({"_id": {"$in": list(event_ids)}}, lacking)
    await db.collection(migrations.COLLECTION).delete_many({})


async def titles(api: AsyncClient, word: str) -> list[str]:
    return sorted(item["title"] for item in (await api.get("/v1/events", params={"q": word})).json()["items"])


async def test_events_from_before_are_found_once_they_have_their_terms(api: AsyncClient, event_with: EventWith) -> None:
    older = [await event_with(title=f"Beach cleanup {number}") for number in range(3)]
    await event_with(title="Beach volleyball")
    await forget_terms(*(event.get_id() for event in older))
    assert await titles(api, "beach") == ["Beach volleyball"]

    assert "0001_event_terms" in await migrations.up()

    assert await titles(api, "beach") == ["Beach cleanup 0", "Beach cleanup 1", "Beach cleanup 2", "Beach volleyball"]


async def test_batches_cover_every_event_and_change_none_that_is_complete(
    api: AsyncClient, event_with: EventWith
) -> None:
    made = [await event_with(title=f"Picnic {number}") for number in range(5)]
    complete = {each["_id"]: each async for each in db.collection("events").find({})}
    await forget_terms(*(event.get_id() for event in made[:4]))

    position, batches = None, 0
    while (position := await _event_terms.fill(db.collection("events"), position, 2)) is not None:
        batches += 1

    assert batches == 2
    assert {each["_id"]: each async for each in db.collection("events").find({})} == complete


async def test_an_edit_in_the_midst_of_it_is_not_overwritten(api: AsyncClient, event_with: EventWith) -> None:
    made = [await event_with(title="Chess in the park") for _ in range(20)]
    await forget_terms(*(event.get_id() for event in made))

    async def edit(event_id: str) -> None:  # as the version from before does: it knows of no terms
        change = {"$set": {"title": "Go in the park"}, "$inc": {"version": 1}}
        await db.collection("events").update_one({"_id": event_id}, change)

    await asyncio.gather(migrations.up(), *(edit(event.get_id()) for event in made[::2]))

    stored = [each async for each in db.collection("events").find({})]
    assert sum(each["title"] == "Go in the park" for each in stored) == 10
    assert all({"title", "heads"} <= each["terms"].keys() for each in stored)
