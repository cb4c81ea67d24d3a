"""Walking through the pages of a list while others change it."""

import asyncio
from datetime import timedelta
from random import Random

import pytest
from httpx import AsyncClient

from models.commons import now
from models.users import Role
from tests.conftest import EventWith, MakePerson
from utils import events

WALKS = [
    {},
    {"sort": "-starts_at"},
    {"sort": "-created_at"},
    {"q": "yoga", "sort": "relevance"},
    {"near": "25.77,-80.18", "radius": "20000"},
    {"near": "25.77,-80.18", "radius": "20000", "sort": "-distance"},
]


@pytest.mark.parametrize("params", WALKS, ids=str)
async def test_a_walk_neither_repeats_nor_misses_what_was_there_throughout(
    api: AsyncClient, event_with: EventWith, person: MakePerson, params: dict[str, str]
) -> None:
    chance = Random(5)
    made = [await event_with(**somewhere(chance)) for _ in range(24)]
    root = await person("root", Role.ADMIN)
    going = [event.get_id() for event in chance.sample(made, 8)]
    staying = {event.get_id() for event in made} - set(going)
    walking = asyncio.Event()

    async def disturb() -> None:
        while not walking.is_set():
            await event_with(**somewhere(chance))
            if going:
                victim = going.pop()
                await (events.cancel(victim, root) if len(going) % 2 else events.delete(victim, root))

    disturbing = asyncio.create_task(disturb())
    walked, answer = [], await api.get("/v1/events", params={**params, "limit": "3"})
    while True:
        walked += [event["id"] for event in answer.json()["items"]]
        if "next" not in answer.links or len(walked) > 500:
            break
        answer = await api.get(answer.links["next"]["url"])
    walking.set()
    await disturbing

    assert len(set(walked)) == len(walked)
    assert staying <= set(walked)
    assert len(going) < 8, "nothing was taken away meanwhile"


def somewhere(chance: Random) -> dict[str, object]:
    start = now() + timedelta(days=1, hours=chance.randint(0, 5))
    return {
        "title": chance.choice(["Sunset yoga", "Yoga at dawn", "Sunset"]),
        "description": "An hour of yoga.",
        "starts_at": start.isoformat(),
        "ends_at": (start + timedelta(hours=1)).isoformat(),
        "location": {
            "title": "There",
            "latitude": 25.77 + chance.randint(0, 3) / 100,
            "longitude": -80.18 + chance.randint(0, 3) / 100,
        },
    }
