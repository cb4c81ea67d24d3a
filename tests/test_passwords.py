"""Which passwords are taken, how they are kept, and changing them."""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

import bcrypt
import pytest
from httpx import AsyncClient

from config import db
from config.main import settings
from models.exceptions import Busy
from models.users import LiveSession, User
from tests.conftest import PASSWORD, Bearer
from tests.test_sessions import bearing, me, refresh, sign_in
from utils import passwords, users

Person = Callable[..., Any]
NEW = "another good pass phrase"


def form(password: str) -> dict[str, str]:
    return {"first_name": "Ada", "last_name": "Lovelace", "email": "ada@example.org", "password": password}


@pytest.mark.parametrize(
    "password",
    ["12 4ü 78", "пароль длинный", "🐎🔋📎🐎🔋📎🐎🔋", "x" * 128, " leading and trailing ", "'; DROP TABLE users;--"],
)
async def test_any_characters_make_a_password(api: AsyncClient, password: str) -> None:
    made = await api.post("/v1/users", json=form(password))

    signed_in = await api.post("/v1/auth/login", json={"email": "ada@example.org", "password": password})
    assert (made.status_code, signed_in.status_code) == (201, 200)


@pytest.mark.parametrize("password", ["", "seven 7", "x" * 129])
async def test_a_password_has_8_to_128_characters(api: AsyncClient, password: str) -> None:
    answer = await api.post("/v1/users", json=form(password))

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/password")


@pytest.mark.parametrize("password", ["password", "PassWord1", "12345678", "iloveyou", "qwertyuiop", "football"])
async def test_a_common_password_is_refused_whatever_its_case(api: AsyncClient, password: str) -> None:
    answer = await api.post("/v1/users", json=form(password))

    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/common-password")
    assert answer.json()["errors"][0]["pointer"] == "/password"


def test_at_least_ten_thousand_passwords_are_common() -> None:
    common = passwords.common()

    assert len(common) >= 10_000
    assert min(map(len, common)) >= 8


async def test_a_password_is_kept_as_an_argon2id_hash_alone(api: AsyncClient, person: Person) -> None:
    user: User = await person("ada")

    stored = await db.collection(users.COLLECTION).find_one({"_id": user.get_id()})

    assert stored is not None
    assert stored["password_hash"].startswith("$argon2id$v=19$m=64,t=1,p=1$")
    assert PASSWORD not in str(stored)


def test_production_hashes_as_rfc_9106_recommends() -> None:
    fields = type(settings).model_fields

    assert fields["argon2_memory_kib"].default == 64 * 1024
    assert (fields["argon2_time_cost"].default, fields["argon2_lanes"].default) == (3, 4)


async def test_a_bcrypt_hash_opens_once_and_is_replaced(api: AsyncClient, person: Person) -> None:
    user: User = await person("ada")
    older = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
    await users.set_password(user.get_id(), older)

    first, second = await sign_in(api), await sign_in(api)

    stored = await users.get(user.get_id())
    assert (first.status_code, second.status_code) == (200, 200)
    assert stored.password_hash.startswith("$argon2id$")
    assert await me(api, bearing(first)) == 200


async def test_changing_the_password_ends_all_other_sessions(api: AsyncClient, person: Person) -> None:
    await person("ada")
    here, there = await sign_in(api), await sign_in(api)

    answer = await api.put(
        "/v1/users/me/password", json={"current_password": PASSWORD, "new_password": NEW}, headers=bearing(here)
    )

    old = await sign_in(api)
    new = await api.post("/v1/auth/login", json={"email": "ada@example.org", "password": NEW})
    assert (answer.status_code, old.status_code, new.status_code) == (204, 401, 200)
    assert [await me(api, bearing(held)) for held in (here, there)] == [200, 401]
    assert (await refresh(api, there.json()["refresh_token"])).status_code == 401
    assert (await refresh(api, here.json()["refresh_token"])).status_code == 200


async def test_a_password_is_changed_only_with_the_current_one(api: AsyncClient, bearer: Bearer) -> None:
    headers = await bearer("ada")

    wrong = await api.put(
        "/v1/users/me/password", json={"current_password": "not it", "new_password": NEW}, headers=headers
    )
    common = await api.put(
        "/v1/users/me/password", json={"current_password": PASSWORD, "new_password": "password"}, headers=headers
    )

    assert (wrong.status_code, wrong.json()["type"]) == (403, "/problems/wrong-password")
    assert (common.status_code, common.json()["errors"][0]["pointer"]) == (422, "/new_password")


async def test_of_two_rivals_who_change_a_password_one_succeeds(api: AsyncClient, bearer: Bearer) -> None:
    headers = await bearer("ada")
    forms = [{"current_password": PASSWORD, "new_password": f"{NEW} {number}"} for number in range(4)]

    answers = await asyncio.gather(*(api.put("/v1/users/me/password", json=one, headers=headers) for one in forms))

    assert Counter(answer.status_code for answer in answers) == {204: 1, 403: 3}


async def test_a_login_that_overlaps_with_a_change_of_the_password_opens_nothing(person: Person) -> None:
    user: User = await person("ada")
    compared_with = user.password_hash
    await users.set_password(user.get_id(), await passwords.hash_password(NEW))

    live = LiveSession(id="late", expires_at=user.created_at)

    assert not await users.add_session(user.get_id(), live, compared_with)


async def test_more_passwords_than_may_wait_are_turned_away(service: None) -> None:
    room = settings.hashes_at_once + settings.hashes_waiting

    results = await asyncio.gather(
        *(passwords.verify(PASSWORD, None) for _ in range(room + 20)), return_exceptions=True
    )

    assert Counter(type(result) for result in results) == {tuple: room, Busy: 20}
    assert await passwords.verify(PASSWORD, None) == (False, None)
