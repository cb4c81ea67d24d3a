"""The world that is measured: seeded events around one city, people with sessions, one picture."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from io import BytesIO

from PIL import Image as Picture

from models.auth import Caller, Login
from models.commons import now
from models.events import Approval, Event, Place, Point, Tag
from models.users import Role, User, UserCreate, UserId
from utils import events, images, sessions, users

SEED = 20_261_122
PASSWORD = "measured with care, and twice"
RIVALS = 100
CENTRE = (25.7743, -80.1937)  # Miami: latitude, longitude
AT_ONCE = 1_000
_ADJECTIVES = [
    "Sunset",
    "Morning",
    "Harbour",
    "Quiet",
    "Loud",
    "Open",
    "Hidden",
    "Golden",
    "Electric",
    "Slow",
    "Wild",
    "Second",
    "Common",
    "Little",
    "Grand",
]
_THINGS = [
    "yoga",
    "jazz",
    "market",
    "painting",
    "football",
    "poetry",
    "salsa",
    "robotics",
    "chess",
    "cooking",
    "kayak",
    "opera",
    "cinema",
    "pottery",
    "running",
]
_PLACES = ["Park", "Library", "Beach", "Hall", "Garden", "Square", "Pier", "Museum", "Studio", "Court"]


@dataclass
class World:
    """What scenarios need to know."""

    event_ids: list[str] = field(default_factory=list)
    contested_id: str = ""
    image_id: str = ""
    tokens: list[str] = field(default_factory=list)


async def make(count: int, progress: Callable[[int], None]) -> World:
    """Fill an empty database: `count` events, most of them coming, and who takes part in the scenarios."""
    chance = random.Random(SEED)
    creator = await _person("creator", Role.ADMIN)
    world = World()
    for begin in range(0, count, AT_ONCE):
        made = [_event(chance, creator.get_id()) for _ in range(min(AT_ONCE, count - begin))]
        await events.add_missing(made)
        world.event_ids += [event.get_id() for event in made]
        progress(len(made))
    contested = _event(chance, creator.get_id()).model_copy(update={"max_capacity": RIVALS // 2})
    await events.add_missing([contested])
    world.contested_id = contested.get_id()
    world.image_id = (await images.upload(_picture(chance), creator)).get_id()
    for number in range(RIVALS):
        rival = await _person(f"rival{number}", Role.USER)
        world.tokens.append(await _token(rival.email))
    return world


def _event(chance: random.Random, creator_id: str) -> Event:
    start = now().replace(minute=0, second=0, microsecond=0) + timedelta(hours=chance.randrange(-72, 24 * 180))
    words = [chance.choice(_ADJECTIVES), chance.choice(_THINGS), "at the", chance.choice(_PLACES)]
    longitude, latitude = CENTRE[1] + chance.gauss(0, 0.12), CENTRE[0] + chance.gauss(0, 0.12)
    place = f"{chance.choice(_ADJECTIVES)} {chance.choice(_PLACES)}"
    return Event(
        title=" ".join(words),
        description=f"Come for {words[1]}, stay for {chance.choice(_THINGS)}. " * 3,
        starts_at=start,
        ends_at=start + timedelta(hours=chance.randrange(1, 6)),
        timezone="America/New_York",
        tags=chance.sample(list(Tag), 2),
        location=Place(title=place, point=Point(coordinates=(longitude, latitude))),
        max_capacity=chance.randrange(10, 500),
        public=True,
        links=["https://example.org/"],
        image_ids=[],
        creator_id=UserId(creator_id),
        approval=Approval.APPROVED,
    )


def _picture(chance: random.Random) -> BytesIO:
    noise = Picture.frombytes("RGB", (640, 480), chance.randbytes(640 * 480 * 3))
    file = BytesIO()
    noise.save(file, "JPEG", quality=70)
    file.seek(0)
    return file


async def _person(name: str, role: Role) -> User:
    form = {"first_name": "Ada", "last_name": "Lovelace", "email": f"{name}@example.org", "password": PASSWORD}
    return await users.register(UserCreate.model_validate(form), role)


async def _token(email: str) -> str:
    form = Login.model_validate({"email": email, "password": PASSWORD})
    return (await sessions.log_in(form, Caller())).access_token
