"""The audit log: what staff does, and what is done to other people's data, leaves one record in one chain."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from httpx import AsyncClient

from config import db
from models.audit import Action, Deed
from models.commons import now
from models.notices import UserDeleted
from models.users import Role, User
from tests.conftest import Bearer, EventWith
from tests.pictures import picture as drawn
from tests.pictures import upload
from utils import audit

Person = Callable[..., Awaitable[User]]


async def log() -> list[db.Document]:
    return await db.collection(audit.COLLECTION).find().sort("seq", 1).to_list()


async def done(session: db.Transaction | None) -> bool | None:
    return True


async def some_records(actor: User, count: int = 3) -> None:
    for number in range(count):
        await audit.recorded(Deed.by(actor, Action.EVENT_CHANGED, f"event {number}", ["title"]), done)


async def test_what_staff_does_is_recorded_with_who_what_which_fields_and_the_request(
    api: AsyncClient, bearer: Bearer, person: Person, event_with: EventWith
) -> None:
    waiting = (await event_with(by="ada", approved=False)).get_id()
    root, mod = await bearer("root", Role.ADMIN), await bearer("mod", Role.MODERATOR)

    await api.post(f"/v1/admin/events/{waiting}/decision", json={"decision": "approved"}, headers=mod)
    await api.patch(
        f"/v1/events/{waiting}", json={"title": "Moved", "tags": []}, headers={**root, "X-Request-ID": "request-1"}
    )
    await api.post(f"/v1/events/{waiting}/cancel", headers=root)
    await api.delete(f"/v1/events/{waiting}", headers=root)

    records = await log()
    assert [(record["action"], record["fields"]) for record in records] == [
        ("event.decided", ["approval", "decision_reason"]),
        ("event.changed", ["tags", "title"]),
        ("event.cancelled", []),
        ("event.deleted", []),
    ]
    assert {record["target_id"] for record in records} == {waiting}
    assert records[0]["actor_id"] == (await person("mod")).get_id()
    assert records[1]["request_id"] == "request-1"


async def test_a_creator_leaves_no_record_on_his_own_event_but_one_on_anothers_feedback(
    api: AsyncClient, bearer: Bearer, event_with: EventWith
) -> None:
    event = f"/v1/events/{(await event_with(by='ada')).get_id()}"
    await api.patch(event, json={"max_capacity": 3}, headers=await bearer("ada"))
    of_bob = await api.post(f"{event}/feedback", json={"comment": "Fine."}, headers=await bearer("bob"))
    own = await api.post(f"{event}/feedback", json={"comment": "Thanks."}, headers=await bearer("ada"))

    for left in (of_bob, own):
        await api.delete(f"/v1/feedback/{left.json()['id']}", headers=await bearer("ada"))

    assert [(record["action"], record["target_id"]) for record in await log()] == [
        ("feedback.removed", of_bob.json()["id"])
    ]


async def test_what_admins_do_to_accounts_and_images_is_recorded(
    api: AsyncClient, bearer: Bearer, person: Person
) -> None:
    root, ada = await bearer("root", Role.ADMIN), await person("ada")
    picture = await upload(api, await bearer("ada"), drawn())

    await api.patch(f"/v1/admin/users/{ada.get_id()}", json={"role": "moderator"}, headers=root)
    await api.patch(f"/v1/admin/users/{ada.get_id()}", json={"suspended": True, "role": "user"}, headers=root)
    await api.delete(f"/v1/images/{picture.json()['id']}", headers=root)

    assert [(record["action"], record["target_id"], record["fields"]) for record in await log()] == [
        ("user.changed", ada.get_id(), ["role"]),
        ("user.changed", ada.get_id(), ["role", "suspended"]),
        ("image.deleted", picture.json()["id"], []),
    ]


async def test_a_refused_change_leaves_no_record(api: AsyncClient, bearer: Bearer, event_with: EventWith) -> None:
    event = f"/v1/events/{(await event_with(by='ada')).get_id()}"
    stale = {**await bearer("root", Role.ADMIN), "If-Match": '"99"'}

    answers = [await api.patch(event, json={"title": "X"}, headers=stale), await api.delete(event, headers=stale)]

    assert [answer.status_code for answer in answers] == [412, 412]
    assert await log() == []


async def test_a_change_whose_record_cannot_be_written_does_not_happen(
    api: AsyncClient, person: Person, event_with: EventWith
) -> None:
    ada = await person("ada")
    events = db.collection("events")
    event = await event_with(by="ada", title="Before")

    async def half_way(session: db.Transaction | None) -> bool:
        await events.update_one({"_id": event.get_id()}, {"$set": {"title": "After"}}, session=session)
        raise LookupError

    with pytest.raises(LookupError):
        await audit.recorded(Deed.by(ada, Action.EVENT_CHANGED, event.get_id()), half_way)

    assert await log() == []
    kept = await events.find_one({"_id": event.get_id()})
    assert kept
    assert kept["title"] == "Before"


async def test_many_writers_at_once_make_one_chain(api: AsyncClient, person: Person) -> None:
    ada = await person("ada")

    await asyncio.gather(
        *(audit.recorded(Deed.by(ada, Action.EVENT_CHANGED, f"event {number}"), done) for number in range(30))
    )

    verdict = await audit.verify()
    assert (verdict.records, verdict.fault) == (30, None)
    assert len({record["target_id"] for record in await log()}) == 30


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"fields": ["description"]}, "record 2 was changed"),
        ({"action": "event.deleted"}, "record 2 was changed"),
        ({"actor_id": "somebody else"}, "record 2 names another person or thing"),
        ({"target_id": "something else", "target_salt": None}, "record 2 names another person or thing"),
        ({"previous": "0" * 64}, "record 2 does not follow the one before"),
        (None, "record 2 is missing"),
    ],
)
async def test_a_record_that_was_tampered_with_breaks_the_chain(
    api: AsyncClient, person: Person, change: dict[str, Any] | None, fault: str
) -> None:
    await some_records(await person("ada"))

    if change is None:
        await db.collection(audit.COLLECTION).delete_one({"seq": 2})
    else:
        await db.collection(audit.COLLECTION).update_one({"seq": 2}, {"$set": change})

    verdict = await audit.verify()
    assert (verdict.records, verdict.fault) == (1, fault)


async def test_an_erased_person_stays_as_one_pseudonym_and_the_chain_holds(api: AsyncClient, person: Person) -> None:
    ada, bob = await person("ada"), await person("bob")
    await some_records(ada)
    await audit.recorded(Deed.by(bob, Action.USER_CHANGED, ada.get_id(), ["role"]), done)

    await audit.on_user_deleted(UserDeleted(ada.get_id()))

    records = await log()
    assert ada.get_id() not in str(records)
    assert {record["actor_id"] for record in records[:3]} == {records[3]["target_id"]}
    assert records[3]["actor_id"] == bob.get_id()
    assert (await audit.verify()).fault is None


async def test_admins_read_the_log_narrowed_and_page_by_page(api: AsyncClient, bearer: Bearer, person: Person) -> None:
    root = await bearer("root", Role.ADMIN)
    ada, bob = await person("ada"), await person("bob")
    start = now()
    await some_records(ada, 5)
    await audit.recorded(Deed.by(bob, Action.FEEDBACK_REMOVED, "feedback 1"), done)

    async def seqs(**narrowed: Any) -> list[int]:
        answer = await api.get("/v1/admin/audit", params=narrowed, headers=root)
        return [record["seq"] for record in answer.json()["items"]]

    first = await api.get("/v1/admin/audit", params={"limit": 4}, headers=root)
    rest = await api.get("/v1/admin/audit", params={"limit": 4, "cursor": first.json()["next_cursor"]}, headers=root)

    assert [record["seq"] for record in (first.json()["items"] + rest.json()["items"])] == [6, 5, 4, 3, 2, 1]
    assert await seqs(actor_id=ada.get_id()) == [5, 4, 3, 2, 1]
    assert await seqs(action="feedback.removed") == [6]
    assert await seqs(target_id="event 3") == [4]
    assert await seqs(to=start.isoformat()) == []
    assert len(await seqs(**{"from": start.isoformat()})) == 6
    assert not {"actor_salt", "actor_mark", "previous"} & first.json()["items"][0].keys()


@pytest.mark.parametrize("role", [Role.USER, Role.MODERATOR])
async def test_only_admins_read_the_log(api: AsyncClient, bearer: Bearer, role: Role) -> None:
    answer = await api.get("/v1/admin/audit", headers=await bearer("ada", role))

    assert answer.status_code == 403


async def test_what_is_read_is_served_by_an_index(api: AsyncClient, person: Person) -> None:
    await some_records(await person("ada"))

    for where in ({}, {"actor_id": "a"}, {"target_id": "a"}, {"action": Action.EVENT_CHANGED}):
        plan = await db.collection(audit.COLLECTION).find(where).sort([("at", -1), ("seq", -1)]).explain()
        assert "COLLSCAN" not in str(plan["queryPlanner"]["winningPlan"]), where
