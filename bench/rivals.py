"""Rivals for the last seats of an event, over real gunicorn workers: `python -m bench.rivals --help`.

Rounds, each on an event of its own: undisturbed; everybody leaving feedback; with workers killed on the way and nobody
looking after it until `manage.py repair` does; the same with the service's own reconciling. Prints figures; the exit
status is 1 if any of them is not what it must be.
"""

import os
import secrets
import tempfile

_FOLDER = tempfile.mkdtemp(prefix="underline-rivals-")
os.environ |= {
    "ENVIRONMENT": "test",
    "MONGO_DB_NAME": f"pytest-{secrets.token_hex(5)}",
    "DATA_DIR": _FOLDER,
    "MAIL_URL": f"file:{_FOLDER}/mail",
    "MONGO_TIMEOUT_MS": "60000",  # of this process, which only looks on
    "RATE_LIMIT_ENABLED": "false",  # they all come from one address
    "ARGON2_TIME_COST": "1",
    "ARGON2_MEMORY_KIB": "64",
    "ARGON2_LANES": "1",
}
os.environ.pop("DYNO", None)

import asyncio  # noqa: E402  # the environment comes first
import shutil  # noqa: E402
import signal  # noqa: E402
import socket  # noqa: E402
import subprocess  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402
from collections import Counter  # noqa: E402
from collections.abc import AsyncIterator, Awaitable, Callable  # noqa: E402
from contextlib import asynccontextmanager  # noqa: E402
from dataclasses import dataclass  # noqa: E402
from datetime import timedelta  # noqa: E402
from http import HTTPStatus  # noqa: E402
from pathlib import Path  # noqa: E402

import httpx  # noqa: E402
import typer  # noqa: E402

from config import db, tasks  # noqa: E402
from config.main import Settings  # noqa: E402
from models.attendance import State  # noqa: E402
from models.auth import Caller, Login  # noqa: E402
from models.commons import now  # noqa: E402
from models.events import EventCreate  # noqa: E402
from models.users import Role, User, UserCreate  # noqa: E402
from utils import _pairs, events, feedback, indexes, seats, sessions, users  # noqa: E402

PASSWORD = "a long enough pass phrase"
PATIENCE_S = 180.0
TIMES = 5
_BIN = Path(sys.executable).parent


@dataclass
class Rival:
    """Somebody who wants a seat."""

    user_id: str
    headers: dict[str, str]


@dataclass
class Service:
    """Gunicorn on a free port."""

    port: int
    process: subprocess.Popen[bytes]

    def workers(self) -> list[int]:
        """The process ids of its workers."""
        master = self.process.pid
        return [
            int(child) for child in Path(f"/proc/{master}/task/{master}/children").read_text(encoding="utf-8").split()
        ]


