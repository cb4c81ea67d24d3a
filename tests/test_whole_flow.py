"""The service as it is deployed: several processes, a mail server, with Redis and without."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from datetime import timedelta

import pytest
from httpx import AsyncClient

from config import db
from models.commons import now
from models.mail import Letter, Template
from models.users import UserId
from tests.conftest import PASSWORD
from tests.letters import Inbox, smtp_server, token_in
from tests.servers import anew, free_port, gunicorn, redis_server, running, serving, until, worker
from utils import mail

pytestmark = pytest.mark.slow
NEEDS_REDIS = pytest.mark.skipif(shutil.which("redis-server") is None, reason="no redis-server is installed here")
ADA = "ada@example.org"
NEW = "another long pass phrase"


@pytest.fixture
def mail_port() -> int:
    return free_port()


@pytest.fixture
async def inbox(mail_port: int) -> AsyncIterator[Inbox]:
    async with smtp_server(mail_port) as inbox:
        yield inbox


@pytest.fixture
def redis_url() -> Iterator[str]:
    with redis_server() as url:
        yield url


def form(name: str) -> dict[str, str]:
    return {"first_name": "Ada", "last_name": "Lovelace", "email": f"{name}@example.org", "password": PASSWORD}


async def letter_token(inbox: Inbox, about: str) -> str:
    async def is_there() -> bool:
        return bool(inbox.to(ADA, about))

    await until(is_there)
    return token_in(inbox.to(ADA, about)[-1])


async def outcomes() -> list[str]:
    return [letter.get("outcome", "waiting") for letter in await db.collection(mail.COLLECTION).find().to_list()]


async def all_sent(count: int) -> bool:
    return await outcomes() == ["sent"] * count


async def has_failed() -> bool:
    """Whether the one letter there is was tried, and nobody is trying it."""
    [letter] = await db.collection(mail.COLLECTION).find().to_list()
    return letter["attempts"] > 0 and "claim" not in letter


async def everywhere(url: str, token: str) -> set[int]:
    """How a session is answered over many connections, which reach all workers."""

    me, shown = "/v1/users/me", {"Authorization": f"Bearer {token}"}
    async with anew(url) as client:
        answers = await asyncio.gather(*(client.get(me, headers=shown) for _ in range(24)))
    return {answer.status_code for answer in answers}


async def log_in(client: AsyncClient, password: str, device: str) -> str:
    answer = await client.post(
        "/v1/auth/login", json={"email": ADA, "password": password}, headers={"User-Agent": device}
    )
    return str(answer.json().get("access_token", answer.status_code))


@pytest.mark.parametrize("queue", ["memory", pytest.param("redis", marks=NEEDS_REDIS)])
async def test_from_registering_to_a_reset_that_ends_all_sessions_on_all_workers(
    api: AsyncClient, inbox: Inbox, mail_port: int, queue: str, request: pytest.FixtureRequest
) -> None:
    chosen = {"MAIL_URL": f"smtp://127.0.0.1:{mail_port}", "CHORES_EVERY_S": "1"}
    with ExitStack() as processes:
        if queue == "redis":
            chosen["REDIS_URL"] = request.getfixturevalue("redis_url")
            processes.enter_context(worker(**chosen))
        url = processes.enter_context(gunicorn(2, **chosen))
        client = anew(url)

        registered = await client.post("/v1/users", json=form("ada"))
        verified = await client.post(
            "/v1/auth/verify-email", json={"token": await letter_token(inbox, "Confirm your e-mail address")}
        )
        devices = [await log_in(client, PASSWORD, device) for device in ("Firefox", "Chrome")]
        before = [await everywhere(url, token) for token in devices]
        asked = await client.post("/v1/auth/password-reset", json={"email": ADA})
        reset = await client.post(
            "/v1/auth/password-reset/confirm",
            json={"token": await letter_token(inbox, "Choose a new password"), "password": NEW},
        )
        after = [await everywhere(url, token) for token in devices]
        old, new = await log_in(client, PASSWORD, "Firefox"), await log_in(client, NEW, "Firefox")
        await client.aclose()

    assert [answer.status_code for answer in (registered, verified, asked, reset)] == [201, 204, 202, 204]
    assert before == [{200}, {200}]
    assert after == [{401}, {401}]
    assert (old, new.count(".")) == ("401", 2)


@NEEDS_REDIS
async def test_two_workers_send_every_letter_once_and_a_killed_one_loses_none(
    api: AsyncClient, inbox: Inbox, mail_port: int, redis_url: str
) -> None:
    chosen = {"MAIL_URL": f"smtp://127.0.0.1:{mail_port}", "CHORES_EVERY_S": "0.5", "REDIS_URL": redis_url}

    async def both_have_their_hands_full() -> bool:
        return inbox.begun == 2 * mail.AT_ONCE

    async def one_is_gone() -> bool:
        return len(inbox.cut_off) == mail.AT_ONCE

    with serving(**chosen) as url, worker(**chosen):
        inbox.held_up = True
        with worker(**chosen) as victim:
            async with anew(url) as client:
                for number in range(12):
                    assert (await client.post("/v1/users", json=form(f"ada{number}"))).status_code == 201
            await until(both_have_their_hands_full)
            victim.kill()
        await until(one_is_gone)
        await let_leases_run_out(inbox.cut_off)
        inbox.held_up = False
        await until(lambda: all_sent(12))

    assert sorted(letter["To"] for letter in inbox.kept) == sorted(f"ada{number}@example.org" for number in range(12))


async def let_leases_run_out(addresses: list[str]) -> None:
    """What was claimed by the one who was killed becomes due as it would after two minutes."""
    readers = [user["_id"] async for user in db.collection("users").find({"email": {"$in": addresses}})]
    theirs = {"recipient_id": {"$in": readers}, "claim": {"$exists": True}}
    done = await db.collection(mail.COLLECTION).update_many(theirs, {"$set": {"next_attempt_at": now()}})
    assert done.modified_count == len(addresses)


@NEEDS_REDIS
async def test_a_redis_that_is_away_delays_no_answer_and_loses_no_letter(
    api: AsyncClient, inbox: Inbox, mail_port: int
) -> None:
    nowhere = f"redis://127.0.0.1:{free_port()}/0"
    chosen = {"MAIL_URL": f"smtp://127.0.0.1:{mail_port}", "CHORES_EVERY_S": "0.5", "REDIS_URL": nowhere}

    with serving(**chosen) as url:
        async with anew(url) as client:
            answer = await client.post("/v1/users", json=form("ada"))
        waiting = await outcomes()
        with worker(**chosen):
            await until(lambda: all_sent(1))

    assert (answer.status_code, waiting) == (201, ["waiting"])
    assert len(inbox.to(ADA)) == 1


async def test_without_redis_one_of_the_workers_takes_up_what_another_left_when_the_mail_server_was_down(
    api: AsyncClient, mail_port: int
) -> None:
    chosen = {"MAIL_URL": f"smtp://127.0.0.1:{mail_port}", "CHORES_EVERY_S": "0.5"}

    with gunicorn(2, **chosen) as url:
        async with anew(url) as client:
            await client.post("/v1/users", json=form("ada"))
        async with smtp_server(mail_port) as inbox:
            await until(has_failed)
            due = {"next_attempt_at": now() - timedelta(seconds=1)}
            await db.collection(mail.COLLECTION).update_many({}, {"$set": due})
            await until(lambda: all_sent(1))

    assert len(inbox.to(ADA)) == 1


async def test_a_worker_told_to_stop_ends_well(api: AsyncClient) -> None:
    await db.collection(mail.COLLECTION).insert_one(
        Letter(template=Template.PASSWORD_CHANGED, recipient_id=UserId("nobody"), next_attempt_at=now()).model_dump()
    )
    with running("manage.py", "worker", CHORES_EVERY_S="0.2") as process:

        async def is_at_work() -> bool:
            return await outcomes() == ["nobody to read it"]

        await until(is_at_work)
        process.terminate()
        status = process.wait(timeout=20)

    assert status == 0
    assert await db.collection("leases").count_documents({}) == 0
