"""How a merge patch of an event becomes one atomic update, in which the store itself compares old and new."""

from datetime import datetime
from typing import Any

from models.events import MAX_DURATION, Approval, EventUpdate

# What the moderators looked at when they approved.
_JUDGED = {"title", "description", "location", "image_ids"}


def in_order(changes: EventUpdate) -> dict[str, Any]:
    """The filter that keeps start and end in order when the patch has only one of them."""
    given = changes.model_fields_set & {"starts_at", "ends_at"}
    if given == {"starts_at"}:
        return {"ends_at": {"$gt": changes.starts_at, "$lte": changes.starts_at + MAX_DURATION}}
    if given == {"ends_at"}:
        return {"starts_at": {"$lt": changes.ends_at, "$gte": changes.ends_at - MAX_DURATION}}
    return {}


def pipeline(changes: EventUpdate, *, by_admin: bool, moment: datetime) -> list[dict[str, Any]]:
    """The update.

    Args:
        changes: the merge patch.
        by_admin: whether the queue is spared.
        moment: when it happens.
    """
    values = _values(changes)
    stages: list[dict[str, Any]] = []
    if not by_admin:
        stages.append({"$set": {"approval": _approval(changes, values)}})
    stages.append({"$set": {**values, "updated_at": moment, "version": {"$add": ["$version", 1]}}})
    return stages


def _values(changes: EventUpdate) -> dict[str, Any]:
    """New values by path; what people wrote is literal, never an expression."""
    plain = changes.model_dump(exclude_unset=True, exclude={"location"})
    values: dict[str, Any] = {path: {"$literal": value} for path, value in plain.items()}
    if "location" not in changes.model_fields_set:
        return values
    place = changes.location.model_dump(exclude_unset=True)
    for name in ("title", "address"):
        if name in place:
            values[f"location.{name}"] = {"$literal": place[name]}
    if place.keys() & {"latitude", "longitude"}:
        values["location.point"] = {
            "type": {"$literal": "Point"},
            "coordinates": [_coordinate(place.get("longitude"), 0), _coordinate(place.get("latitude"), 1)],
        }
    return values


def _coordinate(given: float | None, index: int) -> Any:
    kept = {"$arrayElemAt": ["$location.point.coordinates", index]}
    return kept if given is None else {"$literal": given}


def _approval(changes: EventUpdate, values: dict[str, Any]) -> dict[str, Any]:
    """The approval after a non-admin's change, as an expression over the old document."""
    differs: dict[str, Any] = {
        "$or": [{"$ne": [f"${path}", value]} for path, value in values.items() if path.partition(".")[0] in _JUDGED]
        or [False]
    }
    publicly: Any = {"$literal": changes.public} if "public" in changes.model_fields_set else "$public"
    published = {"$and": [publicly, {"$not": ["$public"]}]}
    return {
        "$switch": {
            "branches": [
                {"case": {"$and": [publicly, {"$or": [differs, published]}]}, "then": Approval.UNAPPROVED},
                {
                    "case": {
                        "$and": [
                            {"$not": [publicly]},
                            {"$or": [differs, {"$eq": ["$approval", Approval.UNAPPROVED]}]},
                        ]
                    },
                    "then": Approval.APPROVED,
                },
            ],
            "default": "$approval",
        }
    }
