"""Writing many documents at once."""

from collections.abc import Sequence

from pymongo.errors import BulkWriteError

from config import db

_DUPLICATE_KEY = 11000


async def insert_missing(collection: db.Collection, documents: Sequence[db.Document]) -> set[str]:
    """Insert those documents that are not there yet; answers their identifiers.

    Raises:
        BulkWriteError: something other than a document that is there already is in the way.
    """
    if not documents:
        return set()
    ids = [document["_id"] for document in documents]
    try:
        await collection.insert_many(documents, ordered=False)
    except BulkWriteError as error:
        faults = (error.details or {}).get("writeErrors", [])
        if not faults or any(fault["code"] != _DUPLICATE_KEY for fault in faults):
            raise
        return set(ids) - {ids[fault["index"]] for fault in faults}
    return set(ids)
