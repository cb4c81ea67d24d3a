"""Assembles the service and nothing else."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from time import monotonic

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware

from config import db, middleware, openapi, tasks
from config.compression import Compression
from config.main import LOCAL_ORIGINS, settings
from config.main import app as app  # noqa: PLC0414  # the name that servers look for
from config.observation import Observer
from models.notices import (
    CapacityGrown,
    EventCancelled,
    EventDeleted,
    EventMoved,
    ImagesDeleted,
    PasswordChanged,
    SignedIn,
    UserDeleted,
    UserSuspended,
)
from routes import (
    _negotiation,
    _policies,
    _problems,
    _refusals,
    admin,
    attendance,
    auth,
    calendars,
    events,
    feedback,
    health,
    images,
    links,
    maps,
    pages,
    underline_client,
    users,
)
from utils import attendance as attendance_store
from utils import audit, chores, confirmations, galleries, hub, idempotency, mail, migrations, queues, tokens
from utils import calendars as calendars_store
from utils import events as events_store
from utils import feedback as feedback_store
from utils import images as images_store
from utils import sessions as sessions_store
from utils import users as users_store

WIRING: dict[type, list[hub.Handler]] = {
    UserDeleted: [
        sessions_store.on_user_gone,
        events_store.on_user_deleted,
        attendance_store.on_user_deleted,
        calendars_store.on_user_deleted,
        feedback_store.on_user_deleted,
        images_store.on_user_deleted,
        tokens.on_user_deleted,
        mail.on_user_deleted,
        audit.on_user_deleted,
        idempotency.on_user_deleted,
    ],
    UserSuspended: [sessions_store.on_user_gone],
    PasswordChanged: [sessions_store.on_password_changed, confirmations.on_password_changed],
    SignedIn: [confirmations.on_signed_in],
    EventDeleted: [attendance_store.on_event_deleted, feedback_store.on_event_deleted, galleries.on_event_deleted],
    ImagesDeleted: [events_store.on_images_deleted, users_store.on_images_deleted],
    EventCancelled: [queues.on_event_changed],
    EventMoved: [queues.on_event_changed],
    CapacityGrown: [attendance_store.on_capacity_grown],
}
CHORES: list[chores.Chore] = [mail.sweep, queues.reconcile, users_store.finish_erasures, events_store.archive]

# Below gunicorn's timeout: a worker that starts while the store is away must not end as one that cannot start, for then
# all the others are ended, too.
STORE_PATIENCE_S = 20

observer = Observer()


@asynccontextmanager
async def opened(*, as_it_is: bool = False, patience_s: float = 0) -> AsyncIterator[None]:
    """Hold the store and the queue open, with the hub wired: what the service, its worker and its commands share.

    Locally the stored data is brought in line first, unless it is wanted as it is; a deployment has `migrate` for that.

    Args:
        as_it_is: leave the stored data as it is.
        patience_s: how long to wait for a store that is away, in seconds.
    """
    hub.wire(WIRING)
    async with observer.sending(settings), db.opened(listeners=observer.store_listeners):
        if not settings.hosted and not as_it_is:
            await _catch_up(monotonic() + patience_s)
        async with tasks.opened():
            yield


async def _catch_up(deadline: float) -> None:
    while True:
        try:
            await migrations.catch_up()
        except db.STORE_AWAY:
            if monotonic() > deadline:
                raise
            await asyncio.sleep(1)
        else:
            return


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
    """Be ready while the service runs; without a worker process the chores are done here."""
    observer.begin_log(settings)
    async with (
        _negotiation.counting(),
        opened(patience_s=STORE_PATIENCE_S),
        chores.kept([] if tasks.SHARED else CHORES),
    ):
        yield


for area in (  # tried in this order: what is asked for most comes first, fixed names before those with an id
    calendars,
    maps,
    events,
    attendance,
    feedback,
    images,
    users,
    auth,
    health,
    admin,
    pages,
    links,
    underline_client,
):
    # Not include_router: it would analyse every operation again, and look for it twice at each request.
    app.router.routes.extend(area.api.router.routes)
_policies.require(app.routes)
_refusals.install(app, db.StoreError, db.is_away)
app.openapi = partial(openapi.describe, app)  # type: ignore[method-assign]  # FastAPI's way to replace it

app.router.lifespan_context = lifespan
app.add_middleware(  # innermost
    middleware.Guard,
    render=_problems.render,
    hosts=settings.allowed_hosts,
    timeout_s=settings.request_timeout_s,
)
app.add_middleware(Compression)
app.add_middleware(
    CORSMiddleware,
    allow_origins=settings.cors_origins,
    allow_origin_regex=None if settings.hosted else LOCAL_ORIGINS,
    allow_credentials=True,
    allow_methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"],
    allow_headers=[
        "Authorization",
        "Content-Type",
        "If-Match",
        "If-None-Match",
        "Idempotency-Key",
        "X-Request-ID",
        "token",
    ],
    expose_headers=[
        "Deprecation",
        "ETag",
        "Idempotency-Replayed",
        "Link",
        "Location",
        "RateLimit",
        "RateLimit-Policy",
        "Retry-After",
        "X-Request-ID",
    ],
    max_age=600,
)
app.add_middleware(middleware.RequestContext, observer=observer, hosted=settings.hosted)  # outermost
