"""Migrations: the one owner of `migrations`, the record of which changes of stored data were made.

A migration is a module `migrations/NNNN_name.py` with an `up`, and a `down` if it can be undone:

    async def up(position: str | None) -> str | None

does one bounded batch from a position on (None: the start) and answers where to go on (None: all is done). A batch
may run again after a crash, so it must do no harm twice. Migrations are applied in the order of their numbers, by one
process at a time; a position is kept after each batch, and whoever comes after a killed process goes on from there.
"""

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import pymongo
from pymongo import IndexModel, ReturnDocument
from pymongo.errors import DuplicateKeyError

from config import db
from models.commons import new_id, now
from models.exceptions import MigrationChanged, MigrationFinal, MigrationTaken
from utils import indexes, leases

COLLECTION = "migrations"
INDEXES: tuple[IndexModel, ...] = ()  # a few dozen documents, read by their names
FOLDER = Path(__file__).parents[1] / "migrations"
LEASE = timedelta(seconds=30)  # how long a killed process keeps others waiting
POLL_S = 0.2

_LEASE_NAME = "migrations"
_DECLARED = "indexes"  # its record holds the digest of the indexes that were built last
_FILE = re.compile(r"\d{4}_[a-z0-9_]+\.py")

Batch = Callable[[str | None], Coroutine[Any, Any, str | None]]
Tell = Callable[[str, int], None]


class State(StrEnum):
    """How far a migration is; `changed` and `lost` are seen by comparing with the modules."""

    PENDING = "pending"
    RUNNING = "running"
    APPLIED = "applied"
    REVERTING = "reverting"
    CHANGED = "changed"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Migration:
    """One module, read."""

    name: str
    checksum: str
    up: Batch
    down: Batch | None


@dataclass(frozen=True, slots=True)
class Status:
    """Where one migration stands."""

    name: str
    state: State
    applied_at: datetime | None = None


def _migrations() -> db.Collection:
    return db.collection(COLLECTION)


@cache
def known(folder: Path = FOLDER) -> tuple[Migration, ...]:
    """The migrations of a folder, in their order."""
    return tuple(_read(path) for path in sorted(folder.glob("*.py")) if _FILE.fullmatch(path.name))


def _read(path: Path) -> Migration:
    module = _load(path)
    checksum = hashlib.sha256(path.read_text().encode()).hexdigest()
    return Migration(path.stem, checksum, module.up, getattr(module, "down", None))


