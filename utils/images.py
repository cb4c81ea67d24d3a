"""Images: the one owner of the GridFS bucket `images`."""

from collections.abc import Iterable

from pymongo import IndexModel

from config import db

COLLECTION = "images.files"
INDEXES = (IndexModel([("metadata.owner_id", 1)], name="by_owner"),)


async def missing(owner_id: str, image_ids: Iterable[str]) -> set[str]:
    """Those of the images that this person did not upload."""
    wanted = set(image_ids)
    held = db.collection(COLLECTION).find({"_id": {"$in": list(wanted)}, "metadata.owner_id": owner_id}, {"_id": 1})
    return wanted - {document["_id"] async for document in held}
