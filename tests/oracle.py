"""A search by brute force, and worlds and queries at random to compare it with."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from models.event_queries import EventQuery, Position
from models.events import Approval, Event, Place, Point, Status, Tag
from models.users import UserId
from utils import _sphere, _words

MOMENT = datetime(2027, 3, 13, 17, 30, tzinfo=UTC)  # the Saturday before clocks change in New York
TEXTS = """Yoga im Straßencafé|STRASSENFEST|jazz & tapas|Jazzabend|東京タワーの夜景|🎉 party 👩🏽‍🎤|Mañana
Şişli ile İstanbul|ıspanak|東京|夜|봄 축제|Jazz Jazz jam|ﾎｯﾄﾖｶﾞ ＪＡＺＺ|manana||Ærø øl|a|ab abc abcd abcde|🇪🇸 🇸🇪
don't O’Neill|Ὀδυσσεύς|किताब|कताब""".replace("\n", "|").split("|")
LIKELY = ["jaz", "jazz tap", "stras", "東京", "🎉", "yoga jazz", "j", "manana s", "jazz"]
QUERIES = TEXTS + LIKELY * 6 + ["straße", "京タ", "タワー", "yoga cafe", "👩", "...", "ozzz", "abcd", "abc a"]
PLACES = [
    (0.0, 0.0),
    (90.0, 0.0),
    (90.0, 120.0),
    (-90.0, -45.0),
    (89.9999, 10.0),
    (0.0, 180.0),
    (0.0, -180.0),
    (10.0, 179.99),
    (10.0, -179.99),
    (-33.0, 175.0),
    (25.7753, -80.1861),
    (25.7754, -80.1861),
    (25.7753, -80.186),
    (25.76, -80.19),
    (26.1, -80.3),
    (40.4, -3.7),
    (-25.7753, 99.8139),
    (51.5, 0.0),
    (51.5, -0.1),
]
HOURS = [-9000, -8784, -745, -744, -25, -24, -23, -1, 0, 1, 2, 11, 12, 24, 25, 48, 300, 500, 800, 9000]
LENGTHS = [1, 2, 5, 24, 25, 48, 744, 745, 8784]
IDS = [f"e{number:02}" for number in range(14)]
PEOPLE = [UserId("ada"), UserId("bob")]

texts = st.lists(st.sampled_from(TEXTS[:8]) | st.sampled_from(TEXTS), min_size=1, max_size=4).map(" ".join)
positions = st.sampled_from(PLACES) | st.tuples(
    st.floats(-90, 90).map(lambda x: round(x, 4)), st.floats(-180, 180).map(lambda x: round(x, 4))
)
hours = st.sampled_from(HOURS) | st.integers(-60, 60)
tag_lists = st.lists(st.sampled_from(list(Tag)[:4]), unique=True, max_size=3)


@st.composite
def events(draw: st.DrawFn, number: int) -> Event:
    start = MOMENT + timedelta(hours=draw(hours))
    latitude, longitude = draw(positions)
    return Event(
        id=IDS[number],
        created_at=MOMENT - timedelta(hours=draw(st.integers(0, 6))),
        title=draw(texts),
        description=draw(texts),
        starts_at=start,
        ends_at=start + timedelta(hours=draw(st.sampled_from(LENGTHS))),
        timezone="UTC",
        tags=draw(tag_lists),
        location=Place(
            title=draw(texts), address=draw(st.none() | texts), point=Point(coordinates=(longitude, latitude))
        ),
        max_capacity=1,
        public=draw(st.sampled_from([True] * 6 + [False])),
        links=[],
        image_ids=[],
        creator_id=draw(st.sampled_from(PEOPLE)),
        approval=draw(st.sampled_from([Approval.APPROVED] * 6 + [Approval.UNAPPROVED])),
        cancelled_at=draw(st.sampled_from([None, None, None, None, MOMENT])),
    )


worlds = st.integers(5, len(IDS)).flatmap(lambda size: st.tuples(*(events(number) for number in range(size))))


@st.composite
def boxes(draw: st.DrawFn) -> str:
    south, north = sorted(draw(positions)[0] for _ in range(2))
    return f"{draw(positions)[1]},{south},{draw(positions)[1]},{north}"


def _comma(values: list[Any]) -> str:
    return ",".join(str(value) for value in values)


