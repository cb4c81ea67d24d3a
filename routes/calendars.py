"""Events as calendars and as linked data."""

from hashlib import blake2b
from typing import Annotated

from fastapi import Depends, Path, Query, Request, Response

from docs import calendars as docs
from models.calendars import FeedAddress, FeedRead
from models.event_queries import EventQuery
from models.events import Event
from models.exceptions import CalendarNotFound, EventNotFound, InvalidCursor
from routes._callers import CurrentUser, Viewer
from routes._operations import Operations, Policy, fresh
from routes._parameters import Cursor, PathEventId
from routes.events import event_query
from utils import calendars, events, linked_data

api = Operations("calendars", "/v1")

ICALENDAR = "text/calendar; charset=utf-8"
JSON_LD = "application/ld+json"
PRIVATE = "private, no-store"
SHARED = "public, max-age=60"


@api.get("/events.ics", policy=Policy.ANYONE, status=200, refuses=[InvalidCursor], docs=docs.EVENTS)
async def list_events(
    request: Request,
    query: Annotated[EventQuery, Depends(event_query)],
    limit: Annotated[int, Query(ge=1, le=100, description="How many at most.")] = 100,
    cursor: Cursor = None,
) -> Response:
    page = await events.search(query, limit, cursor)
    following = request.url.include_query_params(cursor=page.next_cursor) if page.next_cursor else None
    caching = PRIVATE if "authorization" in request.headers else SHARED
    answer = _answer(request, await calendars.of_page(page, str(following) if following else None), ICALENDAR, caching)
    if following:
        answer.headers["Link"] = f'<{following.path}?{following.query}>; rel="next"'
    return answer


@api.get("/events/{id}.ics", policy=Policy.ANYONE, status=200, refuses=[EventNotFound], docs=docs.EVENT)
async def read_event(request: Request, event_id: PathEventId, viewer: Viewer) -> Response:
    event = await events.get(event_id, viewer)
    return _answer(request, await calendars.of_event(event), ICALENDAR, _caching(request, event))


@api.get("/events/{id}.jsonld", policy=Policy.ANYONE, status=200, refuses=[EventNotFound], docs=docs.LINKED_DATA)
async def read_linked_data(request: Request, event_id: PathEventId, viewer: Viewer) -> Response:
    event = await events.get(event_id, viewer)
    return _answer(request, linked_data.of_event(event), JSON_LD, _caching(request, event))


@api.post("/users/me/calendar", answer=FeedRead, status=201, policy=Policy.USER, docs=docs.OPEN)
async def open_feed(user: CurrentUser) -> FeedAddress:
    return await calendars.open_feed(user)


@api.delete("/users/me/calendar", policy=Policy.USER, docs=docs.CLOSE)
async def close_feed(user: CurrentUser) -> None:
    await calendars.close_feed(user.get_id())


@api.get("/calendars/{secret}.ics", policy=Policy.ANYONE, status=200, refuses=[CalendarNotFound], docs=docs.FEED)
async def read_feed(
    request: Request, secret: Annotated[str, Path(max_length=64, description="What the address was given with.")]
) -> Response:
    return _answer(request, await calendars.of_secret(secret), ICALENDAR, PRIVATE)


def _caching(request: Request, event: Event) -> str:
    return SHARED if event.is_shared() and "authorization" not in request.headers else PRIVATE


def _answer(request: Request, body: bytes, media_type: str, caching: str) -> Response:
    """The document, or only its headers where the subscriber has it."""
    etag = f'"{blake2b(body, digest_size=12).hexdigest()}"'
    headers = {"Cache-Control": caching, "ETag": etag, "Vary": "Authorization, Accept-Encoding"}
    if held := fresh(request, etag):
        return Response(status_code=304, headers={**headers, "ETag": held})
    return Response(body, headers=headers, media_type=media_type)
