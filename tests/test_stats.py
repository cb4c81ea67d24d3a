"""How much there is."""

import pytest
from httpx import AsyncClient

from config import db
from models.mail import Template
from models.users import Role
from tests.conftest import Bearer, EventWith, MakePerson
from utils import mail, stats


async def test_the_counts_are_those_of_what_there_is(
    api: AsyncClient, bearer: Bearer, event_with: EventWith, monkeypatch: pytest.MonkeyPatch
) -> None:
    await event_with(by="ada")
    for _ in range(2):
        await event_with(by="ada", approved=False)
    root = await bearer("root", Role.ADMIN)

    counts = (await api.get("/v1/admin/stats", headers=root)).json()

    assert {name: counts[name] for name in ("users", "events", "sessions", "events_waiting", "letters_waiting")} == {
        "users": 2,
        "events": 3,
        "sessions": 1,
        "events_waiting": 2,
        "letters_waiting": 0,
    }


async def test_what_waits_is_counted_up_to_a_bound(
    api: AsyncClient, person: MakePerson, event_with: EventWith, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stats, "COUNTED_UP_TO", 2)
    for _ in range(3):
        await event_with(by="ada", approved=False)

    assert (await stats.overview()).events_waiting == 2


async def test_what_is_counted_is_counted_by_an_index(api: AsyncClient, event_with: EventWith) -> None:
    ada = await event_with(by="ada", approved=False)
    await mail.send(Template.PASSWORD_CHANGED, ada.creator_id)

    plans = [
        await db.collection("events").find({"approval": "unapproved"}).explain(),
        await db.collection("outbox").find({"next_attempt_at": {"$gt": mail.EPOCH}}).explain(),
        await db.collection("outbox").find({"next_attempt_at": {"$lte": mail.EPOCH}}).sort("next_attempt_at").explain(),
        await db.collection("users").find({"erasing_at": {"$gt": mail.EPOCH, "$lte": mail.EPOCH}}).explain(),
    ]

    assert ["COLLSCAN" in str(plan["queryPlanner"]["winningPlan"]) for plan in plans] == [False] * 4


@pytest.mark.parametrize("role", [Role.USER, Role.MODERATOR])
async def test_only_admins_read_the_counts(api: AsyncClient, bearer: Bearer, role: Role) -> None:
    assert (await api.get("/v1/admin/stats", headers=await bearer("ada", role))).status_code == 403
