"""What must hold across processes: races of refreshes and guesses, and endings that act everywhere at once."""

import asyncio
from collections import Counter

import pytest
from httpx import AsyncClient, Response

from config import db
from models.users import Role
from tests.conftest import PASSWORD, MakePerson
from tests.servers import anew, gunicorn
from utils import attempts

pytestmark = pytest.mark.slow


async def ask(url: str, method: str, path: str, token: str | None = None, body: object = None) -> Response:
    """One request on a connection of its own, which any worker may take."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with anew(url) as fresh:
        return await fresh.request(method, path, headers=headers, json=body)


async def everywhere(url: str, path: str, token: str) -> set[int]:
    answers = await asyncio.gather(*(ask(url, "GET", path, token) for _ in range(16)))
    return {answer.status_code for answer in answers}


async def log_in(url: str, name: str, password: str = PASSWORD) -> Response:
    form = {"email": f"{name}@example.org", "password": password, "refresh_token_in_body": True}
    return await ask(url, "POST", "/v1/auth/login", body=form)


async def test_four_workers_agree_on_sessions_roles_and_guesses(api: AsyncClient, person: MakePerson) -> None:
    await person("root", Role.ADMIN)
    ada = await person("ada")
    with gunicorn(4) as url:
        admin = (await log_in(url, "root")).json()["access_token"]
        held = [(await log_in(url, "ada")).json() for _ in range(3)]
        tokens = [one["access_token"] for one in held]
        account = f"/v1/admin/users/{ada.get_id()}"

        refreshing = {"refresh_token": held[0]["refresh_token"]}
        rivals = await asyncio.gather(*(ask(url, "POST", "/v1/auth/refresh", body=refreshing) for _ in range(16)))
        await ask(url, "POST", "/v1/auth/logout", tokens[1])
        logged_out = [await everywhere(url, "/v1/users/me", token) for token in tokens]
        await ask(url, "PATCH", account, admin, {"role": "moderator"})
        promoted = await everywhere(url, "/v1/admin/events", tokens[0])
        await ask(url, "PATCH", account, admin, {"suspended": True})
        suspended = [await everywhere(url, "/v1/users/me", token) for token in tokens]
        guesses = await asyncio.gather(*(log_in(url, "somebody", "not the password") for _ in range(30)))

    assert [answer.status_code for answer in rivals] == [200] * 16
    assert len({answer.json()["refresh_token"] for answer in rivals}) == 1
    assert logged_out == [{200}, {401}, {200}]
    assert promoted == {200}
    assert suspended == [{401}, {401}, {401}]
    told = Counter(answer.status_code for answer in guesses)
    counted = await db.collection(attempts.COLLECTION).find_one({"_id": {"$regex": "^pair:"}})
    assert counted is not None
    assert told == {401: counted["failures"], 429: 30 - counted["failures"]}
    assert attempts.PAIR.free <= counted["failures"] < 2 * attempts.PAIR.free  # the first waits may pass meanwhile
