"""A database of events for measurements: seeded, so that each run has the same, around one city over a year."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from random import Random

from models.events import Approval, Event, Place, Point, Tag
from models.users import UserId
from utils import events

CITY = (25.7753, -80.1861)
DAYS = 180
_AT_ONCE = 500
_SYLLABLES = [first + last for first in "bcdfgjklmnprstv" for last in "aeiou"]


def made(count: int, moment: datetime, seed: int = 1) -> Iterator[Event]:
    """So many events, half of them over; most take hours, some weeks."""
    chance = Random(seed)
    words = ["".join(chance.choices(_SYLLABLES, k=chance.randint(1, 4))) for _ in range(3_000)]
    venues = [_venue(chance, words) for _ in range(max(20, count // 200))]
    for number in range(count):
        yield _event(number, chance, words, chance.choice(venues), moment)


async def fill(count: int, moment: datetime) -> None:
    """Store so many events."""
    wanted = made(count, moment)
    while batch := list(islice(wanted, _AT_ONCE)):
        await events.add_missing(batch)


def _said(chance: Random, words: list[str], count: int) -> str:
    """Some words are common, most are rare, as in any language."""
    return " ".join(words[min(int(chance.expovariate(1 / 250)), len(words) - 1)] for _ in range(count))


def _venue(chance: Random, words: list[str]) -> Place:
    latitude, longitude = (round(middle + chance.gauss(0, 0.08), 6) for middle in CITY)
    return Place(title=_said(chance, words, 2), address=None, point=Point(coordinates=(longitude, latitude)))


def _event(number: int, chance: Random, words: list[str], venue: Place, moment: datetime) -> Event:
    starts_at = moment + timedelta(minutes=5 * chance.randint(-DAYS * 288, DAYS * 288))
    hours = chance.choices([chance.randint(1, 8), chance.randint(24, 96), chance.randint(200, 2000)], [95, 4, 1])[0]
    return Event(
        _id=f"{number:08x}-{chance.getrandbits(32):08x}",
        title=_said(chance, words, 4).title(),
        description=_said(chance, words, 30),
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=hours),
        timezone="America/New_York",
        tags=chance.sample(list(Tag), chance.randint(0, 2)),
        location=venue,
        max_capacity=40,
        public=chance.random() > 0.05,
        links=[],
        image_ids=[],
        creator_id=UserId(f"creator-{chance.randint(0, 400)}"),
        approval=Approval.APPROVED if chance.random() > 0.02 else Approval.UNAPPROVED,
        cancelled_at=moment if chance.random() < 0.02 else None,
        created_at=min(starts_at, moment) - timedelta(days=chance.randint(1, 60), minutes=chance.randint(0, 1440)),
    )
