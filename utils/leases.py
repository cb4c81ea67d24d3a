"""Leases: the one owner of `leases`. Of all processes, one holds a lease by its name, until it lets go or dies."""

from datetime import timedelta

from pymongo import IndexModel
from pymongo.errors import DuplicateKeyError

from config import db
from models.commons import now

COLLECTION = "leases"
INDEXES: tuple[IndexModel, ...] = ()


def _leases() -> db.Collection:
    return db.collection(COLLECTION)


async def hold(name: str, holder: str, duration: timedelta) -> bool:
    """Take or prolong a lease; False while somebody else holds it."""
    moment = now()
    free = {"_id": name, "$or": [{"holder": holder}, {"until": {"$lte": moment}}]}
    try:
        await _leases().update_one(free, {"$set": {"holder": holder, "until": moment + duration}}, upsert=True)
    except DuplicateKeyError:
        return False
    return True


async def let_go(name: str, holder: str) -> None:
    """Give a lease back early."""
    await _leases().delete_one({"_id": name, "holder": holder})
