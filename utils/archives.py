"""Archives: a whole instance in a folder of JSON lines, and back; the one owner of `imports`, how far those are.

The one place that reads and writes the collections of other owners, as they are and all alike, through `config.db`.
What belongs to running processes (`leases`) and this module's own notes stay out.
"""

from collections.abc import Callable
from pathlib import Path

import pymongo
from pymongo import IndexModel

from config import db
from config.main import VERSION
from models.archives import Manifest, Part
from models.commons import now
from models.exceptions import ArchiveExists, StoreNotEmpty
from utils import _archive_files as files
from utils import leases, migrations

COLLECTION = "imports"
INDEXES: tuple[IndexModel, ...] = ()  # one document, while an import runs
PART_BYTES = 16 << 20
PART_DOCUMENTS = 20_000
_BATCH_BYTES = 4 << 20
_BATCH = 500

Tell = Callable[[str, int], None]


def _imports() -> db.Collection:
    return db.collection(COLLECTION)


async def export(folder: Path, tell: Tell = lambda *_: None) -> tuple[Manifest, str]:
    """Write everything that is stored into a folder; an export that was broken off there goes on.

    It reads while the service writes: each document is whole, but two documents may be of different moments.

    Args:
        folder: new, empty, or that of a broken-off export.
        tell: is called after each part with its collection and how many documents it holds.

    Returns:
        The manifest and its SHA-256.

    Raises:
        ArchiveExists: the folder holds something else.
        ArchiveDamaged: the manifest of the broken-off export cannot be read.
    """
    manifest = files.begun(folder)
    if manifest is None:
        manifest = Manifest(service_version=VERSION, collections=await _exported())
        _start(folder, manifest)
    if manifest.finished_at is not None:
        raise ArchiveExists(f"{folder} holds a finished archive.")
    with pymongo.timeout(None):
        for name in manifest.collections[_place(manifest) :]:
            await _export_collection(folder, manifest, name, tell)
    manifest.finished_at = now()
    return manifest, files.seal(folder, manifest)


def _start(folder: Path, manifest: Manifest) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # it will hold password hashes and what people wrote
    if any(folder.iterdir()):
        raise ArchiveExists(f"{folder} is not empty.")
    files.save(folder, manifest)


def _place(manifest: Manifest) -> int:
    """The collection to go on with: the last one begun may be unfinished."""
    return manifest.collections.index(manifest.parts[-1].collection) if manifest.parts else 0


async def _exported() -> list[str]:
    return [name for name in await db.stored_names() if name not in (leases.COLLECTION, COLLECTION)]


async def _export_collection(folder: Path, manifest: Manifest, name: str, tell: Tell) -> None:
    mine = [part for part in manifest.parts if part.collection == name]
    after = files.loads(mine[-1].last_id) if mine else None
    writer: files.PartWriter | None = None
    try:
        async for document in db.stored(name, after):
            writer = writer or files.PartWriter(folder, f"{name}.{len(mine) + 1:05}.jsonl", name)
            writer.add(document)
            if writer.bytes >= PART_BYTES or writer.documents >= PART_DOCUMENTS:
                mine.append(_keep(folder, manifest, writer, tell))
                writer = None
    except BaseException:
        if writer is not None:
            writer.abandon()
        raise
    if writer is not None:
        _keep(folder, manifest, writer, tell)


def _keep(folder: Path, manifest: Manifest, writer: files.PartWriter, tell: Tell) -> Part:
    part = writer.close()
    manifest.parts.append(part)
    files.save(folder, manifest)
    tell(part.collection, part.documents)
    return part


def verify(folder: Path) -> Manifest:
    """Compare every file of an archive with its hash.

    Raises:
        ArchiveDamaged: it is not what was exported.
    """
    return files.verified(folder)


async def restore(folder: Path, *, onto_existing: bool = False, tell: Tell = lambda *_: None) -> Manifest:
    """Store everything that an archive holds, then bring it in line; a restoration that was broken off goes on.

    Args:
        folder: a finished archive, which is verified before anything is written.
        onto_existing: replace documents of the same identifier, and keep the others, instead of refusing.
        tell: is called after each part with its collection and how many documents it holds.

    Raises:
        ArchiveDamaged: it is not what was exported.
        StoreNotEmpty: there is something in the database already.
    """
    manifest = files.verified(folder)
    note = await _imports().find_one({"_id": manifest.id})
    if note is None:
        await _begin(manifest, onto_existing=onto_existing)
    with pymongo.timeout(None):
        for done, part in enumerate(manifest.parts, start=1):
            if done > (note or {}).get("parts", 0):
                await _restore_part(folder, part)
                await _imports().update_one({"_id": manifest.id}, {"$set": {"parts": done}})
                tell(part.collection, part.documents)
    await _imports().delete_one({"_id": manifest.id})
    await migrations.up()
    return manifest


async def _begin(manifest: Manifest, *, onto_existing: bool) -> None:
    if not onto_existing:
        held = [name for name in await _exported() if name != migrations.COLLECTION and await db.holds(name)]
        if held:
            raise StoreNotEmpty(f"The database holds {', '.join(held)} already.")
        await migrations.forget()  # the archive tells what was done to its documents
    await _imports().insert_one({"_id": manifest.id, "parts": 0, "started_at": now()})


async def _restore_part(folder: Path, part: Part) -> None:
    for batch in files.batches(folder, part, _BATCH, _BATCH_BYTES):
        await db.replace_stored(part.collection, batch)
