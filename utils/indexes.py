"""All indexes that the owners declare, in one table."""

import hashlib
import json

from config import db
from utils import (
    attempts,
    attendance,
    audit,
    calendars,
    events,
    feedback,
    idempotency,
    images,
    leases,
    mail,
    sessions,
    tokens,
    users,
)

OWNERS = (
    users,
    attempts,
    sessions,
    images,
    events,
    attendance,
    calendars,
    feedback,
    mail,
    tokens,
    audit,
    leases,
    idempotency,
)


def digest() -> str:
    """What tells one set of declared indexes from another."""
    declared = {owner.COLLECTION: [index.document for index in owner.INDEXES] for owner in OWNERS}
    return hashlib.sha256(json.dumps(declared, default=str).encode()).hexdigest()


async def ensure() -> None:
    """Create the indexes that are missing, and build those anew that are declared otherwise than they are."""
    await db.ensure_indexes({owner.COLLECTION: owner.INDEXES for owner in OWNERS})


async def missing() -> dict[str, list[str]]:
    """The declared indexes that the store does not have, by collection."""
    return {
        owner.COLLECTION: sorted(
            {index.document["name"] for index in owner.INDEXES} - await db.index_names(owner.COLLECTION)
        )
        for owner in OWNERS
    }
