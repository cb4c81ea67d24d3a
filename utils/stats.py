"""How much there is, at a cost that does not grow with it."""

import asyncio

from config import db
from models.stats import Stats
from utils import attendance, audit, events, feedback, mail, sessions, users

COUNTED_UP_TO = 1_000
_OWNERS = (users, events, attendance, feedback, sessions, audit)


async def overview() -> Stats:
    """Whole collections by what the store knows of their size; what waits by an index, up to a bound."""
    sizes = [db.estimated_count(owner.COLLECTION) for owner in _OWNERS]
    waiting = events.count_waiting(COUNTED_UP_TO), mail.count_waiting(COUNTED_UP_TO)
    counts = await asyncio.gather(*sizes, *waiting)
    return Stats(
        users=counts[0],
        events=counts[1],
        attendance=counts[2],
        feedback=counts[3],
        sessions=counts[4],
        audit_records=counts[5],
        events_waiting=counts[6],
        letters_waiting=counts[7],
        counted_up_to=COUNTED_UP_TO,
    )
