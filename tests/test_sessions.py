"""Signing in, refreshing, the race of two refreshes, listing and ending sessions."""

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import jwt
import pytest
import time_machine
from httpx import AsyncClient, Response

from config import db
from models.auth import Caller
from models.commons import now
from models.users import User
from tests.conftest import PASSWORD, Bearer, Headers
from utils import refresh_tokens, secrets, sessions, users

Person = Callable[..., Any]
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"


async def sign_in(api: AsyncClient, name: str = "ada", **headers: str) -> Response:
    """Sign in as an app does, with the refresh token in the body."""
    form = {"email": f"{name}@example.org", "password": PASSWORD, "refresh_token_in_body": True}
    return await api.post("/v1/auth/login", json=form, headers=headers)


async def refresh(api: AsyncClient, token: str) -> Response:
    return await api.post("/v1/auth/refresh", json={"refresh_token": token})


def bearing(answer: Response) -> Headers:
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


async def me(api: AsyncClient, headers: Headers) -> int:
    return (await api.get("/v1/users/me", headers=headers)).status_code


async def test_a_browser_gets_the_refresh_token_in_a_cookie_that_scripts_cannot_read(
    api: AsyncClient, person: Person
) -> None:
    await person("ada")

    answer = await api.post("/v1/auth/login", json={"email": "ADA@example.org", "password": PASSWORD})

    cookies = answer.headers.get_list("set-cookie")
    assert (answer.status_code, set(answer.json())) == (200, {"access_token", "token_type", "expires_in"})
    assert answer.json()["expires_in"] == 900
    for name, lifetime in (("underline_refresh", 30 * 86_400), ("underline_device", 365 * 86_400)):
        cookie = next(cookie for cookie in cookies if cookie.startswith(name))
        parts = {part.strip().lower() for part in cookie.split(";")[1:]}
        assert {"httponly", "secure", "samesite=lax", "path=/v1/auth", f"max-age={lifetime}"} <= parts


async def test_a_refresh_token_is_replaced_at_each_use(api: AsyncClient, person: Person) -> None:
    await person("ada")
    first = (await sign_in(api)).json()["refresh_token"]

    second = await refresh(api, first)
    third = await refresh(api, second.json()["refresh_token"])

    assert (second.status_code, third.status_code) == (200, 200)
    assert len({first, second.json()["refresh_token"], third.json()["refresh_token"]}) == 3
    assert await me(api, bearing(third)) == 200


async def test_the_cookie_refreshes_like_the_body_and_is_replaced(api: AsyncClient, person: Person) -> None:
    await person("ada")
    held = (await api.post("/v1/auth/login", json={"email": "ada@example.org", "password": PASSWORD})).cookies

    answer = await api.post("/v1/auth/refresh", headers={"Cookie": f"underline_refresh={held['underline_refresh']}"})

    assert (answer.status_code, "refresh_token" in answer.json()) == (200, False)
    assert answer.cookies["underline_refresh"] != held["underline_refresh"]


async def test_a_used_refresh_token_ends_its_session_at_once(api: AsyncClient, person: Person) -> None:
    await person("ada")
    signed_in = await sign_in(api)
    first = signed_in.json()["refresh_token"]
    second = await refresh(api, first)
    third = await refresh(api, second.json()["refresh_token"])

    stolen = await refresh(api, first)

    after = await refresh(api, third.json()["refresh_token"])
    assert (stolen.status_code, stolen.json()["type"]) == (401, "/problems/invalid-refresh-token")
    assert after.status_code == 401
    assert [await me(api, bearing(answer)) for answer in (signed_in, second, third)] == [401, 401, 401]


async def test_whoever_repeats_a_refresh_within_seconds_gets_the_same_successor(
    api: AsyncClient, person: Person
) -> None:
    await person("ada")
    first = (await sign_in(api)).json()["refresh_token"]

    lost, repeated = await refresh(api, first), await refresh(api, first)

    assert lost.json()["refresh_token"] == repeated.json()["refresh_token"]
    assert (await refresh(api, repeated.json()["refresh_token"])).status_code == 200


async def test_a_refresh_repeated_too_late_ends_the_session(api: AsyncClient, person: Person) -> None:
    await person("ada")
    first = (await sign_in(api)).json()["refresh_token"]

    second = await refresh(api, first)
    with time_machine.travel(now() + sessions.RETRY_WINDOW + timedelta(seconds=1), tick=True):
        late = await refresh(api, first)

    assert (second.status_code, late.status_code) == (200, 401)
    assert (await refresh(api, second.json()["refresh_token"])).status_code == 401


