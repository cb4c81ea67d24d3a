"""Upload, download and removal of pictures."""

from typing import Annotated

from fastapi import Depends, Path, Query, Request, Response
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
from models.images import Image, ImageRead, Width
from routes._callers import CurrentUser
from routes._downloads import served
from routes._operations import Operations, Policy
from routes._uploads import OneFile
from utils import images

api = Operations("images", "/v1/images")

ImageId = Annotated[str, Path(description="The identifier of the image.", max_length=100)]


@api.post(
    "",
    policy=Policy.USER,
    docs=docs.UPLOAD,
    answer=ImageRead,
    status=201,
    location="/v1/images/{id}",
    reread=images.reread,
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
    return await served(request, *await images.open_variant(image_id, width))


@api.delete("/{image_id}", policy=Policy.USER, docs=docs.DELETE, refuses=(Forbidden, ImageNotFound))
async def delete(image_id: ImageId, user: CurrentUser) -> None:
    await images.delete(image_id, user)
