"""Reading lists of events: ranges merged, windows that widen, tiers of relevance."""

import asyncio
from datetime import datetime
from itertools import pairwise
from typing import Any

from config import db
from models.commons import Page
from models.event_queries import EventQuery
from models.events import Event
from utils import _event_near, _event_search, _event_terms, _sphere, cursors
from utils._event_search import Found, Order, Place, Plan


async def read(
    events: db.Collection, query: EventQuery, limit: int, cursor: str | None, moment: datetime
) -> Page[Event]:
    """One page.

    Args:
        events: the collection.
        query: what is asked.
        limit: how many at most.
        cursor: where to go on.
        moment: now.

    Raises:
        InvalidCursor: the cursor is not of this list.
    """
    binding = query.binding()
    place = cursors.decode(cursor, binding) if cursor else None
    reading = {"distance": _event_near.nearest, "relevance": _relevant}.get(query.key, _sorted)
    found = await reading(events, query, limit + 1, place, moment)
    if query.near is not None:
        for _, event in found:
            event.distance_m = round(_sphere.distance_m(query.near, _event_near.position(event)), 1)
    places = {event.get_id(): at for at, event in found}
    return cursors.page([event for _, event in found], limit, binding, lambda event: places[event.get_id()])


async def _sorted(events: db.Collection, query: EventQuery, count: int, place: Place, moment: datetime) -> Found:
    by = _event_search.order(query)
    found = await _merged(events, _event_search.plan(query, moment, place, whole=db.reads_whole_ranges()), by, count)
    return [(by.position(event), event) for event in found]


async def _relevant(events: db.Collection, query: EventQuery, count: int, place: Place, moment: datetime) -> Found:
    """All words in the title first, then some, then none; within each tier in the order of time."""
    by = _event_search.order(query)
    tiers = _event_search.tiers(query)
    found: Found = []
    for tier in tiers[tiers.index(place[0]) if place else 0 :]:
        after = place[1:] if place and place[0] == tier else None
        plan = _event_search.plan(query, moment, after, tier, whole=db.reads_whole_ranges())
        part = await _merged(events, plan, by, count - len(found))
        found += [([tier, *by.position(event)], event) for event in part]
        if len(found) >= count:
            break
    return found


async def _merged(events: db.Collection, plan: Plan, by: Order, count: int) -> list[Event]:
    """The first events of all ranges together."""
    found: list[Event] = []
    for window in _windows(plan, by):
        wanted = count - len(found)
        reading = [_fetch(events, range_.stages(window), by, wanted) for range_ in plan.ranges]
        if len(reading) == 1:
            found += await reading[0]
        else:
            together = [event for part in await asyncio.gather(*reading) for event in part]
            found += sorted(together, key=by.position, reverse=by.descending)[:wanted]
        if len(found) >= count:
            break
    return found


async def _fetch(events: db.Collection, stages: list[dict[str, Any]], by: Order, count: int) -> list[Event]:
    pipeline = [*stages, {"$sort": dict(by.fields())}, {"$limit": count}, {"$project": _event_terms.HIDDEN}]
    return [Event.from_document(document) for document in await (await events.aggregate(pipeline)).to_list()]


def _windows(plan: Plan, by: Order) -> list[dict[str, Any]]:
    """The intervals of the sorted field to read one after another; a single one where the store stops early."""
    if plan.cuts is None:
        return [plan.interval]
    least, most = plan.interval.get("$gte"), plan.interval.get("$lt")
    cuts = [cut for cut in plan.cuts if (least is None or cut > least) and (most is None or cut < most)]
    bounds = list(pairwise([least, *cuts, most]))
    return [_interval(*pair) for pair in (reversed(bounds) if by.descending else bounds)]


def _interval(begin: datetime | None, end: datetime | None) -> dict[str, Any]:
    return {**({"$gte": begin} if begin else {}), **({"$lt": end} if end else {})}
