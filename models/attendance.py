"""Who takes part in which event."""

from enum import StrEnum
from typing import NamedTuple

from pydantic import Field

from models.commons import ExtendedBaseModel, Output, UtcDatetime
from models.events import Event, EventId, EventRead
from models.users import UserId


class State(StrEnum):
    """How a person takes part."""

    ATTENDING = "attending"
    WAITING = "waiting"


class Attendance(ExtendedBaseModel):
    """One document of `attendance`: what there is between one person and one event.

    Attributes:
        state: None for somebody who only saved the event, or whose joining is under way.
        ticket: the number drawn from the event's counter; the queue goes by it.
        shown: whether what is saved appears in the profile of the published client, which everybody may read.
        joining_at: since when a request has been on its way in; gone when it is done.
        attempt: which request that is.
    """

    event_id: EventId
    user_id: UserId
    state: State | None = None
    ticket: int | None = None
    joined_at: UtcDatetime | None = None
    saved_at: UtcDatetime | None = None
    shown: bool | None = None
    joining_at: UtcDatetime | None = None
    attempt: str | None = None


class Seat(NamedTuple):
    """What an arrival got when it was counted."""

    state: State
    ticket: int
    position: int | None


class Seats(NamedTuple):
    """How an event's counters stand at one of its versions."""

    version: int
    attending: int
    waiting: int
    free: int
    open: bool


class Standing(NamedTuple):
    """Where a person stands: in, or at which place of the queue."""

    state: State
    position: int | None


class Held(NamedTuple):
    """A pair with its event, None where that is not for the person to see."""

    attendance: Attendance
    event: Event | None

    @property
    def event_id(self) -> EventId:
        """Which event."""
        return self.attendance.event_id

    @property
    def state(self) -> State | None:
        """How the person takes part."""
        return self.attendance.state

    @property
    def joined_at(self) -> UtcDatetime | None:
        """Since when."""
        return self.attendance.joined_at

    @property
    def saved_at(self) -> UtcDatetime | None:
        """When it was saved."""
        return self.attendance.saved_at


class Attendee(NamedTuple):
    """A pair with the person's name."""

    user_id: UserId
    first_name: str
    last_name: str
    state: State
    joined_at: UtcDatetime


class StandingRead(Output):
    """Where I stand."""

    state: State
    position: int | None = Field(
        description="My place on the waiting list, the first being 1; null when I attend. "
        "10000 means that or further back."
    )


class AttendeeRead(Output):
    """Somebody who attends or waits."""

    user_id: UserId
    first_name: str
    last_name: str
    state: State
    joined_at: UtcDatetime


class AttendeePage(Output):
    """A stretch of the list of attendees."""

    items: list[AttendeeRead]
    next_cursor: str | None


class HeldRead(Output):
    """An event that I attend or wait for."""

    event_id: EventId
    state: State
    joined_at: UtcDatetime
    event: EventRead | None = Field(description="Null while it is not for me to see.")


class HeldPage(Output):
    """A stretch of what I attend or wait for."""

    items: list[HeldRead]
    next_cursor: str | None


class SavedRead(Output):
    """An event that I saved."""

    event_id: EventId
    saved_at: UtcDatetime
    event: EventRead | None = Field(description="Null while it is not for me to see.")


class SavedPage(Output):
    """A stretch of what I saved."""

    items: list[SavedRead]
    next_cursor: str | None
