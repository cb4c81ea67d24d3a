"""Assembles the service and nothing else."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware

from config import db, middleware, openapi
from config.main import LOCAL_ORIGINS, settings
from config.main import app as app  # noqa: PLC0414  # the name that servers look for
from models.notices import EventDeleted, PasswordChanged, UserDeleted, UserSuspended
from routes import _problems, _refusals, admin, auth, events, feedback, health, pages, users
from utils import events as events_store
from utils import feedback as feedback_store
from utils import hub, indexes
from utils import sessions as sessions_store

WIRING: dict[type, list[hub.Handler]] = {
    UserDeleted: [sessions_store.on_user_gone, events_store.on_user_deleted, feedback_store.on_user_deleted],
    UserSuspended: [sessions_store.on_user_gone],
    PasswordChanged: [sessions_store.on_password_changed],
    EventDeleted: [feedback_store.on_event_deleted],
}


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
    """Hold the store open while the service runs."""
    hub.wire(WIRING)
    async with db.opened():
        await indexes.ensure()
        yield


for area in (auth, users, events, feedback, admin, health, pages):
    app.include_router(area.api.router)
_refusals.install(app, db.STORE_AWAY)
app.openapi = partial(openapi.describe, app)  # type: ignore[method-assign]  # FastAPI's way to replace it

app.router.lifespan_context = lifespan
app.add_middleware(middleware.Guard, render=_problems.render)  # innermost
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
    expose_headers=["ETag", "Link", "Location", "Retry-After", "X-Request-ID", "RateLimit", "RateLimit-Policy"],
    max_age=600,
)
app.add_middleware(middleware.RequestContext)  # outermost
