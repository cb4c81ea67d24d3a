"""What the published Underline web client sends and reads: the older names, and its traps turned into proper values.

Nothing outside `routes/underline_client.py` and its interface uses these.
"""

import math
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    SecretStr,
    StrictBool,
    WithJsonSchema,
    model_validator,
)

from models.commons import Input, Links, Output, PersonName, UtcDatetime
from models.event_queries import EventQuery
from models.events import Approval, Capacity, Description, Event, EventCreate, ImageIds, PlaceCreate, Tag
from models.users import Email, Password, Role, User, UserCreate, UserId, UserUpdate

# The client takes its local time, subtracts 4 hours and sends that as if it were UTC.
CLIENT_SHIFT = timedelta(hours=4)
MOMENT = timedelta(milliseconds=1)
MAX_ROW = 100
MAX_INDEX = 1_000


def _whole_number(value: object) -> object:
    """Read a count that a form sends as text."""
    return int(value) if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit() else value


def _shift_back(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC) + CLIENT_SHIFT
    except OverflowError as error:
        raise ValueError("the time is out of range") from error


def _naive(moment: datetime) -> str:
    return moment.replace(tzinfo=None).isoformat(timespec="microseconds")


ShiftedDatetime = Annotated[UtcDatetime, AfterValidator(_shift_back)]
NaiveUtc = Annotated[datetime, PlainSerializer(_naive, return_type=str)]
FormCapacity = Annotated[
    Capacity,
    BeforeValidator(_whole_number),
    WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 1}, {"type": "string", "pattern": "^\\s*[0-9]+\\s*$"}]}),
]
Id = Annotated[str, Field(max_length=64)]


class ByUserId(Input):
    """Names a person."""

    user_id: Id


class ByEventId(Input):
    """Names an event."""

    event_id: Id


class ByEmail(Input):
    """Names a person by the address."""

    email: Email


class ClientLogin(Input):
    """What the sign-in form sends."""

    identifier: ByEmail
    password: Annotated[SecretStr, Field(max_length=1_000)]


class ClientRegistration(Input):
    """What the sign-up form sends."""

    first_name: PersonName
    last_name: PersonName
    email: Email
    password: Password

    def to_user(self) -> UserCreate:
        """The same as a registration of today."""
        return UserCreate(
            first_name=self.first_name, last_name=self.last_name, email=self.email, password=self.password
        )


class ClientProfileUpdate(Input):
    """What the profile page sends when it is saved; an empty `image_id` is no picture."""

    identifier: ByUserId
    user_links: Links = []
    image_id: Id = ""

    def to_update(self) -> UserUpdate:
        """The same as a merge patch of today."""
        return UserUpdate.model_validate({"links": self.user_links, "image_id": self.image_id or None})


class ClientEventCreate(Input):
    """What the event form sends. A form left alone ends as it starts: such an event is over when it arrives."""

    title: Annotated[str, Field(max_length=1_000)]
    description: Description
    date_time_start: UtcDatetime
    date_time_end: UtcDatetime
    tags: Annotated[list[Tag], Field(max_length=100)]
    public: StrictBool = True
    location: PlaceCreate
    max_capacity: FormCapacity
    links: Links = []
    image_ids: ImageIds = []
    creator_id: Id = ""  # whose token it is, decides

    @model_validator(mode="after")
    def _today(self) -> "ClientEventCreate":
        """Report here, with the client's own field names, what today's model would refuse."""
        self.to_event()
        return self

    def to_event(self) -> EventCreate:
        """The same as a form of today."""
        untouched = abs(self.date_time_end - self.date_time_start) <= MOMENT
        return EventCreate(
            **self.model_dump(include={"title", "description", "public", "max_capacity", "links", "image_ids"}),
            tags=list(dict.fromkeys(self.tags)),
            location=self.location,
            starts_at=self.date_time_start,
            ends_at=self.date_time_start + MOMENT if untouched else self.date_time_end,
        )


class DateRange(Input):
    """An interval, in the client's shifted time."""

    start_date: ShiftedDatetime
    end_date: ShiftedDatetime


