"""All indexes that the owners declare, in one table."""

from config import db
from utils import events, feedback, images, users

OWNERS = (users, images, events, feedback)


async def ensure() -> None:
    """Create the indexes that are missing."""
    await db.ensure_indexes({owner.COLLECTION: owner.INDEXES for owner in OWNERS})
