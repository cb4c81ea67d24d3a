"""The older paths, for the published Underline web client: each maps to today's interfaces (RFC 9745: deprecated)."""

from typing import Annotated

from fastapi import Depends, Query, Request, Response
from starlette.datastructures import UploadFile

from docs import underline_client as docs
from models.events import Event
from models.exceptions import (
    AlreadyDecided,
    Busy,
    CommonPassword,
    EmailTaken,
    EventNotFound,
    Forbidden,
    ImageNotFound,
    MalformedBody,
    TooLarge,
    TooManyLogins,
    UnknownImages,
    UnsupportedMediaType,
    UnusableImage,
    UserNotFound,
    WrongCredentials,
)
from models.images import Image
from models.underline_client import (
    ByEventId,
    ByUserId,
    ClientBatchQuery,
    ClientDecision,
    ClientEvent,
    ClientEventCreate,
    ClientEventId,
    ClientEvents,
    ClientImage,
    ClientLogin,
    ClientProfileUpdate,
    ClientRegistration,
    ClientToken,
    Done,
    Row,
)
from models.underline_client import ClientUser as Person
from routes._callers import ClientUser, ClientViewer, client_admin, client_moderator, client_user
from routes._downloads import served
from routes._operations import Operations, Policy
from routes._parameters import PathEventId
from routes._signing import CallerOf
from routes._uploads import OneFile
from utils import events, images, underline_client

SINCE = "@1795305600"  # 2026-11-22, as RFC 9745 writes it
api = Operations(
    "underline_client",
    guards={
        Policy.ANYONE: None,
        Policy.USER: client_user,
        Policy.MODERATOR: client_moderator,
        Policy.ADMIN: client_admin,
    },
    headers={"Deprecation": SINCE, "Link": '</docs>; rel="deprecation"'},
    deprecated=True,
)


@api.get("/auth/validate", answer=Done, policy=Policy.USER, docs=docs.VALIDATE)
async def validate(_user: ClientUser) -> Done:
    return Done()


@api.post(
    "/users/register",
    answer=ClientToken,
    policy=Policy.ANYONE,
    refuses=[EmailTaken, CommonPassword, Busy],
    docs=docs.REGISTER,
)
async def register(form: ClientRegistration, caller: CallerOf) -> ClientToken:
    return await underline_client.register(form, caller)


@api.post(
    "/users/login",
    answer=ClientToken,
    policy=Policy.ANYONE,
    refuses=[WrongCredentials, TooManyLogins, Busy],
    docs=docs.LOGIN,
)
async def login(form: ClientLogin, caller: CallerOf) -> ClientToken:
    return await underline_client.log_in(form, caller)


@api.post("/users/find", answer=Person, policy=Policy.ANYONE, refuses=[UserNotFound], docs=docs.FIND_USER)
async def find_user(wanted: ByUserId) -> Person:
    return await underline_client.show(wanted.user_id)


@api.patch("/users/update", answer=Done, policy=Policy.USER, refuses=[Forbidden, UnknownImages], docs=docs.UPDATE_USER)
async def update_user(form: ClientProfileUpdate, user: ClientUser) -> Done:
    return await underline_client.change(form, user)


@api.delete("/users/delete", policy=Policy.USER, refuses=[Forbidden, UserNotFound], docs=docs.DELETE_USER)
async def delete_user(wanted: ByUserId, user: ClientUser) -> None:
    await underline_client.delete(wanted.user_id, user)


@api.post("/admin/register", answer=Done, policy=Policy.ADMIN, refuses=[EmailTaken], docs=docs.REGISTER_ADMIN)
async def register_admin(form: ClientRegistration, user: ClientUser) -> Done:
    return await underline_client.register_admin(form, user)


@api.delete("/admin/delete", policy=Policy.ADMIN, refuses=[UserNotFound], docs=docs.DELETE_USER)
async def delete_as_admin(wanted: ByUserId, user: ClientUser) -> None:
    await underline_client.delete(wanted.user_id, user)


@api.put("/users/add_event", answer=Done, policy=Policy.USER, refuses=[EventNotFound], docs=docs.KEEP_EVENT)
async def keep_event(wanted: ByEventId, user: ClientUser) -> Done:
    return await underline_client.keep(wanted, user)


@api.post(
    "/events/register", answer=ClientEventId, policy=Policy.USER, refuses=[UnknownImages], docs=docs.REGISTER_EVENT
)
async def register_event(form: ClientEventCreate, user: ClientUser) -> Event:
    return await events.create(form.to_event(), user)


@api.get("/events/get/{id}", answer=ClientEvent, policy=Policy.ANYONE, refuses=[EventNotFound], docs=docs.READ_EVENT)
async def read_event(event_id: PathEventId, viewer: ClientViewer) -> Event:
    return await events.get(event_id, viewer)


@api.post("/events/find/batch", answer=ClientEvents, policy=Policy.ANYONE, docs=docs.FIND_EVENTS)
async def find_events(wanted: ClientBatchQuery) -> Row:
    return await underline_client.row(wanted)


@api.get("/admin/events_queue", answer=ClientEvents, policy=Policy.MODERATOR, docs=docs.QUEUE)
async def queue() -> Row:
    return await underline_client.queue()


@api.get(
    "/admin/decide_event",
    answer=Done,
    policy=Policy.MODERATOR,
    refuses=[EventNotFound, AlreadyDecided],
    docs=docs.DECIDE,
)
async def decide(wanted: Annotated[ClientDecision, Query()], user: ClientUser) -> Done:
    return await underline_client.decide(wanted, user)


@api.post(
    "/images/upload",
    answer=ClientImage,
    policy=Policy.USER,
    status=201,
    refuses=[MalformedBody, TooLarge, UnsupportedMediaType, UnusableImage],
    docs=docs.UPLOAD_IMAGE,
)
async def upload_image(user: ClientUser, file: Annotated[UploadFile, Depends(OneFile(ignoring={"name"}))]) -> Image:
    return await images.upload(file.file, user)


@api.get("/images/get", policy=Policy.ANYONE, status=200, refuses=[ImageNotFound], docs=docs.READ_IMAGE)
async def read_image(
    request: Request, image_id: Annotated[str, Query(max_length=100, description="The picture.")]
) -> Response:
    return await served(request, *await images.open_variant(image_id))
