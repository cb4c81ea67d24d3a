"""What a stored event carries for searches alone: its terms, and the mark that it is over for good."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pymongo import UpdateOne

from config import db
from models.commons import now
from models.events import Event, EventUpdate
from utils import _words

HIDDEN = {"terms": 0}  # the projection of whoever reads events to show them
PARTS = {"title": 64, "place": 64, "address": 64, "description": 512}  # how many terms of each are kept
IN_TITLE = " "  # before the heads of the title's terms; no term holds a space


def document(event: Event, moment: datetime) -> dict[str, Any]:
    """The document to store for a new event."""
    return {**event.model_dump(), "archived": event.ends_at <= moment, "terms": _terms(event)}


def _terms(event: Event) -> dict[str, list[str]]:
    place = event.location
    texts = (event.title, place.title, place.address or "", event.description)
    parts = {part: _words.terms(text, PARTS[part]) for part, text in zip(PARTS, texts, strict=True)}
    heads = {head for terms in parts.values() for head in _words.heads(terms)}
    return {**parts, "heads": sorted(heads | {IN_TITLE + head for head in _words.heads(parts["title"])})}


async def fill(events: db.Collection, position: str | None, limit: int) -> str | None:
    """Give the events of one batch what they lack for searches; where to go on, None at the end.

    Args:
        events: the collection.
        position: the identifier that the batch before ended with.
        limit: how many events are read at most.
    """
    after = {"_id": {"$gt": position}} if position else {}
    batch = await events.find(after).sort("_id", 1).limit(limit).to_list()
    lacking = [each for each in batch if not _complete(each)]
    while lacking:
        await events.bulk_write([_filling(each) for each in lacking], ordered=False)
        again = await events.find({"_id": {"$in": [each["_id"] for each in lacking]}}).to_list()
        lacking = [each for each in again if not _complete(each)]  # changed between the reading and the writing
    return batch[-1]["_id"] if len(batch) == limit else None


def _complete(found: db.Document) -> bool:
    return "archived" in found and {*PARTS, "heads"} <= found.get("terms", {}).keys()


def _filling(found: db.Document) -> UpdateOne:
    made = document(Event.from_document(found), now())
    values = {"terms": made["terms"], "archived": made["archived"]}
    return UpdateOne({"_id": found["_id"], "version": found["version"]}, {"$set": values})


def stages(changes: EventUpdate) -> list[dict[str, Any]]:
    """The last stages of the update that a merge patch becomes: they bring the terms in line with the new texts."""
    given = changes.model_dump(include={"title", "description"}, exclude_unset=True)
    place = changes.location.model_dump(exclude_unset=True) if "location" in changes.model_fields_set else {}
    given |= {part: place[name] for part, name in {"place": "title", "address": "address"}.items() if name in place}
    values: dict[str, Any] = {
        f"terms.{part}": {"$literal": _words.terms(text or "", PARTS[part])} for part, text in given.items()
    }
    following = [{"$set": {"terms.heads": _every_head()}}] if values else []
    if changes.model_fields_set & {"starts_at", "ends_at"}:
        values["archived"] = False
    return [{"$set": values}, *following] if values else []


def _every_head() -> dict[str, Any]:
    """The expression that works out the heads anew from the parts."""
    every = {"$concatArrays": [f"$terms.{part}" for part in PARTS]}
    of_title = {"$map": {"input": _heads("$terms.title"), "in": {"$concat": [IN_TITLE, "$$this"]}}}
    return {"$setUnion": [_heads(every), of_title]}


def _heads(terms: Any) -> dict[str, Any]:
    return {"$concatArrays": [_cut(terms, length) for length in _words.HEAD_LENGTHS]}


def _cut(terms: Any, length: int) -> dict[str, Any]:
    long_enough = {"$filter": {"input": terms, "cond": {"$gte": [{"$strLenCP": "$$this"}, length]}}}
    return {"$map": {"input": long_enough, "in": {"$substrCP": ["$$this", 0, length]}}}


def starting(word: str, parts_: Sequence[str] = tuple(PARTS)) -> dict[str, Any]:
    """The exact condition that some term of the given parts starts with a word."""
    begins = {"$regex": f"^{word}"}  # folded terms hold letters, digits and symbols, nothing that a pattern heeds
    branches = [{f"terms.{part}": begins} for part in parts_]
    return branches[0] if len(branches) == 1 else {"$or": branches}
