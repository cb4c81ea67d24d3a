"""The six callers, what they call upon, and the request for each operation."""

import asyncio
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from httpx import AsyncClient, Response

from config import db
from models.auth import Caller, Login
from models.events import Approval, Decision, EventCreate
from models.feedback import FeedbackCreate
from models.users import Role, User, UserAdminUpdate, UserCreate
from tests.access_table import CALLERS
from tests.conftest import PASSWORD, event_form
from tests.contract import Case
from tests.pictures import picture
from utils import events, feedback, images, sessions, users

ROLES = {"moderator": Role.MODERATOR, "admin": Role.ADMIN, "second-admin": Role.ADMIN}
SPENT = {"underline_client_delete_user", "underline_client_delete_as_admin"}  # the owner is gone after a caller's turn
WAITING = {"events_read", "admin_decide", "underline_client_read_event", "underline_client_decide"}

# Bodies, where the example of the API page will not do. {names} are put in: see `Scene.named`.
BODIES: dict[str, Any] = {
    "auth_login": {"email": "second-admin@example.org", "password": PASSWORD},
    "auth_refresh": {"refresh_token": "{refresh_token}"},
    "auth_logout": None,
    "users_register": {
        "first_name": "New",
        "last_name": "Person",
        "email": "{new}@example.org",
        "password": PASSWORD,
    },
    "users_erase_me": {"password": PASSWORD},
    "users_change_password": {"current_password": PASSWORD, "new_password": "another good pass phrase"},
    "users_change_address": {"email": "{new}@example.org", "password": PASSWORD},
    "underline_client_register": {
        "first_name": "New",
        "last_name": "Person",
        "email": "{new}@example.org",
        "password": PASSWORD,
    },
    "underline_client_register_admin": {
        "first_name": "New",
        "last_name": "Person",
        "email": "{new}@example.org",
        "password": PASSWORD,
    },
    "underline_client_login": {"identifier": {"email": "second-admin@example.org"}, "password": PASSWORD},
    "underline_client_keep_event": {"event_id": "{event}"},
    "underline_client_find_user": {"user_id": "{owner}"},
    "underline_client_update_user": {"identifier": {"user_id": "{owner}"}, "user_links": [], "image_id": ""},
    "underline_client_delete_user": {"user_id": "{owner}"},
    "underline_client_delete_as_admin": {"user_id": "{owner}"},
}
FORMS = {"auth_token": {"username": "second-admin@example.org", "password": PASSWORD}}
QUERIES = {
    "underline_client_decide": {"event_id": "{event}", "approve_bool": "true"},
    "underline_client_read_image": {"image_id": "{image}"},
}
# What {id} and the like in a path stand for, by the first part of the path that fits.
PLACES = {
    "/v1/auth/sessions": "{session}",
    "/v1/users/me/saved": "{event}",
    "/v1/users": "{owner}",
    "/v1/admin/users": "{third}",
    "/v1/feedback": "{feedback}",
    "/v1/images": "{image}",
    "/problems": "forbidden",
    "/v1/calendars": "no-such-secret",
}


@dataclass
class Scene:
    """The people, signed in."""

    people: dict[str, User] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    client_tokens: dict[str, str] = field(default_factory=dict)
    refresh_tokens: dict[str, str] = field(default_factory=dict)

    async def named(self, name: str, caller: str, operation: str) -> str:  # noqa: PLR0911  # one for each name
        """What is put into a request for a {name}; documents are made anew each time."""
        owner = self.people["owner"]
        match name:
            case "event":
                return await _event(owner, approved=operation not in WAITING)
            case "feedback":
                form = FeedbackCreate.model_validate({"comment": "Good.", "rating": 5})
                foreign = await _event(self.people["third"], approved=True)
                return (await feedback.leave(foreign, form, owner)).get_id()
            case "image":
                return (await images.upload(BytesIO(picture()), owner)).get_id()
            case "session":
                return sessions.session_of(self.tokens["owner"])
            case "refresh_token":
                return self.refresh_tokens.get(caller, "none")
            case "new":
                return f"new-{caller}"
            case _:
                return self.people[name].get_id()

    def headers(self, caller: str, case: Case) -> dict[str, str]:
        """The caller's token, where the operation reads it."""
        if caller == "anonymous":
            return {}
        if _of_client(case):
            return {"token": self.client_tokens[caller]}
        return {"Authorization": f"Bearer {self.tokens[caller]}"}


_set: dict[bool, tuple[Scene, dict[str, list[db.Document]]]] = {}


async def set_scene(case: Case) -> Scene:
    """The people, signed in, one of them suspended; made once in this process, then their documents are put back."""
    of_client = _of_client(case)
    store = db.database()
    if of_client not in _set:
        scene = await _made_scene(case)
        _set[of_client] = scene, {name: await store[name].find().to_list() for name in ("users", "sessions")}
    else:
        scene, documents = _set[of_client]
        await asyncio.gather(*(store[name].insert_many(kept) for name, kept in documents.items()))
    return scene


async def _made_scene(case: Case) -> Scene:
    scene = Scene()
    for name in (*CALLERS[1:], "third", "second-admin"):
        form = {"first_name": "Some", "last_name": "Body", "email": f"{name}@example.org", "password": PASSWORD}
        scene.people[name] = await users.register(UserCreate.model_validate(form), ROLES.get(name, Role.USER))
        if _of_client(case):
            scene.client_tokens[name] = await sessions.log_in_client(form["email"], PASSWORD, Caller())
            continue
        login = Login.model_validate({"email": form["email"], "password": PASSWORD, "refresh_token_in_body": True})
        tokens = await sessions.log_in(login, Caller())
        scene.tokens[name], scene.refresh_tokens[name] = tokens.access_token, tokens.refresh_token or ""
    await users.change_as_admin(scene.people["suspended"].get_id(), UserAdminUpdate(suspended=True))
    return scene


async def call(api: AsyncClient, scene: Scene, case: Case, caller: str) -> Response:
    """Call an operation as somebody."""
    operation = case.operation["operationId"]

    async def put(template: Any) -> Any:
        if isinstance(template, dict):
            return {key: await put(value) for key, value in template.items()}
        if isinstance(template, str) and template.startswith("{"):
            name, _, rest = template[1:].partition("}")
            return await scene.named(name, caller, operation) + rest
        return template

    place = next((value for start, value in PLACES.items() if case.template.startswith(start)), "{event}")
    path = case.path(await put(place)) if "{" in case.template else case.template
    request: dict[str, Any] = {"headers": scene.headers(caller, case), "params": await put(QUERIES.get(operation, {}))}
    if case.takes_json():
        body = await put(BODIES.get(operation, case.example()))
        request |= {} if body is None else {"json": body}
    elif operation in FORMS:
        request["data"] = FORMS[operation]
    elif "requestBody" in case.operation:
        request["files"] = {"file": ("picture.jpg", picture())}
    return await api.request(case.method, path, **request)


def _of_client(case: Case) -> bool:
    return str(case.operation["operationId"]).startswith("underline_client")


async def _event(creator: User, *, approved: bool) -> str:
    event = await events.create(EventCreate.model_validate(event_form()), creator)
    if approved:
        await events.decide(event.get_id(), Decision(decision=Approval.APPROVED))
    return event.get_id()
