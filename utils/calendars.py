"""Calendars to subscribe to: the one owner of `calendar_feeds`, where the secret addresses of personal ones are."""

import asyncio
import hashlib
import secrets
from collections.abc import Sequence

from pymongo import IndexModel

from config import db
from config.main import settings
from models.attendance import State
from models.calendars import Feed, FeedAddress
from models.commons import Page
from models.events import Event
from models.exceptions import CalendarNotFound
from models.notices import UserDeleted
from models.users import User
from utils import attendance, users

COLLECTION = "calendar_feeds"
INDEXES = (IndexModel([("secret_hash", 1)], name="by_secret", unique=True),)
MAX_ENTRIES = 500
_SECRET_BYTES = 24
_TITLES = {"en": "My events", "es": "Mis eventos"}


def _feeds() -> db.Collection:
    return db.collection(COLLECTION)


async def of_event(event: Event) -> bytes:
    """One event as a calendar."""
    return await asyncio.to_thread(_written, event.title, [(event, None)])


async def of_page(page: Page[Event], following: str | None) -> bytes:
    """A stretch of a list of events as a calendar, which says so if it is not all.

    Args:
        page: the events.
        following: the address where it goes on, if it does.
    """
    note = f"The first {len(page.items)} events. More: {following}" if following else None
    return await asyncio.to_thread(_written, "Events", [(event, None) for event in page.items], note)


async def open_feed(user: User) -> FeedAddress:
    """Make the secret address of a person's own calendar; one that he had before opens no longer."""
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    feed = Feed(id=user.get_id(), secret_hash=_hashed(secret))
    await _feeds().replace_one({"_id": user.get_id()}, feed.model_dump(), upsert=True)
    url = f"{settings.public_url.rstrip('/')}/v1/calendars/{secret}.ics"
    return FeedAddress(id=feed.get_id(), url=url, created_at=feed.created_at)


async def close_feed(user_id: str) -> None:
    """Revoke the address. Repeating it changes nothing."""
    await _feeds().delete_one({"_id": user_id})


async def of_secret(secret: str) -> bytes:
    """What the person behind a secret address attends or waits for, the latest joined `MAX_ENTRIES`.

    Raises:
        CalendarNotFound: the secret was revoked or never given out, or the account is gone or suspended.
    """
    found = await _feeds().find_one({"secret_hash": _hashed(secret)}, {"_id": 1})
    user = await users.find(found["_id"]) if found else None
    if user is None or user.suspended:
        raise CalendarNotFound("There is no calendar at this address.")
    held = await attendance.latest(user, MAX_ENTRIES)
    entries = [(item.event, item.state) for item in held if item.event]
    note = f"The latest {MAX_ENTRIES} events." if len(held) == MAX_ENTRIES else None
    return await asyncio.to_thread(_written, _TITLES[user.language], entries, note)


async def on_user_deleted(notice: UserDeleted) -> None:
    """Revoke the address of a person who is gone."""
    await close_feed(notice.user_id)


def _hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _written(name: str, entries: Sequence[tuple[Event, State | None]], note: str | None = None) -> bytes:
    from utils import _icalendar  # noqa: PLC0415  # its library would make every start wait, for what few ask for

    return _icalendar.calendar(name, entries, note)