RADII = [1, 50, 11_132, 400_000, 9_000_000, 16_000_000, 20_020_000]
instants = hours.map(lambda hour: (MOMENT + timedelta(hours=hour)).isoformat())
FILTERS: dict[str, st.SearchStrategy[Any]] = {
    "q": st.sampled_from(QUERIES),
    "near": positions.map(lambda place: f"{place[0]},{place[1]}"),
    "bbox": boxes() | st.sampled_from(["-180,-90,180,90", "0,-90,-0.0001,90", "179,-40,-179,40", "-81,25,-80,26"]),
    "from": instants,
    "to": instants,
    "when": st.sampled_from(["today", "tomorrow", "weekend", "week"]),
    "tags": tag_lists.filter(bool) | tag_lists.filter(bool).map(_comma),
    "status": st.just("active,ongoing,expired,cancelled")
    | st.lists(st.sampled_from(list(Status)), min_size=1).map(_comma),
    "creator_id": st.sampled_from(PEOPLE),
    "ids": st.lists(st.sampled_from(IDS), min_size=1).map(_comma),
}


@st.composite
def queries(draw: st.DrawFn) -> dict[str, Any]:
    """The parameters of one request: a few filters, what goes with them, and any order that they allow."""
    names = draw(st.lists(st.sampled_from(["q", "near", "q", "near", *FILTERS]), unique=True, max_size=3))
    given = {name: draw(FILTERS[name]) for name in names} | {"limit": draw(st.integers(1, 4))}
    if "near" in given:
        given["radius"] = draw(st.sampled_from([*RADII, *RADII[-3:], 20_020_000]))
    if "when" in given:
        given["tz"] = draw(st.sampled_from(["America/New_York", "Asia/Tokyo", "Pacific/Kiritimati"]))
    if "tags" in given:
        given["tags_mode"] = draw(st.sampled_from(["any", "all"]))
    if "from" in given and "to" in given and given["from"] > given["to"]:
        given["from"], given["to"] = given["to"], given["from"]
    keys = ["starts_at", "created_at", *(["distance"] * 3 if "near" in given else [])]
    keys += ["relevance"] * 4 if given.get("q") else []
    if draw(st.booleans()):
        given["sort"] = draw(st.sampled_from(["", "-"])) + draw(st.sampled_from(keys))
    return given


@dataclass
class Answer:
    """The ids that must come, in order; and those so close to the edge of a circle that both is right."""

    ids: list[str] = field(default_factory=list)
    uncertain: set[str] = field(default_factory=set)


def search(world: tuple[Event, ...], query: EventQuery) -> Answer:
    """Look at each event, then sort."""
    answer = Answer()
    found = [event for event in world if _matches(event, query)]
    if query.near is not None:
        far = {event.get_id(): _distance(event, query.near) for event in found}
        answer.uncertain = {one for one, metres in far.items() if abs(metres - query.radius_m) < 1}
        found = [event for event in found if far[event.get_id()] <= query.radius_m]
    found.sort(key=lambda event: _place(event, query), reverse=query.descending)
    answer.ids = [event.get_id() for event in found]
    return answer


def _matches(event: Event, query: EventQuery) -> bool:
    checks = [
        event.public and event.approval is Approval.APPROVED,
        _status(event) in (query.status or [Status.ACTIVE, Status.ONGOING]),
        all(
            (begin is None or event.ends_at > begin) and (end is None or event.starts_at < end)
            for begin, end in query.intervals(MOMENT)
        ),
        not query.tags or {"any": any, "all": all}[query.tags_mode](tag in event.tags for tag in query.tags),
        query.creator_id in (None, event.creator_id),
        not query.ids or event.get_id() in query.ids,
        query.bbox is None or _inside(event, query.bbox),
        all(_says(word, _texts(event)) for word in _words.wanted(query.q)),
    ]
    return all(checks)


def _status(event: Event) -> Status:
    if event.cancelled_at:
        return Status.CANCELLED
    if event.ends_at <= MOMENT:
        return Status.EXPIRED
    return Status.ONGOING if event.starts_at <= MOMENT else Status.ACTIVE


def _inside(event: Event, box: tuple[float, float, float, float]) -> bool:
    west, south, east, north = box
    latitude, longitude = event.location.latitude, event.location.longitude
    if not south <= latitude <= north:
        return False
    turns = [longitude, longitude + 360, longitude - 360]
    return abs(latitude) == 90 or any(west <= turn <= (east if east >= west else east + 360) for turn in turns)


def _texts(event: Event) -> list[str]:
    return [event.title, event.location.title, event.location.address or "", event.description]


def _says(word: str, said: list[str]) -> bool:
    return any(term.startswith(word) for text in said for term in _words.terms(text, 1_000))


def _distance(event: Event, place: Position) -> float:
    return _sphere.distance_m(place, Position(event.location.latitude, event.location.longitude))


def _place(event: Event, query: EventQuery) -> tuple[Any, ...]:
    if query.key == "distance" and query.near:
        return round(_distance(event, query.near) * 100), event.get_id()
    if query.key == "relevance":
        titled = [_says(word, [event.title]) for word in _words.wanted(query.q)]
        return (0 if all(titled) else 1 if any(titled) else 2), event.starts_at, event.get_id()
    return getattr(event, query.key), event.get_id()
