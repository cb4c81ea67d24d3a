"""What people say about events."""

from typing import Annotated, NewType

from pydantic import Field

from models.commons import OMITTED, ExtendedBaseModel, Input, Output, Prose, StoredDatetime
from models.events import EventId
from models.users import UserId

FeedbackId = NewType("FeedbackId", str)

Comment = Annotated[Prose, Field(min_length=1, max_length=2_000)]
Rating = Annotated[int, Field(ge=1, le=5, strict=True, description="Stars, 1 to 5.")]


class Feedback(ExtendedBaseModel):
    """One document of `feedback`."""

    event_id: EventId
    author_id: UserId | None
    comment: str
    rating: int | None = None


class FeedbackCreate(Input):
    """A comment, with or without a rating."""

    comment: Comment = Field(examples=["The best hour of my week."])
    rating: Rating | None = Field(default=None, examples=[5])


class FeedbackUpdate(Input):
    """A merge patch of one's own feedback."""

    comment: Comment = OMITTED
    rating: Rating | None = OMITTED


class FeedbackRead(Output):
    """Feedback, as clients see it."""

    id: FeedbackId
    event_id: EventId
    author_id: UserId | None
    comment: str
    rating: int | None
    created_at: StoredDatetime
    updated_at: StoredDatetime
    version: int


class FeedbackPage(Output):
    """A stretch of the feedback on an event."""

    items: list[FeedbackRead]
    next_cursor: str | None
