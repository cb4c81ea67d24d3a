"""Each query of attendance and calendars is served by an index.

The plan that the embedded store explains knows only indexes that cover every condition, although it reads by others.
Hence what merely narrows down what an index found is left out here.
"""

from typing import Any

import pytest
from httpx import AsyncClient

from config import db
from models.commons import now
from tests.conftest import Bearer, EventWith

IN = {"state": {"$in": ["attending", "waiting"]}}
OLD = {"$lte": now()}
QUEUE, JOINED, SAVED = [("state", 1), ("ticket", 1)], [("joined_at", -1), ("_id", -1)], [("saved_at", -1), ("_id", -1)]


@pytest.mark.parametrize(
    ("collection", "where", "order"),
    [
        ("attendance", {"event_id": "e", "user_id": "u"}, []),
        ("attendance", {"event_id": "e", "state": "waiting"}, [("ticket", 1)]),
        ("attendance", {"event_id": "e", "state": "waiting", "ticket": {"$lt": 5}}, []),
        ("attendance", {"event_id": "e", **IN}, QUEUE),
        ("attendance", {"user_id": "u"}, JOINED),
        ("attendance", {"user_id": "u"}, SAVED),
        ("attendance", {"joining_at": OLD}, [("joining_at", 1)]),
        ("events", {"unsettled_at": OLD}, [("unsettled_at", 1)]),
        ("events", {"announcement.at": OLD}, [("announcement.at", 1)]),
        ("calendar_feeds", {"secret_hash": "h"}, []),
    ],
)
async def test_what_is_read_is_served_by_an_index(
    api: AsyncClient,
    bearer: Bearer,
    event_with: EventWith,
    collection: str,
    where: dict[str, Any],
    order: list[tuple[str, int]],
) -> None:
    seat = f"/v1/events/{(await event_with()).get_id()}/attendance"
    await api.put(seat, headers=await bearer("ada"))

    found = db.collection(collection).find(where)
    plan = await (found.sort(order) if order else found).explain()

    assert "COLLSCAN" not in str(plan["queryPlanner"]["winningPlan"])