async def test_of_racing_refreshes_one_turns_the_token_and_all_hold_the_same_successor(
    api: AsyncClient, person: Person
) -> None:
    user: User = await person("ada")
    first = (await sign_in(api)).json()["refresh_token"]

    answers = await asyncio.gather(*(refresh(api, first) for _ in range(20)))

    stored = await db.collection(sessions.COLLECTION).find_one({"user_id": user.get_id()})
    assert Counter(answer.status_code for answer in answers) == {200: 20}
    assert len({answer.json()["refresh_token"] for answer in answers}) == 1
    assert stored is not None
    assert stored["version"] == 2  # turned once
    assert (await refresh(api, answers[0].json()["refresh_token"])).status_code == 200


async def test_the_store_holds_hashes_of_tokens_alone(api: AsyncClient, person: Person) -> None:
    await person("ada")
    first = (await sign_in(api)).json()["refresh_token"]
    second = (await refresh(api, first)).json()["refresh_token"]

    stored = str([document async for document in db.collection(sessions.COLLECTION).find()])

    assert first not in stored
    assert second not in stored
    assert refresh_tokens.digest(second) in stored


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "3f0a4e8e-0a49-4c68-a9f2-1de3c8f8a7c1.AAAA.AAAA", "é.é.é"])
async def test_a_made_up_refresh_token_is_refused(api: AsyncClient, token: str) -> None:
    answer = await refresh(api, token)

    assert (answer.status_code, answer.json()["type"]) == (401, "/problems/invalid-refresh-token")


async def test_a_made_up_token_that_names_a_session_does_not_end_it(api: AsyncClient, person: Person) -> None:
    await person("ada")
    genuine = (await sign_in(api)).json()["refresh_token"]

    forged = await refresh(api, genuine[:-3] + ("AAA" if not genuine.endswith("AAA") else "BBB"))

    assert forged.status_code == 401
    assert (await refresh(api, genuine)).status_code == 200


async def test_a_refresh_without_a_token_is_refused(api: AsyncClient) -> None:
    answer = await api.post("/v1/auth/refresh")

    assert (answer.status_code, answer.json()["type"]) == (401, "/problems/invalid-refresh-token")
    assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_an_expired_session_is_over_before_the_store_removes_it(api: AsyncClient, person: Person) -> None:
    await person("ada")
    token = (await sign_in(api)).json()["refresh_token"]

    with time_machine.travel(now() + sessions.SESSION_LIFETIME + timedelta(minutes=1), tick=True):
        answer = await refresh(api, token)

    assert answer.status_code == 401
    assert "ends" in await db.index_names(sessions.COLLECTION)


async def test_a_refreshed_session_lives_thirty_days_from_its_last_use(api: AsyncClient, person: Person) -> None:
    await person("ada")
    token = (await sign_in(api)).json()["refresh_token"]

    with time_machine.travel(now() + timedelta(days=20), tick=True):
        token = (await refresh(api, token)).json()["refresh_token"]
    with time_machine.travel(now() + timedelta(days=40), tick=True):
        answer = await refresh(api, token)
        seen = await me(api, bearing(answer))

    assert (answer.status_code, seen) == (200, 200)


async def test_sessions_are_listed_with_device_and_network_and_ended_one_by_one(
    api: AsyncClient, person: Person
) -> None:
    await person("ada")
    phone = await sign_in(api, **{"User-Agent": "okhttp/4.12 Android"})
    laptop = await sign_in(api, **{"User-Agent": FIREFOX})

    listed = (await api.get("/v1/auth/sessions", headers=bearing(laptop))).json()
    shown = [(item["device"], item["address_prefix"], item["current"]) for item in listed["items"]]
    other = next(item["id"] for item in listed["items"] if not item["current"])
    ended = await api.delete(f"/v1/auth/sessions/{other}", headers=bearing(laptop))

    again = await api.delete(f"/v1/auth/sessions/{other}", headers=bearing(laptop))
    assert shown == [("Firefox on Linux", "127.0.0.0/24", True), ("an app on Android", "127.0.0.0/24", False)]
    assert (ended.status_code, again.status_code, again.json()["type"]) == (204, 404, "/problems/session-not-found")
    assert (await me(api, bearing(phone)), await me(api, bearing(laptop))) == (401, 200)


async def test_nobody_ends_the_session_of_somebody_else(api: AsyncClient, person: Person, bearer: Bearer) -> None:
    await person("ada")
    signed_in = await sign_in(api)
    own = (await api.get("/v1/auth/sessions", headers=bearing(signed_in))).json()["items"][0]["id"]

    answer = await api.delete(f"/v1/auth/sessions/{own}", headers=await bearer("bob"))

    assert answer.status_code == 404
    assert await me(api, bearing(signed_in)) == 200


