"""Events, and the feedback on them."""

from typing import Annotated, Literal

from fastapi import Depends, Query

from docs import events as docs
from docs import feedback as feedback_docs
from models.commons import Page
from models.events import Event, EventCreate, EventPage, EventQuery, EventRead, EventUpdate, Moment, Status, Tag
from models.exceptions import (
    EventNotFound,
    EventOver,
    FeedbackExists,
    Forbidden,
    InvalidCursor,
    PreconditionFailed,
    UnknownImages,
)
from models.feedback import Feedback, FeedbackCreate, FeedbackPage, FeedbackRead
from models.users import UserId
from routes._callers import CurrentUser, IfMatch, Viewer
from routes._operations import Operations, Policy
from routes._parameters import Cursor, Limit, PathEventId
from utils import events, feedback

api = Operations("events", "/v1/events")


def event_query(
    *,
    from_: Annotated[Moment | None, Query(alias="from", description="Ends after this time.")] = None,
    to: Annotated[Moment | None, Query(description="Starts before this time.")] = None,
    tags: Annotated[list[Tag], Query(description="Has any of these tags.", max_length=14)] = [],  # noqa: B006  # FastAPI copies it
    status: Annotated[list[Status], Query(description="Instead of what is coming or on.", max_length=4)] = [],  # noqa: B006  # as above
    creator_id: Annotated[UserId | None, Query(max_length=64, description="By this person.")] = None,
    sort: Annotated[
        Literal["starts_at", "-starts_at", "created_at", "-created_at"], Query(description="- turns it round.")
    ] = "starts_at",
) -> EventQuery:
    """The filters of a list of events."""
    return EventQuery(from_=from_, to=to, tags=tags, status=status, creator_id=creator_id, sort=sort)


@api.post(
    "",
    answer=EventRead,
    status=201,
    policy=Policy.USER,
    refuses=[UnknownImages],
    location="/v1/events/{id}",
    docs=docs.CREATE,
)
async def create(form: EventCreate, user: CurrentUser) -> Event:
    return await events.create(form, user)


@api.get("", answer=EventPage, policy=Policy.ANYONE, refuses=[InvalidCursor], shared_s=15, docs=docs.LIST)
async def find(
    query: Annotated[EventQuery, Depends(event_query)], limit: Limit = 20, cursor: Cursor = None
) -> Page[Event]:
    return await events.search(query, limit, cursor)


@api.get("/{id}", answer=EventRead, policy=Policy.ANYONE, refuses=[EventNotFound], shared_s=15, docs=docs.READ)
async def read(event_id: PathEventId, viewer: Viewer) -> Event:
    return await events.get(event_id, viewer)


@api.patch(
    "/{id}",
    answer=EventRead,
    policy=Policy.USER,
    refuses=[EventNotFound, Forbidden, EventOver, PreconditionFailed, UnknownImages],
    docs=docs.CHANGE,
)
async def change(event_id: PathEventId, changes: EventUpdate, user: CurrentUser, versions: IfMatch) -> Event:
    return await events.change(event_id, changes, user, versions)


@api.delete("/{id}", policy=Policy.USER, refuses=[EventNotFound, Forbidden, PreconditionFailed], docs=docs.DELETE)
async def delete(event_id: PathEventId, user: CurrentUser, versions: IfMatch) -> None:
    await events.delete(event_id, user, versions)


@api.post(
    "/{id}/cancel",
    answer=EventRead,
    policy=Policy.USER,
    refuses=[EventNotFound, Forbidden, EventOver, PreconditionFailed],
    docs=docs.CANCEL,
)
async def cancel(event_id: PathEventId, user: CurrentUser, versions: IfMatch) -> Event:
    return await events.cancel(event_id, user, versions)


@api.get(
    "/{id}/feedback",
    answer=FeedbackPage,
    policy=Policy.ANYONE,
    refuses=[EventNotFound, InvalidCursor],
    shared_s=15,
    docs=feedback_docs.LIST,
)
async def list_feedback(
    event_id: PathEventId, viewer: Viewer, limit: Limit = 20, cursor: Cursor = None
) -> Page[Feedback]:
    return await feedback.listing(event_id, viewer, limit, cursor)


@api.post(
    "/{id}/feedback",
    answer=FeedbackRead,
    status=201,
    policy=Policy.USER,
    refuses=[EventNotFound, FeedbackExists],
    location="/v1/feedback/{id}",
    docs=feedback_docs.LEAVE,
)
async def leave_feedback(event_id: PathEventId, form: FeedbackCreate, user: CurrentUser) -> Feedback:
    return await feedback.leave(event_id, form, user)
