"""What an archive of a whole instance says of itself."""

from pydantic import BaseModel, Field

from models.commons import UtcDatetime, new_id, now

FORMAT = 1


class Part(BaseModel):
    """One file of an archive: documents of one collection, in the order of their identifiers, one JSON line each."""

    file: str
    collection: str
    documents: int
    bytes: int
    sha256: str
    last_id: str  # extended JSON


class Manifest(BaseModel):
    """The table of contents, `manifest.json`; rewritten after each part, so that a broken-off export can go on."""

    format: int = FORMAT
    id: str = Field(default_factory=new_id)
    service_version: str
    started_at: UtcDatetime = Field(default_factory=now)
    finished_at: UtcDatetime | None = None
    collections: list[str]
    parts: list[Part] = []

    def documents(self) -> int:
        """How many documents the archive holds."""
        return sum(part.documents for part in self.parts)
