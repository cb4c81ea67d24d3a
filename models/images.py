"""Images: what is stored of them beside their bytes, and what clients see."""

from enum import IntEnum
from typing import Annotated

from pydantic import BaseModel, Field

from models.commons import ExtendedBaseModel, Output

MAX_BYTES = 10_000_000  # of an upload
MAX_PIXELS = 40_000_000  # of an uploaded JPEG, which is decoded at a fraction of its size
MAX_PIXELS_WHOLE = 20_000_000  # of any other, which is decoded whole
MAX_SIDE = 2_560  # of what is kept, in pixels


class Width(IntEnum):
    """The widths, in pixels, in which an image can be had beside its own."""

    SMALL = 320
    MEDIUM = 640
    LARGE = 1280


class Rendition(BaseModel):
    """One encoded picture."""

    content_type: str
    width: int
    height: int
    bytes: int
    digest: str  # of the encoded bytes

    def etag(self) -> str:
        """The strong entity tag of these bytes."""
        return f'"{self.digest}"'


class Image(Rendition, ExtendedBaseModel):
    """The metadata of one file in `images.files`: an image as it was uploaded, cleaned and bounded in size."""

    owner_id: str

    @property
    def url(self) -> str:
        """Where it can be had, relative to the address of the API."""
        return f"/v1/images/{self.id}"


class ImageRead(Output):
    """An image, as clients see it."""

    id: str
    url: Annotated[str, Field(description="Where it can be had; relative to the address of the API.")]
    width: Annotated[int, Field(description="Pixels.")]
    height: Annotated[int, Field(description="Pixels.")]
    content_type: Annotated[str, Field(description="The media type in which it is kept and served.")]
    bytes: Annotated[int, Field(description="Its size as it is kept.")]
