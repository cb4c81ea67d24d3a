"""A ZIP archive, made while it is sent: what is in memory at a time is a piece of one file."""

from collections.abc import AsyncIterator
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from models.commons import now

Entry = tuple[str, AsyncIterator[bytes]]
_COMPRESSED_ALREADY = (".jpg", ".jpeg", ".png", ".webp", ".gif")
_PIECE = 65_536


class _Sink:
    """What ZipFile writes to: a file that cannot be sought in, emptied as it fills."""

    def __init__(self) -> None:
        self._written = bytearray()

    def write(self, data: bytes) -> int:
        """Take what comes."""
        self._written += data
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""

    def taken(self) -> bytes:
        """Give away what has come."""
        data = bytes(self._written)
        self._written.clear()
        return data

    def __len__(self) -> int:
        return len(self._written)


async def zipped(entries: AsyncIterator[Entry]) -> AsyncIterator[bytes]:
    """The pieces of an archive.

    Args:
        entries: the name of each file, and its content.
    """
    sink = _Sink()
    with ZipFile(sink, "w") as archive:  # type: ignore[call-overload]  # typed as seekable, which it need not be
        async for name, content in entries:
            about = ZipInfo(name, date_time=now().timetuple()[:6])
            about.compress_type = ZIP_STORED if name.endswith(_COMPRESSED_ALREADY) else ZIP_DEFLATED
            with archive.open(about, "w", force_zip64=True) as file:
                async for piece in content:
                    file.write(piece)
                    if len(sink) >= _PIECE:
                        yield sink.taken()
    yield sink.taken()
