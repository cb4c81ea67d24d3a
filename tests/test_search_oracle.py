"""Every search equals one by brute force.

A full run: `UNDERLINE_EXAMPLES=2000 pytest tests/test_search_oracle.py`.
"""

import os
from typing import Any

import time_machine
from httpx import AsyncClient
from hypothesis import HealthCheck, Phase, given, settings

from config import db
from models.event_queries import EventQuery
from models.events import Event
from tests import oracle
from utils import events

EXAMPLES = int(os.environ.get("UNDERLINE_EXAMPLES", "25"))
many = settings(
    max_examples=EXAMPLES,
    deadline=None,
    print_blob=True,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # each try writes to a store: shrinking takes minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)


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
