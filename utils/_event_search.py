"""How a query for events becomes ranges of indexes, an order, and the exact conditions beside them.

Each list is the merge of few ranges. A range names equalities and one interval that together open an index, and the
exact condition beside them; it goes to the store as two `$match` stages, which MongoDB joins and plans
as one, while the embedded store takes its index from the first.
"""

import math
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from models.event_queries import EARTH_RADIUS_M, EventQuery, Position, TagsMode
from models.events import MAX_DURATION, Approval, Event, Status
from utils import _event_terms, _sphere, _words, cursors

Condition = dict[str, Any]
Place = list[Any] | None  # a position in a list
Found = list[tuple[list[Any], Event]]  # events, each with its position in the list

_BEGUN = frozenset({Status.ONGOING, Status.EXPIRED})
_STEPS = tuple(timedelta(days=days) for days in (2, 10, 40, 120, 160))
_LATITUDE = f"{_sphere.POINT}.coordinates.1"
_LOW_DEGREES = 0.1  # 11 km
_TICK = timedelta(milliseconds=1)  # the store's times are no finer
_LIVE = frozenset({Status.ACTIVE, Status.ONGOING})


class Range(NamedTuple):
    """One stretch of one index, and what must hold beside."""

    equal: Condition  # the beginning of an index
    field: str  # what an interval narrows
    ranged: bool  # whether that is the next field of the index
    rest: list[Condition]

    def stages(self, interval: Condition) -> list[dict[str, Any]]:
        """The beginning of an aggregation that reads the range, or an interval of it."""
        tight = {**self.equal, **({self.field: interval} if self.ranged and interval else {})}
        beside = [*self.rest, *([] if self.ranged or not interval else [{self.field: interval}])]
        return [{"$match": tight}, {"$match": {"$and": beside}}] if beside else [{"$match": tight}]


class Plan(NamedTuple):
    """What is to be read of a sorted list: ranges to merge, and the interval of the sorted field that holds them."""

    ranges: list[Range]
    interval: Condition
    cuts: list[datetime] | None  # where to cut it for a store that reads and sorts all of a range before it answers


class Order(NamedTuple):
    """The sort of a list that one field decides; the id makes it unique."""

    field: str
    descending: bool

    def fields(self) -> list[tuple[str, int]]:
        """The sort, for the store."""
        way = -1 if self.descending else 1
        return [(self.field, way), ("_id", way)]

    def position(self, event: Event) -> list[Any]:
        """Where an event stands."""
        return [getattr(event, self.field), event.get_id()]


def order(query: EventQuery) -> Order:
    """The sort of a query, or of each tier of one by relevance."""
    return Order("created_at" if query.key == "created_at" else "starts_at", query.descending)


def plan(
    query: EventQuery, moment: datetime, place: Place = None, tier: int | None = None, *, whole: bool = False
) -> Plan:
    """What is to be read.

    Args:
        query: what is asked.
        moment: what the status and the calendar are worked out from.
        place: the position in the order after which to go on.
        tier: of a list by relevance, which part of it.
        whole: for a store that reads and sorts all of a range before it answers.
    """
    by = order(query)
    rest = conditions(query, moment)
    if place is not None:
        rest.append(cursors.after(place, by.fields()))
    if tier is not None:
        rest += _tier(query, tier)
    if whole and (side := _low(query)):
        return Plan(_between(query, side, rest), {}, None)
    beginnings = _beginnings(query, by, in_title=tier == 0)
    ranges = [Range(equal, by.field, ranged, rest) for equal, ranged in beginnings]
    large = all("archived" in range_.equal and range_.ranged for range_ in ranges)
    return Plan(
        ranges, _interval(query, moment, by, place), _cuts(query, moment, by, place) if whole and large else None
    )


def _cuts(query: EventQuery, moment: datetime, by: Order, place: Place) -> list[datetime]:
    """Times around which the events of a list lie: ahead of its start those to come, before it what was announced."""
    begins = _begins(query, moment)
    ahead = by.field == "starts_at" and begins
    start = max([*(begins or [moment]), *(place[:1] if place and ahead and not by.descending else [])])
    return sorted(start + step if ahead else start - step for step in _STEPS)


def in_bands(query: EventQuery) -> bool:
    """Whether latitude narrows what a query asks for, and nothing else narrows it more."""
    return query.public_only and not (query.ids or query.creator_id or _words.wanted(query.q))


def bands(query: EventQuery, moment: datetime, beyond: float, reach: float) -> list[Range]:
    """All that a query asks for, from so many to so many metres north and south of its place, or all of it at once."""
    rest = conditions(query, moment)
    if query.near is None or not in_bands(query):
        return [Range(equal, "starts_at", False, rest) for equal, _ in _beginnings(query, order(query), in_title=False)]
    outer = _circles(query.near, reach)
    sides = [outer]
    if beyond:
        inner = _circles(query.near, beyond)
        sides = [(outer[0], inner[0]), (inner[1], outer[1])]
    return [range_ for side in sides for range_ in _between(query, side, rest)]


def _circles(place: Position, reach: float) -> tuple[float, float]:
    """The latitudes so many metres south and north of a place, with room for the last digit."""
    beside = math.degrees(reach / EARTH_RADIUS_M) * (1 + 1e-9) + 1e-9
    return place.latitude - beside, place.latitude + beside


def _between(query: EventQuery, side: tuple[float, float], rest: list[Condition]) -> list[Range]:
    band = {_LATITUDE: {"$gte": side[0], "$lt": side[1]}}
    shown = [{"public": True, "approval": Approval.APPROVED, "archived": kept, **band} for kept in _archives(query)]
    return [Range(equal, "starts_at", False, rest) for equal in shown]


