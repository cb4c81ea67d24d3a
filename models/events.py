"""Events: how they are stored, what comes in and what clients see."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Literal, NewType, Self
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, Field, Strict, StrictBool, StringConstraints, model_validator

from models.commons import (
    OMITTED,
    ExtendedBaseModel,
    Input,
    Line,
    Links,
    Output,
    Prose,
    StoredDatetime,
    UtcDatetime,
    now,
)
from models.users import UserId

EventId = NewType("EventId", str)

MAX_CAPACITY = 1_000_000
MAX_DURATION = timedelta(days=366)
MAX_IMAGES = 20


class Tag(StrEnum):
    """What an event is about."""

    SPORT = "sport_event"
    FOOD = "food_event"
    ART = "art_event"
    MUSIC = "music_event"
    MEETING = "meeting_event"
    CLASS = "class_event"
    PAID = "paid_event"


class Status(StrEnum):
    """Where an event stands; worked out from the clock and the cancellation."""

    ACTIVE = "active"
    ONGOING = "ongoing"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class Approval(StrEnum):
    """What the moderators say."""

    UNAPPROVED = "unapproved"
    APPROVED = "approved"
    DENIED = "denied"


def _known_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("it is not a time zone of the IANA database, such as America/New_York")
    return name


def _in_era(moment: datetime) -> datetime:
    if not 1970 <= moment.year <= 2200:  # noqa: PLR2004  # calendars agree on these
        raise ValueError("the year lies outside 1970–2200")
    return moment


def _unique(tags: list[Tag]) -> list[Tag]:
    return list(dict.fromkeys(tags))


Title = Annotated[Line, Field(max_length=120)]
Description = Annotated[Prose, Field(max_length=10_000)]
Moment = Annotated[UtcDatetime, AfterValidator(_in_era)]
Tags = Annotated[list[Tag], Field(max_length=14), AfterValidator(_unique)]
Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False, description="Degrees north.")]
Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False, description="Degrees east.")]
Capacity = Annotated[int, Field(ge=1, le=MAX_CAPACITY, strict=True, description="Seats.")]
Timezone = Annotated[str, StringConstraints(max_length=64), AfterValidator(_known_zone)]
ImageIds = Annotated[list[Annotated[str, Field(min_length=1, max_length=64)]], Field(max_length=MAX_IMAGES)]


class Point(BaseModel):
    """A GeoJSON point (RFC 7946, section 3.1.2): longitude first."""

    type: Literal["Point"] = "Point"
    coordinates: tuple[float, float]


class Place(BaseModel):
    """Where, as it is stored."""

    title: str
    address: str | None = None
    point: Point

    @property
    def latitude(self) -> float:
        """Degrees north."""
        return self.point.coordinates[1]

    @property
    def longitude(self) -> float:
        """Degrees east."""
        return self.point.coordinates[0]


class Announcement(BaseModel):
    """What those who take part in an event are still to be told.

    Attributes:
        what: of "time", "place" and "cancelled".
        sequence: which revision of the event brought the latest of it.
        at: since when.
    """

    what: list[str]
    sequence: int
    at: UtcDatetime


class Event(ExtendedBaseModel):
    """One document of `events`."""

    title: str
    description: str
    starts_at: StoredDatetime
    ends_at: StoredDatetime
    timezone: str
    tags: list[Tag]
    location: Place
    max_capacity: int
    public: bool
    links: list[str]
    image_ids: list[str]
    creator_id: UserId | None
    approval: Approval
    cancelled_at: StoredDatetime | None = None
    attending_count: int = 0
    waiting_count: int = 0
    feedback_count: int = 0
    rating_count: int = 0
    rating_sum: int = 0
    sequence: int = 0  # revisions of what calendars go by
    revised_at: UtcDatetime | None = Field(
        default=None, exclude_if=lambda value: value is None
    )  # what calendars show changed
    announcement: Announcement | None = Field(default=None, exclude_if=lambda value: value is None)
    distance_m: float | None = Field(default=None, exclude=True)  # of a search, never stored

    @property
    def status(self) -> Status:
        """Where the event stands now."""
        moment = now()
        if self.cancelled_at is not None:
            return Status.CANCELLED
        if self.ends_at <= moment:
            return Status.EXPIRED
        return Status.ONGOING if self.starts_at <= moment else Status.ACTIVE

    @property
    def rating_average(self) -> float | None:
        """The mean of the ratings, None without any."""
        return round(self.rating_sum / self.rating_count, 2) if self.rating_count else None

    def etag(self) -> str:
        """The version and the status: the clock changes what clients see, without a write."""
        return f'"{self.version}-{self.status}"'

    def is_shared(self) -> bool:
        """Whether anybody may see it; the address of a private one is a secret that caches need not know."""
        return self.public and self.approval is Approval.APPROVED


class PlaceCreate(Input):
    """Where an event is to take place."""

    title: Title = Field(examples=["Bayfront Park"])
    address: Annotated[Line, Field(max_length=300)] | None = Field(default=None, examples=["301 Biscayne Blvd"])
    latitude: Annotated[Latitude, Strict()] = Field(examples=[25.7753])
    longitude: Annotated[Longitude, Strict()] = Field(examples=[-80.1861])

    def to_place(self) -> Place:
        """The place as it is stored."""
        return Place(title=self.title, address=self.address, point=Point(coordinates=(self.longitude, self.latitude)))


class PlaceUpdate(Input):
    """A merge patch of a place."""

    title: Title = OMITTED
    address: Annotated[Line, Field(max_length=300)] | None = OMITTED
    latitude: Annotated[Latitude, Strict()] = OMITTED
    longitude: Annotated[Longitude, Strict()] = OMITTED


class EventCreate(Input):
    """What a person gives to publish an event."""

    title: Title = Field(examples=["Sunset yoga"])
    description: Description = Field(default="", examples=["An hour on the lawn; bring a mat."])
    starts_at: Moment = Field(examples=["2027-05-01T18:00:00-04:00"], description="With an offset.")
    ends_at: Moment = Field(examples=["2027-05-01T19:00:00-04:00"], description="With an offset.")
    timezone: Timezone | None = Field(default=None, examples=["America/New_York"])
    tags: Tags = Field(default=[], examples=[["sport_event", "class_event"]])
    location: PlaceCreate
    max_capacity: Capacity = Field(examples=[40])
    public: StrictBool = True
    links: Links = Field(default=[], examples=[["https://example.org/yoga"]])
    image_ids: ImageIds = []

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        check_order(self.starts_at, self.ends_at)
        return self


class EventUpdate(Input):
    """A merge patch of an event."""

    title: Title = OMITTED
    description: Description = OMITTED
    starts_at: Moment = OMITTED
    ends_at: Moment = OMITTED
    timezone: Timezone = OMITTED
    tags: Tags = OMITTED
    location: PlaceUpdate = OMITTED
    max_capacity: Capacity = OMITTED
    public: StrictBool = OMITTED
    links: Links = OMITTED
    image_ids: ImageIds = OMITTED

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if {"starts_at", "ends_at"} <= self.model_fields_set:
            check_order(self.starts_at, self.ends_at)
        return self


def check_order(starts_at: datetime, ends_at: datetime) -> None:
    """Refuse an event that ends before it starts, or goes on for longer than a year.

    Raises:
        ValueError: it does.
    """
    if ends_at <= starts_at:
        raise ValueError("ends_at must come after starts_at")
    if ends_at - starts_at > MAX_DURATION:
        raise ValueError(f"an event lasts at most {MAX_DURATION.days} days")


class PlaceRead(Output):
    """Where an event takes place."""

    title: str
    address: str | None
    latitude: float
    longitude: float


class EventRead(Output):
    """An event, as clients see it."""

    id: EventId
    title: str
    description: str
    starts_at: StoredDatetime
    ends_at: StoredDatetime
    timezone: str
    tags: list[Tag]
    location: PlaceRead
    max_capacity: int
    public: bool
    links: list[str]
    image_ids: list[str]
    creator_id: UserId | None
    status: Status
    approval: Approval
    attending_count: int
    waiting_count: int
    feedback_count: int
    rating_average: float | None
    distance_m: float | None = Field(
        default=None, exclude_if=lambda value: value is None, description="Metres; only in a search by place."
    )
    created_at: StoredDatetime
    updated_at: StoredDatetime
    version: int


class EventPage(Output):
    """A stretch of a list of events."""

    items: list[EventRead]
    next_cursor: str | None


class Decision(Input):
    """What a moderator says to an event in the queue."""

    decision: Literal[Approval.APPROVED, Approval.DENIED]
    reason: Annotated[Prose, Field(max_length=1_000)] | None = None
