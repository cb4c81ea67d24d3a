"""Upload, download and removal of pictures."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Path, Query, Request, Response
from fastapi.responses import StreamingResponse
from starlette.datastructures import UploadFile

from docs import images as docs
from models.exceptions import (
    Forbidden,
    ImageNotFound,
    MalformedBody,
    TooLarge,
    UnsupportedMediaType,
    UnusableImage,
)
from models.images import Image, ImageRead, Rendition, Width
from routes._callers import CurrentUser
from routes._operations import Operations, Policy, fresh
from routes._uploads import OneFile
from utils import images

api = Operations("images", "/v1/images")

ImageId = Annotated[str, Path(description="The identifier of the image.", max_length=100)]
_HEADERS = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "Content-Disposition": "inline",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "cross-origin",  # front ends of other origins draw it
    "X-Content-Type-Options": "nosniff",
}


@api.post(
    "",
    policy=Policy.USER,
    docs=docs.UPLOAD,
    answer=ImageRead,
    status=201,
    location="/v1/images/{id}",
    refuses=(MalformedBody, TooLarge, UnsupportedMediaType, UnusableImage),
)
async def upload(user: CurrentUser, file: Annotated[UploadFile, Depends(OneFile())]) -> Image:
    return await images.upload(file.file, user)


@api.get("/{image_id}", policy=Policy.ANYONE, docs=docs.READ, status=200, refuses=(ImageNotFound,))
async def read(
    request: Request,
    image_id: ImageId,
    width: Annotated[Width | None, Query(description="How wide at most, in pixels.")] = None,
) -> Response:
    return await _served(request, *await images.open_variant(image_id, width))


@api.delete("/{image_id}", policy=Policy.USER, docs=docs.DELETE, refuses=(Forbidden, ImageNotFound))
async def delete(image_id: ImageId, user: CurrentUser) -> None:
    await images.delete(image_id, user)


async def _served(request: Request, about: Rendition, content: AsyncIterator[bytes]) -> Response:
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
