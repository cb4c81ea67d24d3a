"""Events around a place, the nearest first."""

import asyncio
from datetime import datetime
from typing import Any

from config import db
from models.event_queries import EventQuery, Position
from models.events import Event
from utils import _event_search, _event_terms, _sphere
from utils._event_search import Found, Place, Range

_SLACK_M = 1.0  # how far apart the store's arithmetic and ours can be, at the antipode
_WITHOUT_TERMS = {"$project": _event_terms.HIDDEN}
# The distances up to which to look, one after another, in a store that reads all of a range before it answers.
_REACHES_M = (1_000, 5_000, 25_000)


def position(event: Event) -> Position:
    """Where an event takes place."""
    return Position(event.location.latitude, event.location.longitude)


async def nearest(events: db.Collection, query: EventQuery, count: int, place: Place, moment: datetime) -> Found:
    """The nearest first, in whole centimetres; what is equally near, by the id."""
    reading = _by_latitude if db.reads_whole_ranges() else _by_stream
    return await reading(events, query, count, place, moment)


async def _by_latitude(events: db.Collection, query: EventQuery, count: int, place: Place, moment: datetime) -> Found:
    """Sort here what lies between circles of latitude, further apart each time: less to read than a whole globe."""
    seen: list[list[Any]] = []  # positions
    beyond = 0.0
    for reach in _reaches(query):
        seen += await _positions(events, query, _event_search.bands(query, moment, beyond, reach))
        inside = sorted(at for at in seen if at[0] <= reach * 100 and _follows(query, at, place))
        if len(inside) >= count:
            break
        beyond = reach
    return await _read(events, query, inside[::-1] if query.descending else inside, count, moment)


def _reaches(query: EventQuery) -> list[float]:
    steps = _REACHES_M if _event_search.in_bands(query) and not query.descending else ()
    return [*(step for step in steps if step < query.radius_m), query.radius_m]


async def _positions(events: db.Collection, query: EventQuery, ranges: list[Range]) -> list[list[Any]]:
    """Where the events of some ranges stand; most are too far away to be read whole."""
    stages = [[*range_.stages({}), {"$project": {_sphere.POINT: 1}}] for range_ in ranges]
    parts = await asyncio.gather(*(_documents(events, each) for each in stages))
    return [[_centimetres(query, one), one["_id"]] for part in parts for one in part]


async def _read(
    events: db.Collection, query: EventQuery, order: list[list[Any]], count: int, moment: datetime
) -> Found:
    """The first events of an order that still are what is asked for."""
    found: Found = []
    for first in range(0, len(order), count):
        some = order[first : first + count]
        must = [{"_id": {"$in": [key for _, key in some]}}, *_event_search.conditions(query, moment)]
        read = await _documents(events, [{"$match": must[0]}, {"$match": {"$and": must}}, _WITHOUT_TERMS])
        kept = {document["_id"]: document for document in read}
        found += [(at, Event.from_document(kept[at[1]])) for at in some if at[1] in kept]
        if len(found) >= count:
            break
    return found[:count]


async def _documents(events: db.Collection, stages: list[dict[str, Any]]) -> list[db.Document]:
    return await (await events.aggregate(stages)).to_list()


async def _by_stream(events: db.Collection, query: EventQuery, count: int, place: Place, moment: datetime) -> Found:
    """Follow the store's stream until what is still to come lies beyond doubt behind the last one kept.

    Its order is ours but for its arithmetic.
    """
    way = -1 if query.descending else 1
    kept: Found = []
    async with await events.aggregate(_stages(query, place, moment), batchSize=count + 1) as stream:
        async for document in stream:
            at_least = way * _sphere.from_store(document["distance"]) - _SLACK_M
            if len(kept) >= count and at_least * 100 > way * kept[count - 1][0][0]:
                break
            at = [_centimetres(query, document), document["_id"]]
            if _follows(query, at, place):
                kept.append((at, Event.from_document(document)))
                kept.sort(key=lambda pair: pair[0], reverse=query.descending)
    return kept[:count]


def _follows(query: EventQuery, at: list[Any], place: Place) -> bool:
    return place is None or (at < place if query.descending else at > place)


def _centimetres(query: EventQuery, document: db.Document) -> int:
    longitude, latitude = document["location"]["point"]["coordinates"]
    return round(_sphere.distance_m(query.near, Position(latitude, longitude)) * 100) if query.near else 0


def _stages(query: EventQuery, place: Place, moment: datetime) -> list[dict[str, Any]]:
    """The aggregation whose answers come in the order of distance."""
    least, most = 0.0, query.radius_m
    if place is not None and query.descending:
        most = min(most, place[0] / 100 + _SLACK_M)
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
    return [{"$geoNear": stage}, _WITHOUT_TERMS, *turned]
