"""`Idempotency-Key`: what is sent twice is done once."""

import asyncio
from typing import Any

import pytest
from httpx import AsyncClient
from pymongo.errors import AutoReconnect

from config import db
from models.commons import now
from models.notices import UserDeleted
from tests.conftest import PASSWORD, Bearer, EventWith, event_form
from tests.contract import CASES
from tests.pictures import picture
from utils import events, hub, idempotency

KEY = {"Idempotency-Key": "0e4c1a52-first"}
FORM = {"first_name": "Ada", "last_name": "Lovelace", "email": "ada@example.org", "password": PASSWORD}


def replayed(answer: Any) -> bool:
    """Whether this is the first answer again."""
    return "idempotency-replayed" in answer.headers


def assert_same(first: Any, again: Any) -> None:
    """Status, body and the headers that matter are those of the first answer."""
    kept = ("content-type", "etag", "location", "cache-control", "vary")
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert [again.headers[name] for name in kept] == [first.headers[name] for name in kept]
    assert (replayed(first), replayed(again)) == (False, True)


def test_every_operation_that_creates_takes_a_key() -> None:
    creating = {"events_create", "users_register", "events_leave_feedback", "images_upload"}

    taking = {
        case.operation["operationId"]
        for case in CASES
        for parameter in case.operation.get("parameters", ())
        if parameter["name"] == "Idempotency-Key"
    }

    assert creating <= taking


async def test_an_event_that_is_sent_twice_is_published_once(api: AsyncClient, bearer: Bearer) -> None:
    form, headers = event_form(public=False), {**await bearer("ada"), **KEY}

    first = await api.post("/v1/events", json=form, headers=headers)
    again = await api.post("/v1/events", json=form, headers=headers)

    assert first.status_code == 201
    assert_same(first, again)
    assert await db.collection("events").count_documents({}) == 1


async def test_a_registration_feedback_and_an_upload_are_done_once(
    api: AsyncClient, bearer: Bearer, event_with: EventWith
) -> None:
    event, bob = await event_with(), {**await bearer("bob"), **KEY}
    file = picture("PNG")

    for path, body, headers in (
        ("/v1/users", {"json": FORM}, KEY),
        (f"/v1/events/{event.get_id()}/feedback", {"json": {"comment": "Fine.", "rating": 4}}, bob),
        ("/v1/images", {"files": {"file": ("me.png", file, "image/png")}}, bob),
    ):
        first = await api.post(path, headers=headers, **body)
        again = await api.post(path, headers=headers, **body)

        assert first.status_code == 201, first.text
        assert_same(first, again)


async def test_the_same_key_with_another_body_is_refused(api: AsyncClient, bearer: Bearer) -> None:
    headers = {**await bearer("ada"), **KEY}
    await api.post("/v1/events", json=event_form(title="One"), headers=headers)

    answer = await api.post("/v1/events", json=event_form(title="Another"), headers=headers)

    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/idempotency-key-reused")
    assert answer.json()["errors"][0]["pointer"] == "#/header/Idempotency-Key"


async def test_keys_of_different_people_have_nothing_to_do_with_each_other(api: AsyncClient, bearer: Bearer) -> None:
    answers = [
        await api.post("/v1/events", json=event_form(), headers={**await bearer(name), **KEY})
        for name in ("ada", "bob")
    ]

    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json()["creator_id"] != answers[1].json()["creator_id"]


async def test_of_many_duplicates_at_once_one_is_done(api: AsyncClient, bearer: Bearer) -> None:
    headers, form = {**await bearer("ada"), **KEY}, event_form()

    answers = await asyncio.gather(*(api.post("/v1/events", json=form, headers=headers) for _ in range(20)))

    done = [answer for answer in answers if answer.status_code == 201]
    waiting = [answer for answer in answers if answer.status_code == 409]
    assert len(done) + len(waiting) == 20
    assert len({answer.content for answer in done}) == 1
    assert sum(not replayed(answer) for answer in done) == 1
    assert {answer.json()["type"] for answer in waiting} <= {"/problems/idempotency-in-progress"}
    assert all(answer.headers["retry-after"] == "1" for answer in waiting)
    assert await db.collection("events").count_documents({}) == 1


async def test_what_was_refused_may_be_corrected_under_its_key(api: AsyncClient, bearer: Bearer) -> None:
    headers = {**await bearer("ada"), **KEY}

    refused = await api.post("/v1/events", json=event_form(image_ids=["not-there"]), headers=headers)
    corrected = await api.post("/v1/events", json=event_form(), headers=headers)

    assert (refused.status_code, corrected.status_code) == (422, 201)


@pytest.mark.parametrize("done", [True, False], ids=["after it was done", "before it was done"])
async def test_nothing_is_remembered_of_a_failure_and_the_next_try_does_it_once(
    api: AsyncClient, bearer: Bearer, monkeypatch: pytest.MonkeyPatch, done: bool
) -> None:
    headers, form = {**await bearer("ada"), **KEY}, event_form()
    create = events.create

    async def lose_the_answer(*given: Any) -> None:
        if done:
            await create(*given)
        raise AutoReconnect("connection closed")

    with monkeypatch.context() as broken:
        broken.setattr(events, "create", lose_the_answer)
        lost = await api.post("/v1/events", json=form, headers=headers)
    again = await api.post("/v1/events", json=form, headers=headers)
    once_more = await api.post("/v1/events", json=form, headers=headers)

    assert (lost.status_code, again.status_code) == (503, 201)
    assert once_more.content == again.content
    assert await db.collection("events").count_documents({}) == 1


async def test_a_worker_that_is_lost_holds_its_claim_for_half_a_minute_only(api: AsyncClient) -> None:
    held = await idempotency.claim("me", "op", "key", b"body")
    path = {"_id": held.get_id()}

    await db.collection("idempotency_keys").update_one(path, {"$set": {"claimed_until": now() - idempotency.CLAIMED}})
    taken = await idempotency.claim("me", "op", "key", b"body")

    assert held.claimed_until - held.created_at <= idempotency.CLAIMED * 1.1
    assert (taken.document_id, taken.tried_before) == (held.document_id, True)
    assert taken.attempt != held.attempt


async def test_answers_are_erased_with_the_person_and_hold_no_password(api: AsyncClient, bearer: Bearer) -> None:
    registered = await api.post("/v1/users", json=FORM, headers=KEY)
    held = await db.collection("idempotency_keys").find().to_list()

    await hub.publish(UserDeleted(registered.json()["id"]))

    assert len(held) == 1
    assert PASSWORD not in str(held)
    assert await db.collection("idempotency_keys").count_documents({}) == 0


async def test_answers_are_kept_for_a_day(api: AsyncClient, bearer: Bearer) -> None:
    await api.post("/v1/events", json=event_form(), headers={**await bearer("ada"), **KEY})

    held = await db.collection("idempotency_keys").find_one({})
    indexes = await db.collection("idempotency_keys").index_information()

    assert held is not None
    assert abs((held["expires_at"] - now() - idempotency.KEPT).total_seconds()) < 60
    assert indexes["ends"]["expireAfterSeconds"] == 0


@pytest.mark.parametrize("key", ["", "a b", "k" * 256, "\u00fc"])
async def test_a_key_that_is_none_is_refused(api: AsyncClient, bearer: Bearer, key: str) -> None:
    headers = {**await bearer("ada"), "Idempotency-Key": key.encode("latin-1").decode("latin-1")}

    answer = await api.post(
        "/v1/events",
        json=event_form(),
        headers=[(name.encode(), value.encode("latin-1")) for name, value in headers.items()],
    )

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "#/header/Idempotency-Key")
