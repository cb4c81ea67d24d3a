"""Events around a place, the nearest first."""

from datetime import datetime
from typing import Any

from config import db
from models.event_queries import EventQuery, Position
from models.events import Event
from utils import _event_search, _event_terms, _sphere
from utils._event_search import Found, Place

# The distances up to which a store is read that collects and sorts all of a circle before it answers.
_REACHES_M = (1_000, 5_000, 25_000, 125_000)
_SLACK_M = 1.0  # how far apart the store's arithmetic and ours can be, at the antipode


def position(event: Event) -> Position:
    """Where an event takes place."""
    return Position(event.location.latitude, event.location.longitude)


async def nearest(events: db.Collection, query: EventQuery, count: int, place: Place, moment: datetime) -> Found:
    """The nearest first, in whole centimetres; what is equally near, by the id."""
    found: Found = []
    for reach in _reaches(query, place):
        found = await _closest(events, _stages(query, place, moment, reach), query, count, place)
        if len(found) >= count and found[-1][0][0] < (reach - _SLACK_M) * 100:
            break
    return found


def _reaches(query: EventQuery, place: Place) -> list[float]:
    """The distances up to which to look, one after another; a single one where the store stops early."""
    least = place[0] / 100 * 2 if place else 0
    steps = () if query.descending or not db.reads_whole_ranges() else _REACHES_M
    return [step for step in steps if least < step < query.radius_m] + [query.radius_m]


async def _closest(
    events: db.Collection, stages: list[dict[str, Any]], query: EventQuery, count: int, place: Place
) -> Found:
    """The first `count` of an aggregation that come after a position.

    The store's order is ours but for its arithmetic: its stream is followed until what is still to come lies beyond
    doubt behind the last one kept.
    """
    way = -1 if query.descending else 1
    kept: Found = []
    async with await events.aggregate(stages, batchSize=count + 1) as stream:
        async for document in stream:
            at_least = way * _sphere.from_store(document["distance"]) - _SLACK_M
            if len(kept) >= count and at_least * 100 > way * kept[count - 1][0][0]:
                break
            event = Event.from_document(document)
            at = [_centimetres(query, event), event.get_id()]
            if place is None or (at < place if query.descending else at > place):
                kept.append((at, event))
                kept.sort(key=lambda pair: pair[0], reverse=query.descending)
    return kept[:count]


def _centimetres(query: EventQuery, event: Event) -> int:
    return round(_sphere.distance_m(query.near, position(event)) * 100) if query.near else 0


def _stages(query: EventQuery, place: Place, moment: datetime, reach: float) -> list[dict[str, Any]]:
    """The aggregation whose answers come in the order of distance."""
    least, most = 0.0, reach
    if place is not None and query.descending:
        most = min(reach, place[0] / 100 + _SLACK_M)
    elif place is not None:
        least = max(0.0, place[0] / 100 - _SLACK_M)
    kept = [{"archived": False}] if _event_search.live(query) and query.public_only else []
    stage = {
        "near": _sphere.geojson(query.near) if query.near else None,
        "key": _sphere.POINT,
        "distanceField": "distance",
        "spherical": True,
        "minDistance": _sphere.to_store(least),
        "maxDistance": _sphere.to_store(most),
        "query": {"$and": [*kept, *_event_search.conditions(query, moment)]},
    }
    turned: list[dict[str, Any]] = [{"$sort": {"distance": -1}}] if query.descending else []
    return [{"$geoNear": stage}, {"$project": _event_terms.HIDDEN}, *turned]
