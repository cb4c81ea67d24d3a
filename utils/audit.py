"""The audit log: the one owner of `audit_log`, to which records are only ever added, each chained to the one before.

A record is written in the transaction of the change that it tells of: neither is there without the other. `seq` is
unique, so of two writers who continue the same record one starts again, and the chain stays one line.
"""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, TypeVar

import orjson
from pymongo import IndexModel
from pymongo.errors import DuplicateKeyError

from config import context, db
from models.audit import AuditQuery, AuditRecord, Deed
from models.commons import Page, new_id, now
from models.notices import UserDeleted
from models.users import User
from utils import cursors

COLLECTION = "audit_log"
INDEXES = (
    IndexModel([("seq", 1)], name="chain", unique=True),
    IndexModel([("at", -1), ("seq", -1)], name="by_time"),
    IndexModel([("actor_id", 1), ("at", -1), ("seq", -1)], name="by_actor"),
    IndexModel([("target_id", 1), ("at", -1), ("seq", -1)], name="by_target"),
    IndexModel([("action", 1), ("at", -1), ("seq", -1)], name="by_action"),
)
NOTHING_BEFORE = "0" * 64
ERASED = "erased-"
_ORDER = [("at", -1), ("seq", -1)]
_ATTEMPTS = 20

Result = TypeVar("Result")
Change = Callable[[db.Transaction], Awaitable[Result]]
LoneChange = Callable[[db.Transaction | None], Awaitable[Result]]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check of the chain found; `fault` is None when it holds."""

    records: int
    head: str
    fault: str | None


def _log() -> db.Collection:
    return db.collection(COLLECTION)


async def watched(actor: User, owner_id: str | None, deed: Deed, change: LoneChange[Result]) -> Result:
    """Make a change of one document; one by staff, or to what is not the actor's own, is recorded with it.

    Args:
        actor: who makes it.
        owner_id: whose the data is.
        deed: what the record tells.
        change: makes it, in the session that it is given; None is a refusal, and leaves no record.
    """
    return await (recorded(deed, change) if _concerns(actor, owner_id) else change(None))


async def watched_transaction(actor: User, owner_id: str | None, deed: Deed, change: Change[Result]) -> Result:
    """Make a change that takes a transaction in any case; otherwise as `watched`."""
    return await (recorded(deed, change) if _concerns(actor, owner_id) else db.in_transaction(change))


async def recorded(deed: Deed, change: Change[Result]) -> Result:
    """Make a change and its record, both or neither; see `watched`."""

    async def both(session: db.Transaction) -> Result:
        result = await change(session)
        if result is not None:
            await _append(deed, session)
        return result

    for _ in range(_ATTEMPTS - 1):
        try:
            return await db.in_transaction(both)
        except DuplicateKeyError as error:  # a rival continued the same record
            if "seq" not in (error.details or {}).get("keyPattern", {}):
                raise
    return await db.in_transaction(both)


async def listing(query: AuditQuery, limit: int, cursor: str | None = None) -> Page[AuditRecord]:
    """The records, newest first.

    Raises:
        InvalidCursor: the cursor is not of this list.
    """
    binding = ["audit", query.model_dump(mode="json")]
    narrowed = _conditions(query)
    if cursor:
        narrowed = {"$and": [narrowed, cursors.after(cursors.decode(cursor, binding), _ORDER)]}
    found = await _log().find(narrowed).sort(_ORDER).limit(limit + 1).to_list()
    items = [AuditRecord.from_document(document) for document in found]
    return cursors.page(items, limit, binding, lambda record: [record.at, record.seq])


async def held_on(user_id: str) -> AsyncIterator[dict[str, Any]]:
    """What the log tells of a person, for himself: what he did, and what was done to his account."""
    shown = {"_id": 0, "seq": 1, "at": 1, "action": 1, "fields": 1, "target_id": 1}
    for role in ("actor_id", "target_id"):
        async for document in _log().find({role: user_id}, shown).sort(_ORDER):
            yield document


async def on_user_deleted(notice: UserDeleted) -> None:
    """Put one pseudonym, that nothing leads back from, in the place of a person who is gone."""
    pseudonym = ERASED + new_id()
    for role in ("actor", "target"):
        await _log().update_many(
            {f"{role}_id": notice.user_id}, {"$set": {f"{role}_id": pseudonym, f"{role}_salt": None}}
        )


async def verify() -> Verdict:
    """Follow the chain from its start, as far as it holds; reads the whole log."""
    seq, previous = 0, NOTHING_BEFORE
    async for document in _log().find().sort("seq", 1):
        record = AuditRecord.from_document(document)
        seq += 1
        fault = _fault(record, seq, previous)
        if fault:
            return Verdict(seq - 1, previous, fault)
        previous = record.hash
    return Verdict(seq, previous, None)


def _concerns(actor: User, owner_id: str | None) -> bool:
    return actor.is_staff or owner_id != actor.get_id()


def _conditions(query: AuditQuery) -> dict[str, Any]:
    narrowed = query.model_dump(include={"actor_id", "action", "target_id"}, exclude_none=True)
    moments = {"$gte": query.since, "$lt": query.until}
    between = {operator: moment for operator, moment in moments.items() if moment}
    return narrowed | ({"at": between} if between else {})


async def _append(deed: Deed, session: db.Transaction) -> None:
    last = await _log().find_one({}, sort=[("seq", -1)], session=session)
    salts = secrets.token_hex(16), secrets.token_hex(16)
    record = AuditRecord(
        seq=last["seq"] + 1 if last else 1,
        at=max(now(), last["at"]) if last else now(),
        actor_id=deed.actor_id,
        actor_salt=salts[0],
        actor_mark=_mark(salts[0], deed.actor_id),
        action=deed.action,
        target_id=deed.target_id,
        target_salt=salts[1],
        target_mark=_mark(salts[1], deed.target_id),
        fields=list(deed.fields),
        request_id=context.request_id.get(),
        previous=last["hash"] if last else NOTHING_BEFORE,
        hash="",
    )
    await _log().insert_one(record.model_copy(update={"hash": _hash(record)}).model_dump(), session=session)


def _mark(salt: str, identifier: str) -> str:
    return sha256(f"{salt}:{identifier}".encode()).hexdigest()


def _hash(record: AuditRecord) -> str:
    covered = record.model_dump(
        mode="json",
        include={"seq", "at", "actor_mark", "action", "target_mark", "fields", "request_id", "previous"},
    )
    return sha256(orjson.dumps(covered, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _fault(record: AuditRecord, seq: int, previous: str) -> str | None:
    """What is wrong with a record at its place in the chain."""
    marks = (
        (record.actor_salt, record.actor_id, record.actor_mark),
        (record.target_salt, record.target_id, record.target_mark),
    )
    faults = {
        f"record {seq} is missing": record.seq != seq,
        f"record {seq} does not follow the one before": record.previous != previous,
        f"record {seq} was changed": record.hash != _hash(record),
        f"record {seq} names another person or thing": any(
            _mark(salt, named) != mark if salt else not named.startswith(ERASED) for salt, named, mark in marks
        ),
    }
    return next((fault for fault, found in faults.items() if found), None)
