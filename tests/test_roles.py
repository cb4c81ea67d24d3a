"""Roles and suspension: they act at once, and there is always an admin."""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

from httpx import AsyncClient

from models.exceptions import DomainError
from models.users import Role, User, UserAdminUpdate
from tests.conftest import Bearer, EventWith
from tests.test_sessions import bearing, me, refresh, sign_in
from utils import users

Person = Callable[..., Any]
DEMOTED = UserAdminUpdate(role=Role.USER)
SUSPENDED = UserAdminUpdate(suspended=True)


async def outcome(work: Any) -> str:
    try:
        await work
    except DomainError as error:
        return error.slug
    return "done"


async def test_suspension_ends_all_sessions_at_once_and_for_good(
    api: AsyncClient, person: Person, bearer: Bearer
) -> None:
    user: User = await person("ada")
    signed_in = await sign_in(api)
    path, admin = f"/v1/admin/users/{user.get_id()}", await bearer("root", Role.ADMIN)

    suspended = await api.patch(path, json={"suspended": True}, headers=admin)
    while_suspended = [await me(api, bearing(signed_in)), (await sign_in(api)).status_code]
    await api.patch(path, json={"suspended": False}, headers=admin)

    assert (suspended.status_code, suspended.json()["suspended"]) == (200, True)
    assert while_suspended == [401, 401]
    assert await me(api, bearing(signed_in)) == 401
    assert (await refresh(api, signed_in.json()["refresh_token"])).status_code == 401
    assert (await sign_in(api)).status_code == 200


async def test_a_role_acts_with_the_next_request(api: AsyncClient, person: Person, bearer: Bearer) -> None:
    headers = await bearer("ada")
    path = f"/v1/admin/users/{(await person('ada')).get_id()}"
    admin = await bearer("root", Role.ADMIN)

    before = await api.get("/v1/admin/events", headers=headers)
    await api.patch(path, json={"role": "moderator"}, headers=admin)
    after = await api.get("/v1/admin/events", headers=headers)
    await api.patch(path, json={"role": "user"}, headers=admin)

    assert (before.status_code, after.status_code) == (403, 200)
    assert (await api.get("/v1/admin/events", headers=headers)).status_code == 403


async def test_a_moderator_decides_and_removes_feedback_and_administers_nobody(
    api: AsyncClient, person: Person, bearer: Bearer, event_with: EventWith
) -> None:
    waiting, shown = await event_with(approved=False), await event_with()
    left = await api.post(
        f"/v1/events/{shown.get_id()}/feedback", json={"comment": "Rude.", "rating": 1}, headers=await bearer("ada")
    )
    moderator = await bearer("mod", Role.MODERATOR)

    decided = await api.post(
        f"/v1/admin/events/{waiting.get_id()}/decision", json={"decision": "denied"}, headers=moderator
    )
    removed = await api.delete(left.headers["location"], headers=moderator)
    promoted = await api.patch(
        f"/v1/admin/users/{(await person('mod')).get_id()}", json={"role": "admin"}, headers=moderator
    )

    assert (decided.status_code, removed.status_code, promoted.status_code) == (200, 204, 403)


async def test_the_last_admin_is_neither_demoted_nor_suspended(
    api: AsyncClient, person: Person, bearer: Bearer
) -> None:
    admin = await bearer("root", Role.ADMIN)
    path = f"/v1/admin/users/{(await person('root')).get_id()}"
    other = await person("past", Role.ADMIN)
    await users.change_as_admin(other.get_id(), SUSPENDED)

    answers = [
        await api.patch(path, json={"role": "user"}, headers=admin),
        await api.patch(path, json={"suspended": True}, headers=admin),
        await api.patch(path, json={"role": "admin", "suspended": False}, headers=admin),
    ]

    assert [answer.status_code for answer in answers] == [409, 409, 200]
    assert answers[0].json()["type"] == "/problems/last-admin"
    assert await me(api, admin) == 200


async def test_the_last_admin_is_not_erased(person: Person) -> None:
    admin: User = await person("root", Role.ADMIN)

    assert await outcome(users.delete(admin.get_id())) == "last-admin"
    assert (await users.get(admin.get_id())).role is Role.ADMIN


async def test_one_of_two_admins_may_go(person: Person) -> None:
    first, second = await person("root", Role.ADMIN), await person("toor", Role.ADMIN)

    outcomes = [await outcome(users.delete(user.get_id())) for user in (first, second)]

    assert outcomes == ["done", "last-admin"]


async def test_of_admins_who_demote_suspend_and_erase_each_other_at_once_one_stays(person: Person) -> None:
    admins: list[User] = [await person(f"root{letter}", Role.ADMIN) for letter in "abcdef"]

    attempts = [
        users.delete(user.get_id())
        if place % 3 == 0
        else users.change_as_admin(user.get_id(), DEMOTED if place % 3 == 1 else SUSPENDED)
        for place, user in enumerate(admins)
    ]

    outcomes = await asyncio.gather(*map(outcome, attempts))

    assert Counter(outcomes) == {"done": 5, "last-admin": 1}
    assert await users.count_admins() == 1
