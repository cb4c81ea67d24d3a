"""Parameters that several operations share."""

from typing import Annotated

from fastapi import Path, Query

from models.events import EventId
from models.feedback import FeedbackId
from models.users import UserId

Limit = Annotated[int, Query(ge=1, le=100, description="How many at most.")]
Cursor = Annotated[str | None, Query(max_length=600, description="Where to go on: `next_cursor` of the answer before.")]
PathEventId = Annotated[EventId, Path(alias="id", max_length=64, description="The event.")]
PathUserId = Annotated[UserId, Path(alias="id", max_length=64, description="The person.")]
PathFeedbackId = Annotated[FeedbackId, Path(alias="id", max_length=64, description="The feedback.")]
