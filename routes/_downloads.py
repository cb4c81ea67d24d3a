"""Pictures, streamed."""

from collections.abc import AsyncIterator

from fastapi import Request, Response
from fastapi.responses import StreamingResponse

from models.images import Rendition
from routes._operations import fresh

_HEADERS = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "Content-Disposition": "inline",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "cross-origin",  # front ends of other origins draw it
    "X-Content-Type-Options": "nosniff",
}


async def served(request: Request, about: Rendition, content: AsyncIterator[bytes]) -> Response:
    """The picture, or only its headers where the client has it."""
    headers = {**_HEADERS, "ETag": about.etag()}
    if fresh(request, about.etag()):
        return Response(status_code=304, headers=headers)
    headers |= {"Content-Type": about.content_type, "Content-Length": str(about.bytes)}
    first = await anext(content)  # a store that is away is a 503 here, and a broken answer later
    return StreamingResponse(_chained(first, content), headers=headers)


async def _chained(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for chunk in rest:
        yield chunk
