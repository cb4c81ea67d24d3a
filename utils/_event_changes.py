"""How a merge patch of an event becomes one atomic update, in which the store itself compares old and new."""

from datetime import datetime
from typing import Any

from models.events import MAX_DURATION, Approval, EventUpdate
from utils import _event_terms

# What the moderators looked at when they approved.
_JUDGED = {"title", "description", "location", "image_ids"}
# What calendars show; for the first of them, subscribers are told of a new revision (RFC 5545, section 3.8.7.4).
_SCHEDULED = {"title", "starts_at", "ends_at", "timezone", "location"}
_SHOWN = {*_SCHEDULED, "description", "links", "tags"}
# What those who take part are told of.
_TOLD = {"time": {"starts_at", "ends_at"}, "place": {"location"}}


def in_order(changes: EventUpdate) -> dict[str, Any]:
    """The filter that keeps start and end in order when the patch has only one of them."""
    given = changes.model_fields_set & {"starts_at", "ends_at"}
    if given == {"starts_at"}:
        return {"ends_at": {"$gt": changes.starts_at, "$lte": changes.starts_at + MAX_DURATION}}
    if given == {"ends_at"}:
        return {"starts_at": {"$lt": changes.ends_at, "$gte": changes.ends_at - MAX_DURATION}}
    return {}


def with_room(changes: EventUpdate) -> dict[str, Any]:
    """The filter that keeps a seat for everybody who has one."""
    return {"attending_count": {"$lte": changes.max_capacity}} if "max_capacity" in changes.model_fields_set else {}


def pipeline(changes: EventUpdate, *, by_admin: bool, moment: datetime) -> list[dict[str, Any]]:
    """The update.

    Args:
        changes: the merge patch.
        by_admin: whether the queue is spared.
        moment: when it happens.
    """
    values = _values(changes)
    stages: list[dict[str, Any]] = [{"$set": _revision(values, moment)}]
    if not by_admin:
        stages.append({"$set": {"approval": _approval(changes, values)}})
    stages.append({"$set": {**values, "updated_at": moment, "version": {"$add": ["$version", 1]}}})
    return stages + _event_terms.stages(changes)


def cancellation(moment: datetime) -> list[dict[str, Any]]:
    """The update that calls an event off."""
    sequence = _raised(True)
    return [
        {
            "$set": {
                "cancelled_at": moment,
                "sequence": sequence,
                "revised_at": moment,
                "announcement": _announcement({"cancelled": True}, sequence, moment),
                "updated_at": moment,
                "version": {"$add": ["$version", 1]},
            }
        }
    ]


def _revision(values: dict[str, Any], moment: datetime) -> dict[str, Any]:
    """What calendars, those who take part and those who wait must learn of a change."""
    sequence = _raised(_differs(values, _SCHEDULED))
    told = {word: _differs(values, fields) for word, fields in _TOLD.items()}
    revision: dict[str, Any] = {
        "sequence": sequence,
        "revised_at": {
            "$cond": [_differs(values, _SHOWN), moment, {"$ifNull": ["$revised_at", "$created_at"]}],
        },
        "announcement": _announcement(told, sequence, moment),
    }
    if "max_capacity" in values:
        awaited = {"$and": [{"$gt": [values["max_capacity"], "$max_capacity"]}, {"$gt": ["$waiting_count", 0]}]}
        revision["unsettled_at"] = {"$cond": [awaited, moment, _kept("unsettled_at")]}
    return revision


def _announcement(told: dict[str, Any], sequence: Any, moment: datetime) -> dict[str, Any]:
    """What those who take part are still to be told, added to what they have not been told so far."""
    changed = {"$or": list(told.values())}
    somebody = {"$gt": [{"$add": ["$attending_count", "$waiting_count"]}, 0]}
    words = [{"$cond": [differs, [word], []]} for word, differs in told.items()]
    what = {"$setUnion": [{"$ifNull": ["$announcement.what", []]}, *words]}
    made = {"what": what, "sequence": sequence, "at": moment}
    return {"$cond": [{"$and": [changed, somebody]}, made, _kept("announcement")]}


def _raised(condition: Any) -> dict[str, Any]:
    return {"$add": [{"$ifNull": ["$sequence", 0]}, {"$cond": [condition, 1, 0]}]}


def _kept(field: str) -> dict[str, Any]:
    return {"$ifNull": [f"${field}", "$$REMOVE"]}


def _differs(values: dict[str, Any], fields: set[str]) -> dict[str, Any]:
    """Whether any of these fields changes, as an expression over the old document."""
    changed: list[Any] = [
        {"$ne": [f"${path}", value]} for path, value in values.items() if path.partition(".")[0] in fields
    ]
    return {"$or": changed or [False]}


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
    differs = _differs(values, _JUDGED)
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
