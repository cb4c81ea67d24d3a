"""Pictures made for tests."""

import zlib
from io import BytesIO
from struct import pack
from typing import Any

from httpx import AsyncClient, Response
from PIL import Image


def picture(kind: str = "JPEG", size: tuple[int, int] = (64, 48), mode: str = "RGB", **options: Any) -> bytes:
    """A file whose left half is red and whose right half is blue."""
    drawn = Image.new("RGB", size, "blue")
    drawn.paste("red", (0, 0, size[0] // 2, size[1]))
    buffer = BytesIO()
    drawn.convert(mode).save(buffer, kind, **options)
    return buffer.getvalue()


def png_header(width: int, height: int) -> bytes:
    """A PNG that announces a size and holds no pixels to speak of."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return pack(">I", len(content)) + name + content + pack(">I", zlib.crc32(name + content))

    header = pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def opened(content: bytes) -> Image.Image:
    """The picture in an answer."""
    return Image.open(BytesIO(content))


async def upload(api: AsyncClient, headers: dict[str, str], content: bytes, name: str = "picture.jpg") -> Response:
    """Send one file."""
    return await api.post("/v1/images", headers=headers, files={"file": (name, content)})