async def test_logout_ends_the_session_of_the_access_token(api: AsyncClient, person: Person) -> None:
    await person("ada")
    signed_in, other = await sign_in(api), await sign_in(api)

    answer = await api.post("/v1/auth/logout", headers=bearing(signed_in))

    again = await api.post("/v1/auth/logout", headers=bearing(signed_in))
    assert (answer.status_code, again.status_code) == (204, 401)
    assert 'underline_refresh=""' in answer.headers["set-cookie"]
    assert (await refresh(api, signed_in.json()["refresh_token"])).status_code == 401
    assert [await me(api, bearing(held)) for held in (signed_in, other)] == [401, 200]


async def test_logout_needs_no_access_token_where_the_refresh_token_comes(api: AsyncClient, person: Person) -> None:
    await person("ada")
    signed_in = await sign_in(api)

    answer = await api.post("/v1/auth/logout", json={"refresh_token": signed_in.json()["refresh_token"]})

    assert answer.status_code == 204
    assert await me(api, bearing(signed_in)) == 401


async def test_logout_of_nobody_is_refused(api: AsyncClient) -> None:
    answer = await api.post("/v1/auth/logout")

    assert (answer.status_code, answer.json()["type"]) == (401, "/problems/invalid-token")


async def test_logout_all_ends_every_session(api: AsyncClient, person: Person) -> None:
    user: User = await person("ada")
    held = [await sign_in(api) for _ in range(3)]

    answer = await api.post("/v1/auth/logout-all", headers=bearing(held[0]))

    assert answer.status_code == 204
    assert [await me(api, bearing(one)) for one in held] == [401, 401, 401]
    assert await db.collection(sessions.COLLECTION).count_documents({"user_id": user.get_id()}) == 0


async def test_the_oldest_session_gives_way_beyond_the_bound(api: AsyncClient, person: Person) -> None:
    user: User = await person("ada")
    first, second = await sign_in(api), await sign_in(api)
    first = await refresh(api, first.json()["refresh_token"])

    for _ in range(users.MAX_SESSIONS - 1):
        await sign_in(api)

    stored = await users.get(user.get_id())
    assert len(stored.sessions) == users.MAX_SESSIONS
    assert (await me(api, bearing(first)), await me(api, bearing(second))) == (200, 401)
    assert (await refresh(api, second.json()["refresh_token"])).status_code == 401


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (None, 200),
        ("http://localhost:3000", 200),
        ("http://test", 200),
        ("https://evil.example", 403),
        ("null", 403),
        ("http://localhost.evil.example", 403),
    ],
)
async def test_a_cookie_counts_only_for_pages_of_our_own(
    api: AsyncClient, person: Person, origin: str | None, status: int
) -> None:
    await person("ada")
    held = (await api.post("/v1/auth/login", json={"email": "ada@example.org", "password": PASSWORD})).cookies
    headers = {"Cookie": f"underline_refresh={held['underline_refresh']}"} | ({"Origin": origin} if origin else {})

    refreshed = await api.post("/v1/auth/refresh", headers=headers)

    assert refreshed.status_code == status
    if status == 403:
        assert (await api.post("/v1/auth/logout", headers=headers)).status_code == 403
        assert refreshed.json()["type"] == "/problems/foreign-origin"


async def test_tokens_of_the_previous_key_still_open_after_a_rotation(
    api: AsyncClient, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    await person("ada")
    signed_in = await sign_in(api)
    old = secrets.signing_keys()[0]

    monkeypatch.setattr(secrets, "signing_keys", lambda: (b"n" * 48, old))
    with_previous = await me(api, bearing(signed_in))
    refreshed = await refresh(api, signed_in.json()["refresh_token"])
    monkeypatch.setattr(secrets, "signing_keys", lambda: (b"n" * 48,))
    without = await me(api, bearing(signed_in))

    assert (with_previous, refreshed.status_code, without) == (200, 200, 401)
    assert await me(api, bearing(refreshed)) == 200
    assert (await refresh(api, refreshed.json()["refresh_token"])).status_code == 200


async def test_an_access_token_of_the_published_client_opens_no_path_of_ours(api: AsyncClient, person: Person) -> None:
    await person("ada")

    token = await sessions.log_in_client("ada@example.org", PASSWORD, Caller())

    assert "user_id" in jwt.decode(token, options={"verify_signature": False})
    assert await me(api, {"Authorization": f"Bearer {token}"}) == 401
