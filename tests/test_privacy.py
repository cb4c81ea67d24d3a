"""Taking one's data along, and being forgotten."""

import io
import json
import zipfile
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import bson
import pytest
from httpx import AsyncClient

from app import WIRING
from config import db, tasks
from models.commons import now
from models.notices import UserDeleted
from models.users import Role, User
from tests.conftest import PASSWORD, Bearer, EventWith, Headers, event_form
from tests.letters import arrived
from tests.pictures import picture as drawn
from utils import audit, hub, mail, privacy, users

Person = Callable[..., Awaitable[User]]
FORM = {
    "first_name": "Zephyrine",
    "last_name": "Quibblethorpe",
    "email": "Zephyrine@quibble.example.org",
    "password": PASSWORD,
}


async def places_of(*needles: str) -> dict[str, list[str]]:
    """In which collections which of the needles stand, in any value of any document, as text or as bytes."""
    found: dict[str, list[str]] = {}
    for name in await db.database().list_collection_names():
        async for document in db.collection(name).find():
            raw = bson.encode(document).lower()
            for needle in needles:
                if needle.lower().encode() in raw:
                    found.setdefault(name, []).append(needle)
    return found


async def sign_up(api: AsyncClient) -> tuple[str, Headers]:
    """Registers the person of `FORM`, as anybody does."""
    registered = await api.post("/v1/users", json=FORM, headers={"Idempotency-Key": "3f8c1d1e-registering"})
    login = await api.post("/v1/auth/login", json={"email": FORM["email"], "password": PASSWORD})
    return registered.json()["id"], {"Authorization": f"Bearer {login.json()['access_token']}"}


async def live(api: AsyncClient, bearer: Bearer, event_with: EventWith) -> tuple[str, Headers, dict[str, str]]:
    """A person who has done everything that leaves something behind; and what of it is to be looked at again."""
    user_id, headers = await sign_up(api)
    image = await api.post("/v1/images", files={"file": ("me.png", drawn("PNG"), "image/png")}, headers=headers)
    form = event_form(image_ids=[image.json()["id"]], public=False)
    event = await api.post("/v1/events", json=form, headers={**headers, "Idempotency-Key": "3f8c1d1e-publishing"})
    others = (await event_with(by="bob", max_capacity=1)).get_id()
    await api.patch("/v1/users/me", json={"image_id": image.json()["id"]}, headers=headers)
    await api.put(f"/v1/events/{others}/attendance", headers=headers)
    await api.put(f"/v1/events/{others}/attendance", headers=await bearer("cleo"))
    await api.put(f"/v1/users/me/saved/{others}", headers=headers)
    said = await api.post(f"/v1/events/{others}/feedback", json={"comment": "Fine.", "rating": 5}, headers=headers)
    await api.post("/v1/auth/password-reset", json={"email": FORM["email"]})
    await api.put(
        "/v1/users/me/email", json={"email": "z@elsewhere.example.org", "password": PASSWORD}, headers=headers
    )
    root = await bearer("root", Role.ADMIN)
    await api.patch(f"/v1/admin/users/{user_id}", json={"role": "moderator"}, headers=root)
    await api.delete(f"/v1/feedback/{(await feedback_of(api, others, await bearer('dan')))}", headers=headers)
    await tasks.settled()
    made = {"event": event.json()["id"], "image": image.json()["id"], "others": others, "said": said.json()["id"]}
    return user_id, headers, made


async def feedback_of(api: AsyncClient, event_id: str, headers: Headers) -> str:
    answer = await api.post(f"/v1/events/{event_id}/feedback", json={"comment": "Bad."}, headers=headers)
    return str(answer.json()["id"])


async def test_nothing_in_any_collection_tells_of_an_erased_person(
    api: AsyncClient, bearer: Bearer, event_with: EventWith
) -> None:
    user_id, headers, made = await live(api, bearer, event_with)
    needles = (user_id, FORM["first_name"], FORM["last_name"], FORM["email"], "z@elsewhere.example.org", made["image"])
    before = await places_of(*needles)

    answer = await api.delete("/v1/users/me", headers=headers)
    await tasks.settled()

    assert answer.status_code == 204, answer.text
    assert {"users", "sessions", "events", "attendance", "feedback", "images.files", "outbox", "audit_log"} <= set(
        before
    )
    assert await places_of(*needles) == {}


async def test_what_others_need_stays_without_a_name(api: AsyncClient, bearer: Bearer, event_with: EventWith) -> None:
    _, headers, made = await live(api, bearer, event_with)

    await api.delete("/v1/users/me", headers=headers)

    root = await bearer("root", Role.ADMIN)
    event = (await api.get(f"/v1/events/{made['event']}", headers=root)).json()
    said = (await api.get(f"/v1/feedback/{made['said']}", headers=root)).json()
    seat = (await api.get(f"/v1/events/{made['others']}/attendance", headers=await bearer("cleo"))).json()
    assert (event["creator_id"], event["status"], event["image_ids"]) == (None, "cancelled", [])
    assert (said["author_id"], said["comment"]) == (None, "Fine.")
    assert seat["state"] == "attending"
    assert (await api.get(f"/v1/images/{made['image']}")).status_code == 404
    assert (await audit.verify()).fault is None


async def test_an_erased_person_is_signed_out_and_the_address_is_free(api: AsyncClient) -> None:
    user_id, headers = await sign_up(api)

    await api.delete("/v1/users/me", headers=headers)

    answers = [
        await api.get("/v1/users/me", headers=headers),
        await api.get(f"/v1/users/{user_id}"),
        await api.post("/v1/auth/login", json={"email": FORM["email"], "password": PASSWORD}),
        await api.post("/v1/users", json=FORM),
    ]
    assert [answer.status_code for answer in answers] == [401, 404, 401, 201]


