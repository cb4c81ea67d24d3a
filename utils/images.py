"""Images, kept in GridFS: the owner of the bucket `images`.

An image is one file whose `_id` is the image's, and one file for each narrower width, whose `_id` is made of both.
Variants are written first and the image last: it is there when its own entry in `images.files` is, and gone with it.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any, BinaryIO

import pymongo
from bson import ObjectId
from gridfs.asynchronous.grid_file import AsyncGridOut
from gridfs.errors import CorruptGridFile
from pymongo import IndexModel

from config import db
from models.audit import Action, Deed
from models.commons import now
from models.exceptions import Forbidden, ImageNotFound
from models.idempotency import intended_id
from models.images import Image, Rendition, Width
from models.notices import ImagesDeleted, UserDeleted
from models.users import User
from utils import audit, hub
from utils._pictures import Encoded, renditions

BUCKET = "images"
COLLECTION = "images.files"
INDEXES = (IndexModel([("metadata.owner_id", 1)], name="by_owner", sparse=True),)  # GridFS makes those it needs itself
UNFINISHED_FOR = timedelta(hours=1)  # how old an upload without its last write is before it counts as broken off
_AT_ONCE = 100

# One at a time in each worker: a decoded picture takes a hundred times the memory of its file,
# and more threads than cores only take the processor from the requests.
_decoders = ThreadPoolExecutor(max_workers=1, thread_name_prefix="images")


def _files() -> db.Collection:
    return db.collection(COLLECTION)


def _chunks() -> db.Collection:
    return db.collection("images.chunks")


async def upload(file: BinaryIO, owner: User) -> Image:
    """Keep a picture, upright, in sRGB, without metadata and bounded in size, with its narrower variants.

    Args:
        file: what was uploaded, rewindable; read in a worker thread, a few files at a time.
        owner: whose it will be.

    Raises:
        TooLarge: the file is.
        UnsupportedMediaType: it is no JPEG, PNG, WebP or GIF.
        UnusableImage: it is damaged, or too large once decoded.
    """
    whole, narrower = await asyncio.get_running_loop().run_in_executor(_decoders, renditions, file)
    return await _keep(Image(_id=intended_id(), owner_id=owner.get_id(), **whole.about.model_dump()), whole, narrower)


async def add_missing(image_id: str, draw: Callable[[], BinaryIO], owner: User) -> bool:
    """Keep a picture under an identifier that is known beforehand, unless it is there; whether it was not.

    Args:
        image_id: its identifier.
        draw: makes the file, in a worker thread and only if it is needed.
        owner: whose it will be.
    """
    if await _files().find_one({"_id": image_id}, {"_id": 1}):
        return False
    await _erase([image_id])  # variants that an earlier, broken-off try has left
    work = asyncio.get_running_loop().run_in_executor
    whole, narrower = await work(_decoders, lambda: renditions(draw()))
    about = whole.about.model_dump()
    await _keep(Image(_id=image_id, owner_id=owner.get_id(), **about), whole, narrower)
    return True


async def _keep(image: Image, whole: Encoded, narrower: dict[Width, Encoded]) -> Image:
    """Write the variants, and then the image itself, which makes all of them visible."""
    image_id = image.get_id()
    for width, variant in narrower.items():
        about = {"image_id": image_id, **variant.about.model_dump()}
        await _write(_variant_id(image_id, width), variant.data, about)
    await _write(image_id, whole.data, image.model_dump())
    return image


async def _write(file_id: str, data: bytes, metadata: dict[str, Any]) -> None:
    await db.bucket(BUCKET).upload_from_stream_with_id(file_id, file_id, data, metadata=metadata)


def _variant_id(image_id: str, width: int) -> str:
    return f"{image_id}/{width}"


def _all_ids(image_ids: Iterable[str]) -> list[str]:
    """The identifiers of the images and of every variant that they may have."""
    return [name for key in image_ids for name in (key, *(_variant_id(key, width) for width in Width))]


async def reread(image_id: str, _viewer: User | None) -> Image:
    """The image that was just uploaded.

    Raises:
        ImageNotFound: it was not.
    """
    return await get(image_id)


async def get(image_id: str) -> Image:
    """Read what is known of an image.

    Raises:
        ImageNotFound: no such image.
    """
    document = await _files().find_one({"_id": image_id, "metadata.owner_id": {"$exists": True}})
    if document is None:
        raise ImageNotFound
    return Image.from_document(document["metadata"])


async def open_variant(image_id: str, width: Width | None = None) -> tuple[Rendition, AsyncIterator[bytes]]:
    """Find the picture to serve, in one read; its bytes are read when they are asked for.

    Args:
        image_id: whose.
        width: how wide at most; the image itself where it is no wider.

    Raises:
        ImageNotFound: no such image.
    """
    wanted = [image_id] if width is None else [image_id, _variant_id(image_id, width)]
    found = {document["_id"]: document async for document in _files().find({"_id": {"$in": wanted}})}
    if "owner_id" not in found.get(image_id, {}).get("metadata", {}):
        raise ImageNotFound
    document = found.get(wanted[-1], found[image_id])
    return Rendition.model_validate(document["metadata"]), _content(document)


async def _content(document: db.Document) -> AsyncIterator[bytes]:
    stream = AsyncGridOut(db.collection(BUCKET), file_document=document)
    try:
        while chunk := await stream.readchunk():
            yield chunk
    except CorruptGridFile as error:  # deleted between the two reads
        raise ImageNotFound from error
    finally:
        await stream.close()


async def people() -> set[str]:
    """Everybody whose images there are; for repairs, never on a request path."""
    return {owner for owner in await _files().distinct("metadata.owner_id") if owner}


async def held_on(user_id: str) -> AsyncIterator[Image]:
    """The images of a person, for himself."""
    async for document in _files().find({"metadata.owner_id": user_id}, {"metadata": 1}):
        yield Image.from_document(document["metadata"])


async def missing(owner_id: str, image_ids: Iterable[str]) -> set[str]:
    """Those of the images that this person did not upload; one indexed read."""
    wanted = set(image_ids)
    mine = {"_id": {"$in": list(wanted)}, "metadata.owner_id": owner_id}
    return wanted - {document["_id"] async for document in _files().find(mine, {"_id": 1})}


async def delete(image_id: str, actor: User) -> None:
    """Remove an image and its variants; what shows it goes on without.

    Raises:
        ImageNotFound: no such image.
        Forbidden: it is neither the actor's, nor is the actor a moderator or an admin.
    """
    image = await get(image_id)  # its owner never changes
    if not actor.is_staff and image.owner_id != actor.get_id():
        raise Forbidden("This is for whoever uploaded the image, and for moderators.")
    await hub.publish(ImagesDeleted(image.owner_id, (image_id,)))

    async def erase(session: db.Transaction | None) -> bool | None:
        return await _erase([image_id], session) or None

    await audit.watched(actor, image.owner_id, Deed.by(actor, Action.IMAGE_DELETED, image_id), erase)


async def discard(owner_id: str, image_ids: Sequence[str]) -> None:
    """Remove images of one person, after a notice to what names them; those that are not there do no harm."""
    mine = {"_id": {"$in": list(image_ids)}, "metadata.owner_id": owner_id}
    gone = tuple([document["_id"] async for document in _files().find(mine, {"_id": 1})])
    if gone:
        await hub.publish(ImagesDeleted(owner_id, gone))
        await _erase(gone)


async def _erase(image_ids: Sequence[str], session: db.Transaction | None = None) -> bool:
    """Remove all files of the images: entries first, so that nothing is seen cut short; whether there was any."""
    files = _all_ids(image_ids)
    entries = await _files().delete_many({"_id": {"$in": files}}, session=session)
    await _chunks().delete_many({"files_id": {"$in": files}}, session=session)
    return entries.deleted_count > 0


async def on_user_deleted(notice: UserDeleted) -> None:
    """Remove the images of an account that is gone."""
    mine = {"metadata.owner_id": notice.user_id}
    while documents := await _files().find(mine, {"_id": 1}).limit(_AT_ONCE).to_list():
        await discard(notice.user_id, [document["_id"] for document in documents])


async def repair() -> int:
    """Remove what uploads and deletions that were broken off left behind; answers how many they were.

    Reads the whole bucket, for as long as it takes: an operator's command, never part of a request.
    """
    before = now() - UNFINISHED_FOR
    variants = {"uploadDate": {"$lt": before}, "metadata.image_id": {"$exists": True}}
    with pymongo.timeout(None):
        lost = await _without_file(_files(), variants, "$metadata.image_id")
        for image_id in lost:
            await _erase([image_id])
        headless = await _without_file(_chunks(), {"_id": {"$lt": ObjectId.from_datetime(before)}}, "$files_id")
        for file_id in headless:
            await _chunks().delete_many({"files_id": file_id})
    return len(lost) + len(headless)


async def _without_file(where: db.Collection, old: dict[str, Any], names: str) -> list[str]:
    """The identifiers that `names` points to in the old documents, and that no file has."""
    pipeline: list[dict[str, Any]] = [
        {"$match": old},
        {"$group": {"_id": names}},
        {"$lookup": {"from": COLLECTION, "localField": "_id", "foreignField": "_id", "as": "file"}},
        {"$match": {"file": []}},
        {"$project": {"_id": 1}},
    ]
    return [found["_id"] async for found in await where.aggregate(pipeline)]
