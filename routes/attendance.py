"""Taking part in events."""

import csv
import io
from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Literal

from fastapi import Header, Query, Response
from fastapi.responses import StreamingResponse

from docs import attendance as docs
from models.attendance import (
    Attendee,
    AttendeePage,
    Held,
    HeldPage,
    SavedPage,
    Standing,
    StandingRead,
    State,
)
from models.commons import Page
from models.exceptions import (
    AttendanceNotFound,
    AttendanceUnsettled,
    EventNotFound,
    EventOver,
    Forbidden,
    InvalidCursor,
    TooManyRequests,
)
from routes._callers import CurrentUser
from routes._operations import Operations, Policy
from routes._parameters import Cursor, Limit, PathEventId
from utils import attendance

api = Operations("attendance", "/v1")

Which = Annotated[State | None, Query(description="Only these.")]
CSV = "text/csv; charset=utf-8"
_COLUMNS = ("user_id", "first_name", "last_name", "state", "joined_at")
# Spreadsheets take a cell that starts so for a formula (OWASP, CSV Injection); the wide forms count as the others.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


@api.put(
    "/events/{id}/attendance",
    answer=StandingRead,
    policy=Policy.USER,
    refuses=[EventNotFound, EventOver, AttendanceUnsettled, TooManyRequests],
    docs=docs.ATTEND,
)
async def attend(event_id: PathEventId, user: CurrentUser) -> Standing:
    return await attendance.attend(event_id, user)


@api.get(
    "/events/{id}/attendance", answer=StandingRead, policy=Policy.USER, refuses=[AttendanceNotFound], docs=docs.STANDING
)
async def read(event_id: PathEventId, user: CurrentUser) -> Standing:
    return await attendance.standing(event_id, user)


@api.delete(
    "/events/{id}/attendance",
    policy=Policy.USER,
    refuses=[EventNotFound, EventOver, TooManyRequests],
    docs=docs.LEAVE,
)
async def leave(event_id: PathEventId, user: CurrentUser) -> None:
    await attendance.leave(event_id, user)


@api.get(
    "/events/{id}/attendees",
    answer=AttendeePage,
    produces=["text/csv"],
    policy=Policy.USER,
    refuses=[EventNotFound, Forbidden, InvalidCursor],
    docs=docs.ATTENDEES,
)
async def list_attendees(
    *,
    event_id: PathEventId,
    user: CurrentUser,
    state: Which = None,
    format_: Annotated[
        Literal["json", "csv"] | None, Query(alias="format", description="Instead of what Accept says.")
    ] = None,
    accept: Annotated[str, Header(include_in_schema=False)] = "",
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Page[Attendee] | Response:
    if format_ == "csv" or (format_ is None and "text/csv" in accept):
        return _table(await attendance.all_attendees(event_id, user, state))
    return await attendance.attendees(event_id, user, state, limit, cursor)


@api.get("/users/me/attendance", answer=HeldPage, policy=Policy.USER, refuses=[InvalidCursor], docs=docs.MINE)
async def list_mine(user: CurrentUser, state: Which = None, limit: Limit = 20, cursor: Cursor = None) -> Page[Held]:
    return await attendance.mine(user, state, limit, cursor)


@api.get("/users/me/saved", answer=SavedPage, policy=Policy.USER, refuses=[InvalidCursor], docs=docs.SAVED)
async def list_saved(user: CurrentUser, limit: Limit = 20, cursor: Cursor = None) -> Page[Held]:
    return await attendance.saved(user, limit, cursor)


@api.put("/users/me/saved/{id}", policy=Policy.USER, refuses=[EventNotFound], docs=docs.SAVE)
async def save(event_id: PathEventId, user: CurrentUser) -> None:
    await attendance.save(event_id, user)


@api.delete("/users/me/saved/{id}", policy=Policy.USER, docs=docs.UNSAVE)
async def unsave(event_id: PathEventId, user: CurrentUser) -> None:
    await attendance.unsave(event_id, user)


def _table(attendees: AsyncIterator[Attendee]) -> Response:
    """The list as a table (RFC 4180), sent while it is read."""
    headers = {
        "Cache-Control": "no-store",
        "Content-Disposition": 'attachment; filename="attendees.csv"',
        "Vary": "Accept, Authorization",
    }
    return StreamingResponse(_rows(attendees), headers=headers, media_type=CSV)


async def _rows(attendees: AsyncIterator[Attendee]) -> AsyncIterator[str]:
    yield _row(_COLUMNS)
    async for attendee in attendees:
        joined = attendee.joined_at.isoformat().replace("+00:00", "Z")
        yield _row((attendee.user_id, attendee.first_name, attendee.last_name, attendee.state, joined))


def _row(cells: Sequence[str]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells])
    return line.getvalue()
