"""Events, and the feedback on them."""

from typing import Annotated

from fastapi import Depends, Query

from docs import events as docs
from docs import feedback as feedback_docs
from models.commons import Page
from models.event_queries import (
    BoundingBox,
    EventIds,
    EventQuery,
    Near,
    Radius,
    Sort,
    Statuses,
    Tags,
    TagsMode,
    When,
    Words,
)
from models.events import Event, EventCreate, EventPage, EventRead, EventUpdate, Moment, Timezone
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
from routes._parameters import EVENT, Cursor, Limit, PathEventId, checked
from utils import events, feedback

api = Operations("events", "/v1/events")


async def event_query(
    *,
    q: Annotated[Words, Query(description="Words; all must be there, the beginning of each is enough.")] = "",
    near: Annotated[Near | None, Query(description="latitude,longitude; nearest first unless sort says else.")] = None,
    radius: Annotated[Radius | None, Query(description="Metres around near; 50000 if not given.")] = None,
    bbox: Annotated[
        BoundingBox | None,
        Query(description="west,south,east,north in degrees; west may lie east of east, across the antimeridian."),
    ] = None,
    from_: Annotated[Moment | None, Query(alias="from", description="Ends after this time.")] = None,
    to: Annotated[Moment | None, Query(description="Starts before this time.")] = None,
    when: Annotated[When | None, Query(description="Overlaps these days of the calendar of tz.")] = None,
    tz: Annotated[Timezone | None, Query(description="The time zone of when, such as America/New_York.")] = None,
    tags: Annotated[Tags, Query(description="Has these tags: repeated, or separated by commas.")] = [],  # noqa: B006  # FastAPI copies it
    tags_mode: Annotated[
        TagsMode, Query(description="Whether any of the tags will do, or all must be there.")
    ] = TagsMode.ANY,
    status: Annotated[Statuses, Query(description="Instead of what is coming or on.")] = [],  # noqa: B006  # as above
    creator_id: Annotated[UserId | None, Query(max_length=64, description="By this person.")] = None,
    ids: Annotated[EventIds, Query(description="Is one of these.")] = [],  # noqa: B006  # as above
    sort: Annotated[Sort | None, Query(description="starts_at, or distance with near; - turns it round.")] = None,
) -> EventQuery:
    """The filters of a list of events."""
    given = {name: value for name, value in locals().items() if value is not None}
    return checked(EventQuery, given)


@api.post(
    "",
    answer=EventRead,
    status=201,
    policy=Policy.USER,
    refuses=[UnknownImages],
    location="/v1/events/{id}",
    reread=events.get,
    docs=docs.CREATE,
)
async def create(form: EventCreate, user: CurrentUser) -> Event:
    return await events.create(form, user)


@api.get("", answer=EventPage, policy=Policy.ANYONE, refuses=[InvalidCursor], shared_s=15, docs=docs.LIST)
async def find(
    query: Annotated[EventQuery, Depends(event_query)], limit: Limit = 20, cursor: Cursor = None
) -> Page[Event]:
    return await events.search(query, limit, cursor)


@api.get(EVENT, answer=EventRead, policy=Policy.ANYONE, refuses=[EventNotFound], shared_s=15, docs=docs.READ)
async def read(event_id: PathEventId, viewer: Viewer) -> Event:
    return await events.get(event_id, viewer)


@api.patch(
    EVENT,
    answer=EventRead,
    policy=Policy.USER,
    refuses=[EventNotFound, Forbidden, EventOver, PreconditionFailed, UnknownImages],
    docs=docs.CHANGE,
)
async def change(event_id: PathEventId, changes: EventUpdate, user: CurrentUser, versions: IfMatch) -> Event:
    return await events.change(event_id, changes, user, versions)


@api.delete(EVENT, policy=Policy.USER, refuses=[EventNotFound, Forbidden, PreconditionFailed], docs=docs.DELETE)
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
    reread=feedback.get,
    docs=feedback_docs.LEAVE,
)
async def leave_feedback(event_id: PathEventId, form: FeedbackCreate, user: CurrentUser) -> Feedback:
    return await feedback.leave(event_id, form, user)