@asynccontextmanager
async def served(workers: int, chores_every_s: float) -> AsyncIterator[Service]:
    """The service with so many workers, until it answers; its chores at this pace, 0: none."""
    with socket.create_server(("127.0.0.1", 0)) as chosen:
        port = chosen.getsockname()[1]
    given = {"PORT": str(port), "WEB_CONCURRENCY": str(workers), "CHORES_EVERY_S": str(chores_every_s)}
    given["MONGO_TIMEOUT_MS"] = str(Settings.model_fields["mongo_timeout_ms"].default)
    process = subprocess.Popen(  # noqa: ASYNC220  # starting it takes no time
        [str(_BIN / "gunicorn"), "app:app"],
        env=os.environ | given,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            await until(lambda: _answers(client))
        yield Service(port, process)
    finally:
        process.terminate()
        await asyncio.to_thread(process.wait, 60)


async def _answers(client: httpx.AsyncClient) -> bool:
    try:
        return (await client.get("/readyz", timeout=10)).status_code == 200
    except httpx.TransportError:
        return False


async def until(met: Callable[[], Awaitable[bool]], pause_s: float = 0.05) -> float:
    """Wait until a condition holds, looking each time after a pause; how many seconds that took."""
    began = time.monotonic()
    while not await met():
        if time.monotonic() - began > PATIENCE_S:
            raise TimeoutError("waited in vain")
        await asyncio.sleep(pause_s)
    return time.monotonic() - began


async def crowd(people: int) -> list[Rival]:
    """Accounts, each signed in."""
    return [await _rival(number) for number in range(people)]


async def _rival(number: int) -> Rival:
    user = await _register(f"rival{number}@example.org", Role.USER)
    login = Login.model_validate({"email": user.email, "password": PASSWORD})
    token = (await sessions.log_in(login, Caller())).access_token
    return Rival(user.get_id(), {"Authorization": f"Bearer {token}"})


async def _register(email: str, role: Role) -> User:
    form = {"first_name": "Ada", "last_name": "Lovelace", "email": email, "password": PASSWORD}
    return await users.register(UserCreate.model_validate(form), role)


async def event_with(capacity: int, host: User) -> str:
    """An event that everybody sees."""
    form = EventCreate.model_validate(
        {
            "title": "The last seats",
            "starts_at": now() + timedelta(days=1),
            "ends_at": now() + timedelta(days=2),
            "location": {"title": "Here", "latitude": 25.7, "longitude": -80.2},
            "max_capacity": capacity,
        }
    )
    return (await events.create(form, host)).get_id()


async def rush(service: Service, event_id: str, rivals: list[Rival]) -> list[httpx.Response | None]:
    """All ask at once; None for whose connection broke."""
    unlimited = httpx.Limits(max_connections=None)
    base = f"http://127.0.0.1:{service.port}"
    async with httpx.AsyncClient(base_url=base, timeout=PATIENCE_S, limits=unlimited) as client:

        async def ask(rival: Rival) -> httpx.Response | None:
            try:
                return await client.put(f"/v1/events/{event_id}/attendance", headers=rival.headers)
            except httpx.TransportError:
                return None

        return await asyncio.gather(*(ask(rival) for rival in rivals))


async def kill_workers(service: Service, event_id: str, people: int) -> int:
    """Kill one worker after another from when a twentieth of the rush is counted; how many."""
    await until(lambda: _counted(event_id, people // 20))
    victims = service.workers()
    for victim in victims:
        os.kill(victim, signal.SIGKILL)
        await asyncio.sleep(0.1)
    return len(victims)


async def _counted(event_id: str, goal: int) -> bool:
    standing = await seats.find(event_id)
    return standing is not None and standing.attending + standing.waiting >= goal


async def drift(event_id: str) -> tuple[int, int, int]:
    """How far the counters of attending and waiting are from the documents, and how many requests died on the way."""
    standing, counted = await seats.find(event_id), await _pairs.count(event_id)
    assert standing is not None
    on_the_way = await _pairs.pairs().count_documents({"event_id": event_id, "joining_at": {"$exists": True}})
    return standing.attending - counted[State.ATTENDING], standing.waiting - counted[State.WAITING], on_the_way


async def faults(event_id: str, capacity: int, people: int) -> list[str]:
    """What is not as it must be: seats to the lowest tickets, everybody in once, and true counters."""
    found = [pair async for pair in _pairs.participants(event_id)]
    tickets = [pair.ticket or 0 for pair in found]
    attending = sum(pair.state is State.ATTENDING for pair in found)
    off = await drift(event_id)
    checks = {
        f"{attending} attend instead of {capacity}": attending != capacity,
        f"{len(found)} are in instead of {people}": len(found) != people,
        "somebody is in twice": len({pair.user_id for pair in found}) != len(found),
        f"the tickets are out of order: {tickets}": tickets != sorted(set(tickets)),
        f"the counters are off by {off}": off != (0, 0, 0),
    }
    return [fault for fault, is_so in checks.items() if is_so]


def positions(answers: list[httpx.Response | None]) -> list[int]:
    """The places in the queue that were answered, in order."""
    bodies = [answer.json() for answer in answers if answer is not None and answer.status_code == 200]
    return sorted(body["position"] for body in bodies if body["state"] == State.WAITING)


def tally(answers: list[httpx.Response | None]) -> str:
    """How many answers there were of each kind."""
    kinds = Counter("broken off" if answer is None else str(answer.status_code) for answer in answers)
    return ", ".join(f"{count} × {kind}" for kind, count in sorted(kinds.items()))


async def undisturbed(service: Service, event_id: str, capacity: int, rivals: list[Rival]) -> bool:
    """The first round."""
    began = time.monotonic()
    answers = await rush(service, event_id, rivals)
    took, queue = time.monotonic() - began, positions(answers)
    wrong = await faults(event_id, capacity, len(rivals))
    if queue != list(range(1, len(rivals) - capacity + 1)):
        wrong.append(f"the positions answered have gaps: {queue}")
    print(f"undisturbed: {tally(answers)} in {took:.1f} s; {len(rivals) - len(queue)} attend, {len(queue)} wait")
    return _said(wrong)


async def disturbed(
    service: Service, event_id: str, capacity: int, rivals: list[Rival], mend: Callable[[str], Awaitable[str]]
) -> bool:
    """A round with workers killed on the way, mended, and then all asking again."""
    answers, killed = await asyncio.gather(
        rush(service, event_id, rivals), kill_workers(service, event_id, len(rivals))
    )
    attending, waiting, died = await drift(event_id)
    print(f"{killed} workers killed: {tally(answers)}; counters too high by {attending} and {waiting}, {died} died")
    how = await mend(event_id)
    mended = await _is_right(event_id)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{service.port}") as client:
        await until(lambda: _answers(client))
    again = await insist(service, event_id, rivals)
    wrong = await faults(event_id, capacity, len(rivals))
    agree = "agree" if mended else "DISAGREE"
    print(f"  {how}: counters {agree}; asked again: {again}; all in, in order: {not wrong}")
    return _said(wrong) and mended


async def _is_right(event_id: str) -> bool:
    """Whether the counters are true; asked again, since a promotion may come between two readings."""
    for _ in range(20):
        if await drift(event_id) == (0, 0, 0):
            return True
        await asyncio.sleep(0.1)
    return False


def _said(wrong: list[str]) -> bool:
    """Print what is wrong; whether nothing is."""
    for fault in wrong:
        print(f"  WRONG: {fault}")
    return not wrong


async def insist(service: Service, event_id: str, rivals: list[Rival]) -> str:
    """Ask until everybody was answered 200, as clients do after a 503; the answers of each time."""
    times: list[str] = []
    while rivals and len(times) < TIMES:
        answers = await rush(service, event_id, rivals)
        times.append(tally(answers))
        rivals = [
            rival
            for rival, answer in zip(rivals, answers, strict=True)
            if answer is None or answer.status_code != HTTPStatus.OK
        ]
    return ", then ".join(times)


async def outspoken(service: Service, event_id: str, authors: list[Rival]) -> bool:
    """Everybody leaves feedback at once, and changes it at once; the counters must be those of the documents."""
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{service.port}", timeout=PATIENCE_S) as client:
        path = f"/v1/events/{event_id}/feedback"
        left = await asyncio.gather(
            *(client.post(path, json={"comment": "Good.", "rating": 5}, headers=one.headers) for one in authors)
        )
        changed = await asyncio.gather(
            *(
                client.patch(answer.headers["location"], json={"rating": 1 + turn % 5}, headers=one.headers)
                for turn, (one, answer) in enumerate(zip(authors, left, strict=True))
                if answer.status_code == HTTPStatus.CREATED
            )
        )
    event = await events.get_any(event_id)
    wrong = await feedback.repair()
    print(
        f"feedback: {tally(list(left))} left at once, {tally(list(changed))} changed at once; "
        f"the event counts {event.feedback_count}, mean {event.rating_average}; {wrong} wrong counters"
    )
    return wrong == 0 and event.feedback_count == sum(answer.status_code == HTTPStatus.CREATED for answer in left)


async def by_command(_event_id: str) -> str:
    """Let what died grow old, then repair by hand."""
    await asyncio.sleep(_pairs.GRACE.total_seconds() + 1)
    command = [sys.executable, "manage.py", "repair"]
    done = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    output, _ = await done.communicate()
    return f"manage.py repair said “{output.decode().strip()}”"


async def by_itself(event_id: str) -> str:
    """Wait for the service to reconcile."""

    async def settled() -> bool:
        return await drift(event_id) == (0, 0, 0)

    return f"reconciled after {await until(settled, pause_s=0.5):.0f} s"


async def rounds(people: int, capacity: int, workers: int, *, repair: bool) -> bool:
    """All of it; whether everything was as it must be."""
    async with db.opened(), tasks.opened():
        await indexes.ensure()
        host, rivals = await _register("host@example.org", Role.ADMIN), await crowd(people)
        print(f"{people} rivals for {capacity} seats, {workers} gunicorn workers")
        right = []
        async with served(workers, 0) as service:
            right.append(await undisturbed(service, await event_with(capacity, host), capacity, rivals))
            right.append(await outspoken(service, await event_with(capacity, host), rivals[:50]))
            if repair:
                right.append(await disturbed(service, await event_with(capacity, host), capacity, rivals, by_command))
        async with served(workers, 1) as service:
            right.append(await disturbed(service, await event_with(capacity, host), capacity, rivals, by_itself))
        await db.drop_test_database()
    return all(right)


def main(
    people: int = 200, seats_: int = typer.Option(20, "--seats"), workers: int = 4, *, repair: bool = True
) -> None:
    """Let them come."""
    try:
        right = asyncio.run(rounds(people, seats_, workers, repair=repair))
    finally:
        shutil.rmtree(_FOLDER, ignore_errors=True)
    print("All is as it must be." if right else "SOMETHING IS WRONG.")
    raise typer.Exit(0 if right else 1)


if __name__ == "__main__":
    typer.run(main)
