"""Whether the service can do its work."""

from config import db
from models.health import Health


async def ready() -> Health:
    """Ask the store for a sign of life; what it raises when it is away becomes 503."""
    await db.ping()
    return Health(status="ready")
