"""The files of an archive: JSON lines in parts, a manifest with their hashes, and `SHA256SUMS` for `sha256sum -c`."""

import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from bson import json_util
from pydantic import ValidationError

from models.archives import FORMAT, Manifest, Part
from models.exceptions import ArchiveDamaged

MANIFEST, SUMS = "manifest.json", "SHA256SUMS"
_READ_BYTES = 1 << 20


def dumps(value: Any) -> str:
    """Write a value as MongoDB Extended JSON (v2, canonical), which keeps every BSON type."""
    return json_util.dumps(value, json_options=json_util.CANONICAL_JSON_OPTIONS)


def loads(text: str) -> Any:
    """Read what `dumps` wrote; times are aware."""
    return json_util.loads(text, json_options=json_util.CANONICAL_JSON_OPTIONS)


class PartWriter:
    """Writes one part under a passing name; it counts only once `close` has given it its own."""

    def __init__(self, folder: Path, name: str, collection: str) -> None:
        """Start the file."""
        self._folder, self._name, self._collection = folder, name, collection
        self._file = (folder / f"{name}.part").open("wb")
        self._hash = hashlib.sha256()
        self.documents = self.bytes = 0
        self._last_id: Any = None

    def add(self, document: dict[str, Any]) -> None:
        """Write one document."""
        line = dumps(document).encode() + b"\n"
        self._file.write(line)
        self._hash.update(line)
        self.documents += 1
        self.bytes += len(line)
        self._last_id = document["_id"]

    def close(self) -> Part:
        """Put the file in its place, safe from a crash."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        (self._folder / f"{self._name}.part").replace(self._folder / self._name)
        return Part(
            file=self._name,
            collection=self._collection,
            documents=self.documents,
            bytes=self.bytes,
            sha256=self._hash.hexdigest(),
            last_id=dumps(self._last_id),
        )

    def abandon(self) -> None:
        """Leave no trace."""
        self._file.close()
        (self._folder / f"{self._name}.part").unlink()


def save(folder: Path, manifest: Manifest) -> None:
    """Replace the manifest; never is there half of one."""
    passing = folder / f"{MANIFEST}.part"
    with passing.open("w") as file:
        file.write(manifest.model_dump_json(indent=1) + "\n")
        file.flush()
        os.fsync(file.fileno())
    passing.replace(folder / MANIFEST)


def seal(folder: Path, manifest: Manifest) -> str:
    """Write the finished manifest and all hashes; answers the manifest's own."""
    save(folder, manifest)
    own = _digest(folder / MANIFEST)
    lines = [f"{part.sha256}  {part.file}\n" for part in manifest.parts]
    (folder / SUMS).write_text("".join([*lines, f"{own}  {MANIFEST}\n"]))
    return own


def begun(folder: Path) -> Manifest | None:
    """The manifest in a folder, if there is one.

    Raises:
        ArchiveDamaged: it cannot be read, or is of another format.
    """
    if not (folder / MANIFEST).exists():
        return None
    try:
        manifest = Manifest.model_validate_json((folder / MANIFEST).read_text())
    except ValidationError as error:
        raise ArchiveDamaged(f"{folder / MANIFEST} cannot be read.") from error
    if manifest.format != FORMAT:
        raise ArchiveDamaged(f"The archive has format {manifest.format}; this version reads {FORMAT}.")
    return manifest


def verified(folder: Path) -> Manifest:
    """The manifest of a finished archive, once every file has turned out to be what it names.

    Raises:
        ArchiveDamaged: a file is missing or differs, or the export was not finished.
    """
    manifest = begun(folder)
    if manifest is None or manifest.finished_at is None:
        raise ArchiveDamaged(f"{folder} holds no finished archive.")
    sums = (folder / SUMS).read_text().splitlines() if (folder / SUMS).exists() else []
    if f"{_digest(folder / MANIFEST)}  {MANIFEST}" not in sums:
        raise ArchiveDamaged(f"{folder / MANIFEST} differs from what {SUMS} says.")
    for part in manifest.parts:
        path = folder / Path(part.file).name
        if not path.is_file() or _digest(path) != part.sha256:
            raise ArchiveDamaged(f"{path} is missing or differs from what was exported.")
    return manifest


def batches(folder: Path, part: Part, most: int, most_bytes: int) -> Iterator[Sequence[dict[str, Any]]]:
    """The documents of a part, a bounded stretch at a time."""
    batch: list[dict[str, Any]] = []
    size = 0
    with (folder / Path(part.file).name).open(encoding="utf-8") as lines:
        for line in lines:
            if batch and (len(batch) == most or size + len(line) > most_bytes):
                yield batch
                batch, size = [], 0
            batch.append(loads(line))
            size += len(line)
    if batch:
        yield batch


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_READ_BYTES):
            digest.update(chunk)
    return digest.hexdigest()
