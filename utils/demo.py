"""A believable instance: people, events around a real city, what people said of them, and pictures."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import islice
from random import Random
from typing import TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from models.commons import now
from models.events import Approval, Event, EventId, Place, Point, Tag
from models.feedback import Feedback
from models.users import User, UserId, fold_email
from utils import events, feedback, images, passwords, users
from utils._demo_content import (
    CITIES,
    COMMENTS,
    DETAILS,
    FIRST_NAMES,
    LAST_NAMES,
    MANNERS,
    OPENINGS,
    THINGS,
    City,
)
from utils._demo_pictures import draw

PASSWORD = "underline demo"  # noqa: S105  # because it is public: deployments refuse the command
DAYS_BACK, DAYS_AHEAD = 14, 120
AT_ONCE = 500
Item = TypeVar("Item")
Advance = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """What to make; the same plan on the same day makes the same."""

    city: City
    events: int = 3000
    seed: int = 1
    day: date | None = None  # the one that counts as today; none: today

    @property
    def people(self) -> int:
        """How many accounts."""
        return max(30, self.events // 10)

    @property
    def organisers(self) -> int:
        """How many of them publish events."""
        return max(7, min(28, self.events // 20))


@dataclass(frozen=True, slots=True)
class Picture:
    """One to be drawn, for whom and of what."""

    id: str
    owner: User
    tag: Tag
    seed: int


def plan(city: str, count: int, seed: int) -> Plan:
    """Choose what to make.

    Raises:
        KeyError: the city is not one of `CITIES`.
    """
    return Plan(CITIES[city.lower()], count, seed)


async def populate(wanted: Plan, advance: Advance) -> dict[str, int]:
    """Put the demonstration into the store; what is there already stays as it is.

    Args:
        wanted: what to make.
        advance: is told how many events are done.

    Returns:
        How many documents of each kind are new.
    """
    chance = Random(wanted.seed)  # noqa: S311  # repeatable, nothing secret
    today = wanted.day or now().astimezone(ZoneInfo(wanted.city.timezone)).date()
    moment = datetime.combine(today, time(12), ZoneInfo(wanted.city.timezone))
    people = _people(wanted, chance, await passwords.hash_password(PASSWORD), moment)
    made = {"users": len(await users.add_missing(people))}
    pictures = _pictures(people[: wanted.organisers], chance)
    made["images"] = sum(await asyncio.gather(*map(_keep, pictures)))
    made |= {"events": 0, "feedback": 0}
    for batch in _batches(_events(wanted, people, pictures, moment), AT_ONCE):
        new = await _write(batch, made)
        advance(len(batch))
        made["events"] += new
    return made


async def _write(batch: list[tuple[Event, list[Feedback]]], made: dict[str, int]) -> int:
    """Write events, and feedback only on those that are new, so that counters and documents agree."""
    new = await events.add_missing([event for event, _ in batch])
    said = [opinion for event, opinions in batch if event.get_id() in new for opinion in opinions]
    made["feedback"] += len(await feedback.add_missing(said))
    return len(new)


async def _keep(picture: Picture) -> bool:
    chance = Random(picture.seed)  # noqa: S311  # repeatable, nothing secret
    return await images.add_missing(picture.id, lambda: draw(picture.tag, chance), picture.owner)


def _batches(items: Iterator[Item], size: int) -> Iterator[list[Item]]:
    while batch := list(islice(items, size)):
        yield batch


def _id(chance: Random) -> str:
    return str(UUID(int=chance.getrandbits(128), version=4))


def _people(wanted: Plan, chance: Random, password_hash: str, moment: datetime) -> list[User]:
    people = []
    for number in range(wanted.people):
        first, last = chance.choice(FIRST_NAMES), chance.choice(LAST_NAMES)
        email = f"person{number}.{wanted.seed}@demo.example.org"
        joined = moment - timedelta(days=chance.randint(20, 400), minutes=chance.randint(0, 1440))
        people.append(
            User(
                _id=_id(chance),
                first_name=first,
                last_name=last,
                email=email,
                email_folded=fold_email(email),
                email_verified=True,
                password_hash=password_hash,
                created_at=joined,
                updated_at=joined,
            )
        )
    return people


def _pictures(organisers: list[User], chance: Random) -> list[Picture]:
    """Each organiser has pictures of two kinds of events."""
    return [
        Picture(_id(chance), owner, tag, chance.getrandbits(32))
        for owner in organisers
        for tag in chance.sample(list(Tag), 2)
    ]


def _events(
    wanted: Plan, people: list[User], pictures: list[Picture], moment: datetime
) -> Iterator[tuple[Event, list[Feedback]]]:
    for number in range(wanted.events):
        chance = Random(f"{wanted.seed}/{number}")  # noqa: S311  # its own, so that its id is the same on every day
        event = _event(wanted.city, chance, chance.choice(pictures), moment)
        event = _fate(event, chance, moment)
        opinions = _opinions(event, chance, people, moment)
        ratings = [opinion.rating for opinion in opinions if opinion.rating is not None]
        counters = {"feedback_count": len(opinions), "rating_count": len(ratings), "rating_sum": sum(ratings)}
        yield event.model_copy(update=counters), opinions


def _event(city: City, chance: Random, picture: Picture, moment: datetime) -> Event:
    venue, thing = chance.choice(city.venues), chance.choice(THINGS[picture.tag])
    starts_at = _evening(moment.date() + timedelta(days=chance.randint(-DAYS_BACK, DAYS_AHEAD)), city, chance)
    announced = min(starts_at, moment) - timedelta(days=chance.randint(1, 30), minutes=chance.randint(0, 1440))
    extra = chance.choice([[], [], [Tag.PAID]])
    return Event(
        _id=_id(chance),
        title=f"{chance.choice(MANNERS)} {thing}",
        description=f"A {thing} at {venue.title}. {chance.choice(OPENINGS)} {chance.choice(DETAILS)}",
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=30 * chance.randint(2, 8)),
        timezone=city.timezone,
        tags=list(dict.fromkeys([picture.tag, *extra])),
        location=Place(
            title=venue.title,
            address=f"{venue.address}, {city.name}",
            point=Point(coordinates=(venue.longitude, venue.latitude)),
        ),
        max_capacity=chance.choice([8, 12, 20, 30, 40, 60, 100, 150, 300, 1000]),
        public=chance.random() >= 0.08,  # noqa: PLR2004  # about one in twelve is private
        links=[f"https://example.org/{city.name.lower()}/{chance.getrandbits(32):08x}"]
        if chance.random() < 1 / 3
        else [],
        image_ids=[picture.id] if chance.random() < 5 / 6 else [],
        creator_id=UserId(picture.owner.get_id()),
        approval=Approval.APPROVED,
        created_at=announced,
        updated_at=announced,
    )


def _evening(day: date, city: City, chance: Random) -> datetime:
    """When things start: mostly in the evening, at weekends also during the day; on the city's clocks."""
    weekend = day.weekday() >= 5  # noqa: PLR2004  # Saturday
    hour = chance.choice([10, 11, 14, 16, 18, 19, 20, 21] if weekend else [17, 18, 18, 19, 19, 19, 20, 20, 21])
    return datetime.combine(day, time(hour, chance.choice([0, 0, 30])), ZoneInfo(city.timezone))