def _low(query: EventQuery) -> tuple[float, float] | None:
    """The latitudes of a place so low that all between them is sooner read than the events of all places in turn."""
    if not in_bands(query):
        return None
    sides = [(box.south, box.north + 1e-9)] if (box := query.bbox) else []
    sides += [_circles(query.near, query.radius_m)] if query.near else []
    return next((side for side in sides if side[1] - side[0] < _LOW_DEGREES), None)


def conditions(query: EventQuery, moment: datetime) -> list[Condition]:
    """The exact filter: everything that the query says must hold."""
    must = [_status(query.status, moment), *_owned(query), *_placed(query), *_timed(query, moment)]
    must += [_event_terms.starting(word) for word in _words.wanted(query.q)]
    if query.tags:
        must.append({"tags": {"$all" if query.tags_mode is TagsMode.ALL else "$in": query.tags}})
    return [part for part in must if part]


def tiers(query: EventQuery) -> list[int]:
    """The parts of a list by relevance: all words in the title, some of them, none."""
    several = len(_words.wanted(query.q)) > 1
    found = [0, 1, 2] if several else [0, 2]
    return found[::-1] if query.descending else found


def live(query: EventQuery) -> bool:
    """Whether only what is not over is asked for."""
    return not query.status or _LIVE.issuperset(query.status)


def _archives(query: EventQuery) -> list[bool]:
    return [False] if live(query) else [False, True]


def _tier(query: EventQuery, tier: int) -> list[Condition]:
    titled = [_event_terms.starting(word, ["title"]) for word in _words.wanted(query.q)]
    if not titled:
        return []
    return {0: titled, 1: [{"$or": titled}, {"$nor": [{"$and": titled}]}], 2: [{"$nor": titled}]}[tier]


def _beginnings(query: EventQuery, by: Order, *, in_title: bool) -> list[tuple[Condition, bool]]:
    """The equalities that open an index, and whether its next field is the one that sorts."""
    if query.ids:
        return [({"_id": {"$in": query.ids}}, False)]
    if query.creator_id is not None:
        return [({"creator_id": query.creator_id}, by.field == "starts_at")]
    if not query.public_only:
        return [({"approval": query.approval[0]} if query.approval else {}, by.field == "created_at")]
    shown: Condition = {"public": True, "approval": Approval.APPROVED}
    archives = _archives(query)
    words = _words.wanted(query.q)
    if words:
        head = (_event_terms.IN_TITLE if in_title else "") + _words.head(words[0])
        return [({**shown, "archived": kept, "terms.heads": head}, by.field == "starts_at") for kept in archives]
    return [({**shown, "archived": kept}, True) for kept in archives]


def _begins(query: EventQuery, moment: datetime) -> list[datetime]:
    """What an event must end after."""
    given = [stretch.begin for stretch in query.intervals(moment) if stretch.begin]
    return [*given, moment] if live(query) else given


def _interval(query: EventQuery, moment: datetime, by: Order, place: Place) -> Condition:
    """A plain interval on the field that sorts, which holds all that is asked for; its ends are not exact."""
    lower: list[datetime] = []
    upper: list[datetime] = []
    if by.field == "starts_at":
        lower = [begin - MAX_DURATION for begin in _begins(query, moment)]
        upper = [stretch.end for stretch in query.intervals(moment) if stretch.end]
        upper += [moment] if query.status and _BEGUN.issuperset(query.status) else []
    if place is not None:
        (upper if by.descending else lower).append(place[0])
    # $lt, not $lte: the embedded store leaves out equals where more fields of the index follow.
    return {**({"$gte": max(lower)} if lower else {}), **({"$lt": min(upper) + _TICK} if upper else {})}


def _status(wanted: list[Status], moment: datetime) -> Condition:
    """The filter for a status; without any, what is neither over nor cancelled."""
    if set(wanted) == set(Status):
        return {}
    if not wanted or set(wanted) == _LIVE:
        return {"cancelled_at": None, "ends_at": {"$gt": moment}}
    filters: dict[Status, Condition] = {
        Status.ACTIVE: {"cancelled_at": None, "starts_at": {"$gt": moment}},
        Status.ONGOING: {"cancelled_at": None, "starts_at": {"$lte": moment}, "ends_at": {"$gt": moment}},
        Status.EXPIRED: {"cancelled_at": None, "ends_at": {"$lte": moment}},
        Status.CANCELLED: {"cancelled_at": {"$ne": None}},
    }
    chosen = [filters[status] for status in wanted]
    return chosen[0] if len(chosen) == 1 else {"$or": chosen}


def _owned(query: EventQuery) -> list[Condition]:
    """Who may see it, whose it is, which it is."""
    must: list[Condition] = []
    if query.public_only:
        must.append({"public": True})
    if query.approval:
        must.append({"approval": {"$in": query.approval}})
    if query.creator_id is not None:
        must.append({"creator_id": query.creator_id})
    if query.ids:
        must.append({"_id": {"$in": query.ids}})
    return must


def _placed(query: EventQuery) -> list[Condition]:
    must: list[Condition] = []
    if query.near is not None and query.key != "distance":
        must.append(_sphere.within(query.near, query.radius_m))
    if query.bbox is not None:
        circle = _sphere.around(query.bbox)
        must += [_sphere.within(*circle)] if circle else []
        must.append(_sphere.inside(query.bbox))
    return must


def _timed(query: EventQuery, moment: datetime) -> list[Condition]:
    must: list[Condition] = []
    for stretch in query.intervals(moment):
        if stretch.begin is not None:
            must.append({"ends_at": {"$gt": stretch.begin}})
        if stretch.end is not None:
            must.append({"starts_at": {"$lt": stretch.end}})
    return must
