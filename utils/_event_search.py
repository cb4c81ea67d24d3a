"""How a query for events becomes a MongoDB filter, an order and a position in it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from models.events import Event, EventQuery, Status


def order(query: EventQuery) -> list[tuple[str, int]]:
    """The sort: unique, since it ends with the id."""
    field, direction = query.sort.lstrip("-"), -1 if query.sort.startswith("-") else 1
    return [(field, direction), ("_id", direction)]


def position(query: EventQuery) -> Callable[[Event], list[Any]]:
    """Where an event stands in the order of the query."""
    field = query.sort.lstrip("-")
    return lambda event: [getattr(event, field), event.get_id()]


def conditions(query: EventQuery, moment: datetime) -> dict[str, Any]:
    """The filter: everything that the query says must hold.

    Args:
        query: what is asked.
        moment: what the status is worked out from.
    """
    must: list[dict[str, Any]] = [status_conditions(query.status, moment)]
    if query.public_only:
        must.append({"public": True})
    if query.approval:
        must.append({"approval": {"$in": query.approval} if len(query.approval) > 1 else query.approval[0]})
    if query.creator_id is not None:
        must.append({"creator_id": query.creator_id})
    if query.tags:
        must.append({"tags": {"$in": query.tags}})
    if query.from_ is not None:
        must.append({"ends_at": {"$gt": query.from_}})
    if query.to is not None:
        must.append({"starts_at": {"$lt": query.to}})
    return {"$and": [part for part in must if part]} if any(must) else {}


def status_conditions(wanted: list[Status], moment: datetime) -> dict[str, Any]:
    """The filter for a status; without any, what is neither over nor cancelled."""
    if set(wanted) == set(Status):
        return {}
    if not wanted or set(wanted) == {Status.ACTIVE, Status.ONGOING}:
        return {"cancelled_at": None, "ends_at": {"$gt": moment}}
    filters: dict[Status, dict[str, Any]] = {
        Status.ACTIVE: {"cancelled_at": None, "starts_at": {"$gt": moment}},
        Status.ONGOING: {"cancelled_at": None, "starts_at": {"$lte": moment}, "ends_at": {"$gt": moment}},
        Status.EXPIRED: {"cancelled_at": None, "ends_at": {"$lte": moment}},
        Status.CANCELLED: {"cancelled_at": {"$ne": None}},
    }
    chosen = [filters[status] for status in dict.fromkeys(wanted)]
    return chosen[0] if len(chosen) == 1 else {"$or": chosen}
