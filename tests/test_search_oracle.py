"""Every search equals one by brute force.

A full run: `UNDERLINE_EXAMPLES=2000 pytest tests/test_search_oracle.py`.
"""

from typing import Any

import time_machine
from httpx import AsyncClient
from hypothesis import given

from config import db
from models.event_queries import EventQuery
from models.events import Event
from tests import oracle
from tests.many import tries
from utils import events

many = tries()


async def walk(api: AsyncClient, params: dict[str, Any]) -> list[dict[str, Any]]:
    answer = await api.get("/v1/events", params=params)
    found = list(answer.raise_for_status().json()["items"])
    while "next" in answer.links:
        answer = (await api.get(answer.links["next"]["url"])).raise_for_status()
        found += answer.json()["items"]
        assert len(found) < 100, "the pages do not end"
    return found


def as_query(params: dict[str, Any]) -> EventQuery:
    return EventQuery.model_validate({"from_" if name == "from" else name: value for name, value in params.items()})


@many
@given(world=oracle.worlds, params=oracle.queries())
async def test_every_answer_equals_that_of_brute_force(
    api: AsyncClient, world: tuple[Event, ...], params: dict[str, Any]
) -> None:
    await db.clear_test_database()
    await events.add_missing(world)
    with time_machine.travel(oracle.MOMENT, tick=False):
        expected = oracle.search(world, as_query(params))

        found = await walk(api, params)

    walked = [event["id"] for event in found]
    assert [one for one in walked if one not in expected.uncertain] == [
        one for one in expected.ids if one not in expected.uncertain
    ]
    assert len(set(walked)) == len(walked)
