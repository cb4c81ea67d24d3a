"""People."""

from typing import Annotated

from fastapi import Body, Response
from fastapi.responses import StreamingResponse

from docs import users as docs
from models.auth import PasswordChange
from models.commons import Page
from models.confirmations import AddressChange, Erasure
from models.event_queries import EventQuery
from models.events import Event, EventPage, Status
from models.exceptions import (
    Busy,
    CommonPassword,
    EmailTaken,
    InvalidCursor,
    LastAdmin,
    MalformedBody,
    PreconditionFailed,
    ReauthenticationNeeded,
    TooLarge,
    TooManyLogins,
    UnknownImages,
    UnsupportedMediaType,
    UserNotFound,
    WrongPassword,
)
from models.users import ProfileRead, User, UserCreate, UserId, UserRead, UserUpdate
from routes._callers import CurrentUser, IfMatch
from routes._operations import Operations, Policy
from routes._parameters import Cursor, Limit, PathUserId
from routes._signing import CallerOf, CurrentSession
from utils import confirmations, events, privacy, profiles, sessions, users

api = Operations("users", "/v1/users")


@api.post(
    "",
    answer=UserRead,
    status=201,
    policy=Policy.ANYONE,
    refuses=[EmailTaken, CommonPassword, Busy],
    location="/v1/users/{id}",
    reread=users.reread,
    docs=docs.REGISTER,
)
async def register(form: UserCreate) -> User:
    return await confirmations.register(form)


@api.get("/me", answer=UserRead, policy=Policy.USER, docs=docs.READ_ME)
async def read_me(user: CurrentUser) -> User:
    return user


@api.patch("/me", answer=UserRead, policy=Policy.USER, refuses=[PreconditionFailed, UnknownImages], docs=docs.CHANGE_ME)
async def change_me(changes: UserUpdate, user: CurrentUser, versions: IfMatch) -> User:
    return await profiles.change(user, changes, versions)


@api.delete(
    "/me",
    policy=Policy.USER,
    refuses=[
        ReauthenticationNeeded,
        WrongPassword,
        LastAdmin,
        PreconditionFailed,
        TooManyLogins,
        Busy,
        MalformedBody,
        UnsupportedMediaType,
        TooLarge,
    ],
    docs=docs.ERASE_ME,
)
async def erase_me(
    user: CurrentUser,
    session_id: CurrentSession,
    caller: CallerOf,
    versions: IfMatch,
    proof: Annotated[Erasure | None, Body()] = None,
) -> None:
    await privacy.erase(user, proof, session_id, caller, versions)


@api.get("/me/export", policy=Policy.USER, status=200, docs=docs.EXPORT_ME)
async def export_me(user: CurrentUser) -> Response:
    headers = {"Content-Disposition": 'attachment; filename="underline-export.zip"', "Cache-Control": "no-store"}
    return StreamingResponse(await privacy.export(user), media_type="application/zip", headers=headers)


@api.put(
    "/me/password",
    policy=Policy.USER,
    refuses=[WrongPassword, CommonPassword, TooManyLogins, Busy],
    docs=docs.CHANGE_PASSWORD,
)
async def change_password(
    form: PasswordChange, user: CurrentUser, session_id: CurrentSession, caller: CallerOf
) -> None:
    await sessions.change_password(user, form, session_id, caller)


@api.put(
    "/me/email",
    status=202,
    policy=Policy.USER,
    refuses=[WrongPassword, TooManyLogins, Busy],
    docs=docs.CHANGE_ADDRESS,
)
async def change_address(form: AddressChange, user: CurrentUser, caller: CallerOf) -> None:
    await confirmations.request_change(user, form, caller)


@api.get("/me/events", answer=EventPage, policy=Policy.USER, refuses=[InvalidCursor], docs=docs.MY_EVENTS)
async def list_my_events(user: CurrentUser, limit: Limit = 20, cursor: Cursor = None) -> Page[Event]:
    return await events.search(EventQuery.of_creator(UserId(user.get_id()), list(Status)), limit, cursor)


@api.get(
    "/{id}",
    answer=ProfileRead,
    policy=Policy.ANYONE,
    refuses=[UserNotFound],
    shared_s=60,
    docs=docs.READ_PROFILE,
)
async def read_profile(user_id: PathUserId) -> User:
    return await users.get(user_id)