def _fate(event: Event, chance: Random, moment: datetime) -> Event:
    """Some are called off; some of those to come still wait for the moderators, or were denied."""
    drawn = chance.random()
    if drawn < 0.04:  # noqa: PLR2004  # one in twenty-five
        called_off = event.created_at + (min(event.starts_at, moment) - event.created_at) / 2
        return event.model_copy(update={"cancelled_at": called_off, "updated_at": called_off, "version": 2})
    if event.public and event.starts_at > moment and drawn < 0.12:  # noqa: PLR2004  # one in twelve
        approval = Approval.DENIED if drawn < 0.05 else Approval.UNAPPROVED  # noqa: PLR2004  # one in a hundred
        return event.model_copy(update={"approval": approval})
    return event


def _opinions(event: Event, chance: Random, people: list[User], moment: datetime) -> list[Feedback]:
    """What people said of an event that took place."""
    if event.ends_at > moment or event.cancelled_at is not None:
        return []
    said = []
    for author in chance.sample(people, chance.choice([0, 0, 1, 2, 3, 5, 8])):
        rating = chance.choice([None, None, 2, 3, 4, 4, 5, 5, 5, 1])
        wrote = event.ends_at + (moment - event.ends_at) * chance.random()
        said.append(
            Feedback(
                _id=_id(chance),
                event_id=EventId(event.get_id()),
                author_id=UserId(author.get_id()),
                comment=chance.choice(COMMENTS[rating]),
                rating=rating,
                created_at=wrote,
                updated_at=wrote,
            )
        )
    return said