async def test_an_erasure_wants_the_password_or_a_fresh_session(api: AsyncClient) -> None:
    _, headers = await sign_up(api)
    await db.collection("sessions").update_many({}, {"$set": {"created_at": now() - timedelta(minutes=11)}})

    async def erase(body: dict[str, Any] | None) -> tuple[int, str]:
        answer = await api.request("DELETE", "/v1/users/me", json=body, headers=headers)
        return answer.status_code, answer.json()["type"] if answer.content else ""

    assert await erase(None) == (403, "/problems/reauthentication-needed")
    assert await erase({"password": "not the password"}) == (403, "/problems/wrong-password")
    assert await erase({"password": PASSWORD}) == (204, "")


async def test_an_erasure_of_a_stale_state_does_nothing(api: AsyncClient) -> None:
    _, headers = await sign_up(api)

    answer = await api.delete("/v1/users/me", headers={**headers, "If-Match": '"99"'})

    assert answer.status_code == 412
    assert (await api.get("/v1/users/me", headers=headers)).status_code == 200


async def test_the_last_admin_stays(api: AsyncClient, bearer: Bearer) -> None:
    root = await bearer("root", Role.ADMIN)

    answer = await api.delete("/v1/users/me", headers=root)

    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/last-admin")
    assert (await api.get("/v1/users/me", headers=root)).status_code == 200


@pytest.mark.parametrize("step", range(len(WIRING[UserDeleted])))
async def test_an_erasure_that_broke_off_is_hidden_at_once_and_finished_later(
    api: AsyncClient, bearer: Bearer, event_with: EventWith, step: int
) -> None:
    user_id, headers, _ = await live(api, bearer, event_with)

    async def crash(_notice: UserDeleted) -> None:
        raise ConnectionResetError

    hub.wire({**WIRING, UserDeleted: [*WIRING[UserDeleted][:step], crash]})
    try:
        broken = await api.delete("/v1/users/me", headers=headers)
    finally:
        hub.wire(WIRING)
    hidden = [(await api.get(path, headers=headers)).status_code for path in ("/v1/users/me", f"/v1/users/{user_id}")]

    early = await users.finish_erasures()
    late = await users.finish_erasures(grace=timedelta(0))
    await tasks.settled()

    assert (broken.status_code, hidden) == (500, [401, 404])
    assert (early, late) == (0, 1)
    assert await places_of(user_id, FORM["last_name"], FORM["email"]) == {}


async def test_what_a_request_wrote_while_its_person_was_being_erased_is_found_by_a_repair(
    api: AsyncClient, event_with: EventWith, person: Person
) -> None:
    event, ada = await event_with(by="ada"), await person("ada")
    await users.delete(ada.get_id())
    await db.collection("events").update_one({"_id": event.get_id()}, {"$set": {"creator_id": ada.get_id()}})

    mended = [await privacy.repair(), await privacy.repair()]

    assert mended == [1, 0]
    assert await places_of(ada.get_id()) == {}


async def test_letters_that_wait_for_the_mail_server_go_with_the_person(api: AsyncClient) -> None:
    user_id, headers = await sign_up(api)
    await tasks.settled()
    await db.collection(mail.COLLECTION).insert_one(
        {"_id": "waiting", "recipient_id": user_id, "address": FORM["email"], "next_attempt_at": now()}
    )

    await api.delete("/v1/users/me", headers=headers)

    assert await places_of(FORM["email"]) == {}


async def test_an_export_holds_everything_with_the_images(
    api: AsyncClient, bearer: Bearer, event_with: EventWith
) -> None:
    user_id, headers, made = await live(api, bearer, event_with)

    answer = await api.get("/v1/users/me/export", headers=headers)

    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    held = {name: json.loads(archive.read(name)) for name in archive.namelist() if name.endswith(".json")}
    picture = archive.read(next(name for name in archive.namelist() if made["image"] in name))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    assert answer.headers["cache-control"] == "no-store"
    assert archive.testzip() is None
    assert (held["account.json"]["id"], held["account.json"]["email"]) == (user_id, FORM["email"])
    assert [event["id"] for event in held["events.json"]] == [made["event"]]
    assert [pair["event_id"] for pair in held["attendance.json"]] == [made["others"]]
    assert [piece["comment"] for piece in held["feedback.json"]] == ["Fine."]
    assert [image["id"] for image in held["images.json"]] == [made["image"]]
    assert picture == (await api.get(f"/v1/images/{made['image']}")).content
    assert {letter["template"] for letter in held["letters.json"]} >= {"verify_address", "confirm_address"}
    assert {entry["action"] for entry in held["audit.json"]} == {"user.changed", "feedback.removed"}
    assert len(held["sessions.json"]) == 1
    assert "argon2" not in str(held)


async def test_an_export_of_somebody_who_has_done_nothing_is_complete_too(api: AsyncClient) -> None:
    _, headers = await sign_up(api)

    answer = await api.get("/v1/users/me/export", headers=headers)

    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert json.loads(archive.read("events.json")) == []


async def test_an_admin_erases_somebody_and_the_log_tells_under_a_pseudonym(
    api: AsyncClient, bearer: Bearer, person: Person
) -> None:
    root = await person("root", Role.ADMIN)
    ada = await person("ada")

    await users.delete(ada.get_id(), actor=root)

    (record,) = await db.collection(audit.COLLECTION).find({"action": "user.erased"}).to_list()
    assert record["actor_id"] == root.get_id()
    assert record["target_id"].startswith("erased-")
    assert await arrived(ada.email) == []
