"""The demonstration: believable, repeatable, and counted right."""

from collections import Counter
from datetime import date
from typing import Any

import pytest
from httpx import AsyncClient

from config import db
from models.events import Approval
from tests.pictures import opened
from tests.test_commands import manage
from utils import demo
from utils._demo_content import CITIES

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("demo")]
PLAN = demo.Plan(CITIES["miami"], 140, 7, date(2026, 11, 22))
Documents = dict[str, dict[str, Any]]
_made: Documents = {}
KINDS = ("users", "images.files", "events", "feedback")


def ignore(_done: int) -> None:
    """Nobody watches."""


async def everything() -> Documents:
    """All documents, by kind and id, without what is salted or tells the time of writing."""
    hidden = {"password_hash": 0, "uploadDate": 0, "metadata.created_at": 0, "metadata.updated_at": 0}
    store = db.database()
    return {kind: {found["_id"]: found async for found in store[kind].find({}, hidden)} for kind in KINDS}


@pytest.fixture
async def made(api: AsyncClient) -> Documents:
    """All documents of the demonstration, made once in this process and looked at by several."""
    if not _made:
        await demo.populate(PLAN, ignore)
        _made.update(await everything())
    return _made


async def test_the_same_seed_makes_the_same_and_running_it_again_even_on_another_day_adds_nothing(
    api: AsyncClient, made: Documents
) -> None:
    await db.clear_test_database()

    await demo.populate(PLAN, ignore)
    first = await everything()
    more = await demo.populate(demo.Plan(PLAN.city, PLAN.events, PLAN.seed, date(2026, 11, 29)), ignore)

    assert first == made
    assert more == {"users": 0, "images": 0, "events": 0, "feedback": 0}
    assert await everything() == first


async def test_another_seed_makes_others_beside_them(api: AsyncClient) -> None:
    few = demo.Plan(PLAN.city, 10, PLAN.seed, PLAN.day)
    await demo.populate(few, ignore)

    made = await demo.populate(demo.Plan(PLAN.city, 10, 8, PLAN.day), ignore)

    assert (made["users"], made["events"]) == (30, 10)


async def test_counters_agree_with_the_documents(made: Documents) -> None:
    ratings: dict[str, list[int | None]] = {}
    for opinion in made["feedback"].values():
        ratings.setdefault(opinion["event_id"], []).append(opinion["rating"])
    for key, event in made["events"].items():
        given = ratings.get(key, [])
        stars = [rating for rating in given if rating is not None]
        assert (event["feedback_count"], event["rating_count"], event["rating_sum"]) == (
            len(given),
            len(stars),
            sum(stars),
        )
        assert (event["attending_count"], event["waiting_count"]) == (0, 0)
    assert ratings


async def test_there_is_something_of_everything(made: Documents) -> None:
    events = made["events"].values()
    approvals = Counter(event["approval"] for event in events)
    assert approvals[Approval.APPROVED] > approvals[Approval.UNAPPROVED] > 0
    assert 0 < sum(not event["public"] for event in events) < 60
    assert 0 < sum(event["cancelled_at"] is not None for event in events) < 40


async def test_images_belong_to_the_creators_of_their_events(made: Documents) -> None:
    for event in made["events"].values():
        for image_id in event["image_ids"]:
            assert made["images.files"][image_id]["metadata"]["owner_id"] == event["creator_id"]


async def test_the_command_fills_the_store_and_people_can_sign_in(api: AsyncClient) -> None:
    made = await manage("demo", "--events", "40", "--seed", "3", "--city", "Madrid")

    form = {"email": "person0.3@demo.example.org", "password": demo.PASSWORD}
    listed = (await api.get("/v1/events", params={"limit": 100})).json()["items"]
    shown = next(event for event in listed if event["image_ids"])
    served = await api.get(f"/v1/images/{shown['image_ids'][0]}", params={"width": 640})
    assert (made.status, made.out.startswith("New: 30 users, 14 images, 40 events")) == (0, True)
    assert (await api.post("/v1/auth/login", json=form)).status_code == 200
    assert shown["timezone"] == "Europe/Madrid"
    assert opened(served.content).size == (640, 360)


async def test_an_unknown_city_is_refused_in_one_line(api: AsyncClient) -> None:
    refused = await manage("demo", "--city", "Atlantis")

    assert (refused.status, refused.err) == (1, "There is no demonstration of Atlantis.\n")
