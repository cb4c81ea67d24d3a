"""An instance leaves in files and comes back as it was, byte for byte."""

import asyncio
import hashlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from bson import encode
from httpx import AsyncClient

from config import db
from models.exceptions import ArchiveDamaged, ArchiveExists, StoreNotEmpty
from tests.conftest import Bearer, EventWith
from tests.pictures import picture
from utils import _archive_files, archives, leases, migrations

PASSING = (leases.COLLECTION, archives.COLLECTION, migrations.COLLECTION)
DIES = """
import asyncio, os, sys
from pathlib import Path
from config import db
from utils import archives

archives.PART_BYTES = archives._BATCH_BYTES = 2000
parts = 0

def tell(*_):
    global parts
    parts += 1
    if parts == int(sys.argv[3]):
        os.kill(os.getpid(), 9)

async def main():
    async with db.opened():
        if sys.argv[1] == "export":
            await archives.export(Path(sys.argv[2]), tell)
        else:
            await archives.restore(Path(sys.argv[2]), tell=tell)

asyncio.run(main())
"""


@pytest.fixture
async def instance(
    api: AsyncClient, bearer: Bearer, event_with: EventWith, monkeypatch: pytest.MonkeyPatch
) -> AsyncClient:
    """People, events, feedback and a picture; parts are small, so that there are many."""
    monkeypatch.setattr(archives, "PART_BYTES", 2000)
    ada = await bearer("ada")
    event = await event_with(title="Café «Ñandú» 🎉")
    for number in range(5):
        await event_with(title=f"Walk {number}", by="bob")
    await api.post(f"/v1/events/{event.get_id()}/feedback", json={"comment": "¡Olé!", "rating": 5}, headers=ada)
    await api.post("/v1/images", files={"file": picture()}, headers=ada)
    return api


async def everything() -> dict[str, list[bytes]]:
    """All that is stored, as BSON."""
    names = [name for name in await db.stored_names() if name not in PASSING]
    held = {name: [encode(each) async for each in db.stored(name)] for name in names}
    return {name: documents for name, documents in held.items() if documents}


def killed(what: str, folder: Path, after: int) -> int:
    """Export or restore in a process that is killed after some parts; its exit status."""
    command = [sys.executable, "-c", DIES, what, str(folder), str(after)]
    return subprocess.run(command, env=dict(os.environ), check=False).returncode


async def test_what_was_exported_comes_back_byte_for_byte(instance: AsyncClient, tmp_path: Path) -> None:
    before = await everything()
    manifest, digest = await archives.export(tmp_path / "out")
    await db.clear_test_database()

    await archives.restore(tmp_path / "out")

    assert await everything() == before
    assert {"users", "events", "feedback", "images.files", "images.chunks"} <= before.keys()
    assert manifest.documents() >= sum(map(len, before.values()))
    assert digest == hashlib.sha256((tmp_path / "out" / "manifest.json").read_bytes()).hexdigest()
    assert (await instance.get("/v1/events", params={"q": "nandu"})).json()["items"][0]["title"] == "Café «Ñandú» 🎉"
    assert await migrations.pending() == []


async def test_the_sums_are_those_of_sha256sum(instance: AsyncClient, tmp_path: Path) -> None:
    await archives.export(tmp_path / "out")

    command = ["sha256sum", "--check", "--strict", "SHA256SUMS"]
    checked = await asyncio.create_subprocess_exec(*command, cwd=tmp_path / "out")

    assert await checked.wait() == 0
    assert oct((tmp_path / "out").stat().st_mode)[-3:] == "700"


async def test_an_export_goes_on_where_a_killed_one_stopped(instance: AsyncClient, tmp_path: Path) -> None:
    assert await asyncio.to_thread(killed, "export", tmp_path / "out", 3) == -signal.SIGKILL
    begun: dict[str, Any] = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert (len(begun["parts"]), begun["finished_at"]) == (3, None)
    with pytest.raises(ArchiveDamaged):
        await archives.restore(tmp_path / "out")

    manifest, _ = await archives.export(tmp_path / "out")

    assert [part.model_dump() for part in manifest.parts[:3]] == begun["parts"]
    before = await everything()
    await db.clear_test_database()
    await archives.restore(tmp_path / "out")
    assert await everything() == before


async def test_a_restoration_goes_on_where_a_killed_one_stopped(instance: AsyncClient, tmp_path: Path) -> None:
    before = await everything()
    manifest, _ = await archives.export(tmp_path / "out")
    await db.clear_test_database()
    assert await asyncio.to_thread(killed, "import", tmp_path / "out", 4) == -signal.SIGKILL
    restored: list[str] = []

    await archives.restore(tmp_path / "out", tell=lambda name, _: restored.append(name))

    assert await everything() == before
    assert len(restored) == len(manifest.parts) - 4
    assert await db.collection(archives.COLLECTION).count_documents({}) == 0


async def test_a_database_in_use_is_refused_unless_it_is_wanted(instance: AsyncClient, tmp_path: Path) -> None:
    before = await everything()
    await archives.export(tmp_path / "out")
    await db.collection("events").update_many({}, {"$set": {"title": "Changed since"}})

    with pytest.raises(StoreNotEmpty, match="events"):
        await archives.restore(tmp_path / "out")

    await archives.restore(tmp_path / "out", onto_existing=True)
    assert await everything() == before


async def test_a_damaged_archive_is_refused_before_anything_is_written(instance: AsyncClient, tmp_path: Path) -> None:
    manifest, _ = await archives.export(tmp_path / "out")
    await db.clear_test_database()
    part = tmp_path / "out" / manifest.parts[-1].file
    whole = part.read_bytes()

    for harm in (whole[:-1], whole.replace(b"e", b"a", 1), None):
        if harm is None:
            part.unlink()
        else:
            part.write_bytes(harm)
        with pytest.raises(ArchiveDamaged, match="missing or differs"):
            await archives.restore(tmp_path / "out")

    assert await everything() == {}


async def test_a_manifest_that_was_edited_is_refused(instance: AsyncClient, tmp_path: Path) -> None:
    await archives.export(tmp_path / "out")
    manifest = tmp_path / "out" / "manifest.json"
    manifest.write_text(manifest.read_text().replace("users.00001", "other.00001"))

    with pytest.raises(ArchiveDamaged, match="SHA256SUMS"):
        archives.verify(tmp_path / "out")


async def test_no_folder_is_overwritten(instance: AsyncClient, tmp_path: Path) -> None:
    await archives.export(tmp_path / "out")
    with pytest.raises(ArchiveExists, match="finished"):
        await archives.export(tmp_path / "out")

    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").touch()
    with pytest.raises(ArchiveExists, match="not empty"):
        await archives.export(tmp_path / "mine")


def test_a_part_is_read_a_bounded_stretch_at_a_time(tmp_path: Path) -> None:
    writer = _archive_files.PartWriter(tmp_path, "things.jsonl", "things")
    for number in range(100):
        writer.add({"_id": number, "text": "x" * 100})
    part = writer.close()

    sizes = [len(batch) for batch in _archive_files.batches(tmp_path, part, most=30, most_bytes=1 << 20)]
    by_bytes = [len(batch) for batch in _archive_files.batches(tmp_path, part, most=100, most_bytes=1000)]

    assert sizes == [30, 30, 30, 10]
    assert max(by_bytes) * part.bytes / 100 <= 1000
