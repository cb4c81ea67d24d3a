"""What a list of events is narrowed to, and in which order it comes."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Literal, NamedTuple, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, model_validator

from models.events import Approval, EventId, Latitude, Longitude, Moment, Status, Tag, Timezone
from models.users import UserId

EARTH_RADIUS_M = 6_371_008.8  # the mean radius (IUGG): on it, great circles are within 0.5 % of the ellipsoid's
MAX_RADIUS_M = 20_020_000  # reaches the antipode
DEFAULT_RADIUS_M = 50_000
MAX_IDS = 100
MAX_QUERY = 100

Sort = Literal[
    "starts_at", "-starts_at", "created_at", "-created_at", "distance", "-distance", "relevance", "-relevance"
]


class When(StrEnum):
    """A stretch of the calendar, in some time zone."""

    TODAY = "today"
    TOMORROW = "tomorrow"
    WEEKEND = "weekend"
    WEEK = "week"


class TagsMode(StrEnum):
    """How several tags combine."""

    ANY = "any"
    ALL = "all"


def _split(value: object) -> object:
    """Take lists both repeated (`a=1&a=2`) and separated by commas (`a=1,2`)."""
    if isinstance(value, str):
        value = [value]
    if isinstance(value, list):
        return [part for text in value for part in (text.split(",") if isinstance(text, str) else [text])]
    return value


def _unique(values: list[Any]) -> list[Any]:
    return list(dict.fromkeys(values))


class Interval(NamedTuple):
    """A stretch of time, open where it is None."""

    begin: datetime | None
    end: datetime | None


class Position(NamedTuple):
    """A place on the globe, in degrees."""

    latitude: Latitude
    longitude: Longitude


class Box(NamedTuple):
    """A stretch of the map in degrees; it crosses the antimeridian when `west` lies east of `east`."""

    west: Longitude
    south: Latitude
    east: Longitude
    north: Latitude


def _upright(box: Box) -> Box:
    if box.south > box.north:
        raise ValueError("south lies north of north")
    return box


_LISTED = BeforeValidator(_split)
Tags = Annotated[list[Tag], _LISTED, AfterValidator(_unique), Field(max_length=14)]
Statuses = Annotated[list[Status], _LISTED, AfterValidator(_unique), Field(max_length=4)]
EventIds = Annotated[
    list[Annotated[EventId, Field(min_length=1, max_length=64)]],
    _LISTED,
    AfterValidator(_unique),
    Field(max_length=MAX_IDS),
]
Near = Annotated[tuple[Latitude, Longitude], _LISTED]
BoundingBox = Annotated[tuple[Longitude, Latitude, Longitude, Latitude], _LISTED]
Radius = Annotated[float, Field(gt=0, le=MAX_RADIUS_M, allow_inf_nan=False)]
Words = Annotated[str, Field(max_length=MAX_QUERY)]


class EventQuery(BaseModel):
    """What a list of events is narrowed to; everything given must hold."""

    q: Words = ""
    near: Annotated[Position, _LISTED] | None = None
    radius: Radius | None = None
    bbox: Annotated[Box, _LISTED, AfterValidator(_upright)] | None = None
    from_: Moment | None = None
    to: Moment | None = None
    when: When | None = None
    tz: Timezone = "UTC"
    tags: Tags = []
    tags_mode: TagsMode = TagsMode.ANY
    status: Statuses = []
    creator_id: UserId | None = None
    ids: EventIds = []
    approval: list[Approval] = [Approval.APPROVED]
    public_only: bool = True
    sort: Sort | None = None

    @model_validator(mode="after")
    def _together(self) -> Self:
        """Refuse what makes no sense without something else."""
        needs = {"radius": (self.radius, self.near), "sort": (self._sort_needs_place, self.near)}
        for name, (given, needed) in needs.items():
            if given and needed is None:
                raise ValueError(f"{name} wants near=latitude,longitude")
        if self.key == "relevance" and not self.q.strip():
            raise ValueError("sort by relevance wants q")
        if self.from_ is not None and self.to is not None and self.from_ > self.to:
            raise ValueError("from comes after to")
        return self

    @property
    def _sort_needs_place(self) -> bool:
        return self.sort is not None and self.sort.endswith("distance")

    @property
    def key(self) -> str:
        """What the list is ordered by: nearest first around a place, else soonest first."""
        return self.sort.lstrip("-") if self.sort else "distance" if self.near else "starts_at"

    @property
    def descending(self) -> bool:
        """Whether the order is turned round."""
        return bool(self.sort and self.sort.startswith("-"))

    @property
    def radius_m(self) -> float:
        """How far from `near` an event may be."""
        return self.radius if self.radius is not None else DEFAULT_RADIUS_M

    def intervals(self, moment: datetime) -> list[Interval]:
        """The stretches of time that an event must overlap, seen at some moment."""
        given = [Interval(self.from_, self.to)] if self.from_ or self.to else []
        return given + ([calendar(self.when, moment, self.tz)] if self.when else [])

    @classmethod
    def of_creator(cls, creator_id: UserId, status: list[Status]) -> Self:
        """All that a person published, seen by himself."""
        return cls(creator_id=creator_id, status=status, approval=[], public_only=False)

    @classmethod
    def queue(cls, approval: Approval) -> Self:
        """What the moderators look through, the longest waiting first."""
        return cls(status=list(Status), approval=[approval], public_only=False, sort="created_at")

    def binding(self) -> dict[str, Any]:
        """What a cursor of this list is bound to."""
        return self.model_dump(mode="json", exclude_defaults=True)


def calendar(when: When, moment: datetime, zone: str) -> Interval:
    """The days that a word means: whole ones by the clocks of the zone, weeks from Monday on (ISO 8601)."""
    today = moment.astimezone(ZoneInfo(zone)).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    monday = -today.weekday()
    first, last = {
        When.TODAY: (0, 1),
        When.TOMORROW: (1, 2),
        When.WEEKEND: (monday + 5, monday + 7),
        When.WEEK: (monday, monday + 7),
    }[when]
    # Adding days to a local time keeps the hands of the clock, also across a change of the offset.
    return Interval(*((today + timedelta(days=days)).astimezone(UTC) for days in (first, last)))