class ClientBatchQuery(Input):
    """What a row of the Explore page sends: `limit` is the row's width over that of a card, a fraction."""

    limit: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 20
    index: Annotated[int, Field(ge=0, strict=True, description="The page, from 0.")] = 0
    query_date: ShiftedDatetime | None = None
    query_date_range: DateRange | None = None
    event_tag_filter: Annotated[list[Tag], Field(max_length=100)] = []

    @model_validator(mode="after")
    def _today(self) -> "ClientBatchQuery":
        """Refuse here what today's query would refuse: days on which there are no events."""
        try:
            self.to_query()
        except OverflowError as error:
            raise ValueError("the time is out of range") from error
        return self

    @property
    def size(self) -> int:
        """Cards in the row, those cut off at the edge included."""
        return min(math.ceil(min(self.limit, MAX_ROW)), MAX_ROW)

    @property
    def offset(self) -> int:
        """Events on the pages before; beyond `MAX_INDEX` pages nothing is looked for."""
        return min(self.index, MAX_INDEX) * self.size

    def to_query(self) -> EventQuery:
        """The same as a query of today."""
        begin, end = None, None
        if self.query_date is not None:
            wall_clock = self.query_date - CLIENT_SHIFT
            begin = wall_clock.replace(hour=0, minute=0, second=0, microsecond=0) + CLIENT_SHIFT
            end = begin + timedelta(days=1)
        elif self.query_date_range is not None:
            begin, end = self.query_date_range.start_date, self.query_date_range.end_date
        return EventQuery(from_=begin, to=end, tags=list(dict.fromkeys(self.event_tag_filter)))


class ClientDecision(Input):
    """What the admin page says to an event, in the query of a GET."""

    event_id: Id = Field(description="The event.")
    approve_bool: bool = Field(description="Whether it is approved; denied otherwise.")

    @property
    def approval(self) -> Literal[Approval.APPROVED, Approval.DENIED]:
        """The same as a decision of today."""
        return Approval.APPROVED if self.approve_bool else Approval.DENIED


class ClientToken(Output):
    """The session; its payload carries `user_id`."""

    jwt: str


class ClientImage(Output):
    """An uploaded picture."""

    image_id: str = Field(validation_alias="id")


class ClientEventId(Output):
    """A published event."""

    event_id: str = Field(validation_alias="id")


class ClientPlace(Output):
    """Where."""

    title: str
    latitude: float
    longitude: float


class ClientEvent(Output):
    """An event, by the older names; times are UTC without a zone mark."""

    event_id: str = Field(validation_alias="id")
    title: str
    description: str
    date_time_start: NaiveUtc = Field(validation_alias="starts_at")
    date_time_end: NaiveUtc = Field(validation_alias="ends_at")
    tags: list[Tag]
    public: bool
    location: ClientPlace
    max_capacity: int
    links: list[str]
    image_ids: list[str]
    creator_id: UserId | None
    approval: Approval
    status: str


class ClientEvents(Output):
    """A row of events."""

    events: list[ClientEvent]


class ClientUser(Output):
    """A person, by the older names."""

    user_id: str
    user_type: str = Field(description="`ADMIN` shows the admin link.")
    first_name: str
    last_name: str
    image_id: str = Field(description="Empty without a picture.")
    user_links: list[str]
    events_visible: list[str] = Field(description="Ids of events.")

    @classmethod
    def of(cls, user: User, events: list[Event]) -> "ClientUser":
        """Show a person with the events of the profile page."""
        return cls(
            user_id=user.get_id(),
            user_type="ADMIN" if user.role is Role.ADMIN else "PUBLIC_USER",
            first_name=user.first_name,
            last_name=user.last_name,
            image_id=user.image_id or "",
            user_links=user.links,
            events_visible=list(dict.fromkeys(event.get_id() for event in events)),
        )


class Row(Output):
    """Events in the order in which the client shows them."""

    events: list[Any]


class Done(Output):
    """Nothing that the client reads."""

    done: bool = True
