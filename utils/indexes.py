"""All indexes that the owners declare, in one table."""

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


async def ensure() -> None:
    """Create the indexes that are missing."""
    await db.ensure_indexes({owner.COLLECTION: owner.INDEXES for owner in OWNERS})


async def missing() -> dict[str, list[str]]:
    """The declared indexes that the store does not have, by collection."""
    return {
        owner.COLLECTION: sorted(
            {index.document["name"] for index in owner.INDEXES} - await db.index_names(owner.COLLECTION)
        )
        for owner in OWNERS
    }
