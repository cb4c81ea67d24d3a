"""The queue, and people."""

from typing import Annotated

from fastapi import Depends, Query

from docs import admin as docs
from models.audit import Action, AuditPage, AuditQuery, AuditRecord
from models.commons import Page
from models.event_queries import EventQuery
from models.events import Approval, Decision, Event, EventPage, EventRead, Moment
from models.exceptions import AlreadyDecided, EventNotFound, InvalidCursor, LastAdmin, PreconditionFailed, UserNotFound
from models.stats import Stats
from models.users import Role, User, UserAdminUpdate, UserPage, UserRead
from routes._callers import CurrentUser, IfMatch
from routes._operations import Operations, Policy
from routes._parameters import Cursor, Limit, PathEventId, PathUserId
from utils import audit, events, stats, users

api = Operations("admin", "/v1/admin")


async def _audit_query(
    actor_id: Annotated[str | None, Query(max_length=64, description="Who did it.")] = None,
    action: Annotated[Action | None, Query(description="What was done.")] = None,
    target_id: Annotated[str | None, Query(max_length=64, description="What it was done to.")] = None,
    since: Annotated[Moment | None, Query(alias="from", description="Not before this time.")] = None,
    until: Annotated[Moment | None, Query(alias="to", description="Before this time.")] = None,
) -> AuditQuery:
    return AuditQuery(actor_id=actor_id, action=action, target_id=target_id, since=since, until=until)


@api.get("/events", answer=EventPage, policy=Policy.MODERATOR, refuses=[InvalidCursor], docs=docs.QUEUE)
async def queue(
    approval: Annotated[Approval, Query(description="Which.")] = Approval.UNAPPROVED,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Page[Event]:
    return await events.search(EventQuery.queue(approval), limit, cursor)


@api.post(
    "/events/{id}/decision",
    answer=EventRead,
    policy=Policy.MODERATOR,
    refuses=[EventNotFound, AlreadyDecided],
    docs=docs.DECIDE,
)
async def decide(event_id: PathEventId, verdict: Decision, user: CurrentUser) -> Event:
    return await events.decide(event_id, verdict, user)


@api.get("/users", answer=UserPage, policy=Policy.ADMIN, refuses=[InvalidCursor], docs=docs.USERS)
async def list_users(
    role: Annotated[Role | None, Query(description="Only these.")] = None, limit: Limit = 20, cursor: Cursor = None
) -> Page[User]:
    return await users.listing(role, limit, cursor)


@api.patch(
    "/users/{id}",
    answer=UserRead,
    policy=Policy.ADMIN,
    refuses=[UserNotFound, PreconditionFailed, LastAdmin],
    docs=docs.CHANGE_USER,
)
async def change_user(user_id: PathUserId, changes: UserAdminUpdate, user: CurrentUser, versions: IfMatch) -> User:
    return await users.change_as_admin(user_id, changes, versions, user)


@api.get("/audit", answer=AuditPage, policy=Policy.ADMIN, refuses=[InvalidCursor], docs=docs.AUDIT)
async def list_audit(
    query: Annotated[AuditQuery, Depends(_audit_query)], limit: Limit = 20, cursor: Cursor = None
) -> Page[AuditRecord]:
    return await audit.listing(query, limit, cursor)


@api.get("/stats", answer=Stats, policy=Policy.ADMIN, docs=docs.STATS)
async def read_stats() -> Stats:
    return await stats.overview()