def _load(path: Path) -> ModuleType:
    spec = spec_from_file_location(f"migrations.{path.stem}", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is no Python module.")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


async def statuses(folder: Path = FOLDER) -> list[Status]:
    """Where each migration stands, and the indexes as the last of them."""
    records = await _records()
    here = {each.name: each.checksum for each in known(folder)} | {_DECLARED: indexes.digest()}
    shown = [_status(name, records.get(name), checksum) for name, checksum in here.items()]
    lost = [Status(name, State.LOST, record.get("applied_at")) for name, record in records.items() if name not in here]
    return sorted(lost, key=lambda status: status.name) + shown


def _status(name: str, record: db.Document | None, checksum: str) -> Status:
    if record is None or (name == _DECLARED and record["checksum"] != checksum):
        return Status(name, State.PENDING)
    changed = record["state"] == State.APPLIED and record["checksum"] != checksum
    return Status(name, State.CHANGED if changed else State(record["state"]), record.get("applied_at"))


async def pending(folder: Path = FOLDER) -> list[str]:
    """What `up` would do, in order."""
    unfinished = (State.PENDING, State.RUNNING, State.REVERTING)
    return [status.name for status in await statuses(folder) if status.state in unfinished]


async def up(tell: Tell = lambda *_: None, folder: Path = FOLDER) -> list[str]:
    """Apply what is pending and build the indexes; when another process is at it, wait for it first.

    Args:
        tell: is called after each batch with the migration's name and how many batches it was.
        folder: where the modules are.

    Returns:
        The migrations that this call finished.

    Raises:
        MigrationChanged: one that was applied differs from its module now; nothing was done.
        MigrationTaken: this process was away for so long that another one went on in its place.
    """
    async with _turn() as holder:
        await _require_unchanged(folder)
        applied = [each.name for each in known(folder) if await _apply(each, holder, tell)]
        await indexes.ensure()
        built = {"checksum": indexes.digest(), "state": State.APPLIED, "applied_at": now()}
        await _migrations().update_one({"_id": _DECLARED}, {"$set": built}, upsert=True)
        return applied


async def catch_up() -> None:
    """Do what is pending, if anything is: how a local run stays in line without a release command."""
    if await pending():
        await up()


async def down(tell: Tell = lambda *_: None, folder: Path = FOLDER) -> str | None:
    """Undo the last migration that was applied, if any was; answers its name.

    Raises:
        MigrationFinal: it cannot be undone.
        MigrationTaken: this process was away for so long that another one went on in its place.
    """
    async with _turn() as holder:
        name = await last(folder)
        if name is None:
            return None
        undone = next(each for each in known(folder) if each.name == name)
        if undone.down is None:
            raise MigrationFinal(f"{name} cannot be undone.")
        position = await _take(undone, holder, State.REVERTING)
        await _walk(name, undone.down, holder, position, tell)
        await _migrations().delete_one({"_id": name, "holder": holder})
        return name


async def forget() -> None:
    """Forget what was done, because other documents with a record of their own are about to come."""
    await _migrations().delete_many({})


async def last(folder: Path = FOLDER) -> str | None:
    """The migration that `down` would undo, if there is any: the last one that was applied or begun."""
    records = await _records()
    return next((each.name for each in reversed(known(folder)) if each.name in records), None)


async def _apply(migration: Migration, holder: str, tell: Tell) -> bool:
    """Do what is left of a migration; False if it was applied already."""
    try:
        position = await _take(migration, holder, State.RUNNING)
    except DuplicateKeyError:
        return False
    await _walk(migration.name, migration.up, holder, position, tell)
    await _mark(migration.name, holder, {"state": State.APPLIED, "applied_at": now(), "position": None})
    return True


async def _take(migration: Migration, holder: str, state: State) -> str | None:
    """Enter this process as the one at work; answers where an earlier one stopped.

    Raises:
        DuplicateKeyError: to be applied, it must not be applied.
    """
    wanted: dict[str, Any] = {"_id": migration.name}
    if state is State.RUNNING:
        wanted["state"] = {"$ne": State.APPLIED}
    goes_on = {"$cond": [{"$eq": ["$state", state]}, {"$ifNull": ["$position", None]}, None]}
    values = {"state": state, "position": goes_on, "holder": holder, "checksum": migration.checksum}
    record: Any = await _migrations().find_one_and_update(
        wanted, [{"$set": values}], upsert=True, return_document=ReturnDocument.AFTER
    )
    return cast("str | None", record["position"])


async def _walk(name: str, batch: Batch, holder: str, position: str | None, tell: Tell) -> None:
    done = 0
    with pymongo.timeout(None):
        while (position := await batch(position)) is not None:
            await _mark(name, holder, {"position": position})
            done += 1
            tell(name, done)


async def _mark(name: str, holder: str, values: dict[str, Any]) -> None:
    """Note how far a migration is, unless another process has taken it over."""
    result = await _migrations().update_one({"_id": name, "holder": holder}, {"$set": values})
    if result.matched_count == 0:
        raise MigrationTaken(f"Another process took {name} over.")


async def _require_unchanged(folder: Path) -> None:
    changed = [each.name for each in await statuses(folder) if each.state is State.CHANGED]
    if changed:
        raise MigrationChanged(f"Changed after it was applied: {', '.join(changed)}. Write a new migration instead.")


async def _records() -> dict[str, db.Document]:
    return {record["_id"]: record async for record in _migrations().find({})}


@asynccontextmanager
async def _turn() -> AsyncIterator[str]:
    """Wait until no other process migrates, and keep others waiting meanwhile; yields the holder's name."""
    holder = new_id()
    while not await leases.hold(_LEASE_NAME, holder, LEASE):  # noqa: ASYNC110  # held by another process, not a task
        await asyncio.sleep(POLL_S)
    over = asyncio.Event()  # and not a cancellation, which the driver may swallow in the midst of an operation
    renewing = asyncio.create_task(_renew(holder, over))
    try:
        yield holder
    finally:
        over.set()
        await renewing
        with suppress(*db.STORE_AWAY):
            await leases.let_go(_LEASE_NAME, holder)


async def _renew(holder: str, over: asyncio.Event) -> None:
    while True:
        with suppress(TimeoutError):
            async with asyncio.timeout(LEASE.total_seconds() / 3):
                await over.wait()
                return
        with suppress(*db.STORE_AWAY):  # the next time; records name their holder, so that two can never both write
            await leases.hold(_LEASE_NAME, holder, LEASE)
