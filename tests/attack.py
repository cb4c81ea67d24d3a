"""Attacks on a service of its own, on a throwaway database: `python -m tests.attack schema` and `… server`.

`schema` sends what schemathesis makes of /openapi.json: examples, boundaries, random bodies and sequences of calls
along the links. `server` opens slow, broken and idle connections, and times what everybody else gets meanwhile.
"""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

import httpx
import jwt
import typer

from tests.conftest import PASSWORD  # first: it chooses a throwaway database

# isort: split
from app import app
from config import db
from models.users import Role, UserCreate
from tests.servers import serving
from utils import secrets, users

PEOPLE = ("attacker", "victim")  # two, since some operations end the session of whoever calls them
SUICIDAL = (
    "auth_logout",
    "auth_logout_all",
    "auth_end_session",
    "users_erase_me",
    "users_change_password",
    "users_change_address",
    "admin_change_user",
    "underline_client_delete_as_admin",
    "underline_client_delete_user",
    "underline_client_update_user",
)
MOMENT = datetime(2026, 11, 22, tzinfo=UTC)
commands = typer.Typer(no_args_is_help=True)


async def make_admins() -> None:
    """Make the accounts that the attacks are made with: no policy stops them."""
    for name in PEOPLE:
        person = {"first_name": "Ada", "last_name": "Lovelace", "email": email(name), "password": PASSWORD}
        await users.register(UserCreate.model_validate(person), Role.ADMIN)


def email(name: str) -> str:
    """The address of one of `PEOPLE`."""
    return f"{name}@example.org"


async def drop() -> None:
    """Drop the database that was attacked."""
    async with db.opened():
        await db.drop_test_database()


def schemathesis(base: str, phases: list[str], *options: str) -> int:
    """Run schemathesis against a service; its exit status.

    What ends the session or the account that it is called with is tried by somebody else.
    """
    suicidal = [part for name in SUICIDAL for part in ("--include-operation-id", name)]
    others = [part.replace("--include", "--exclude") for part in suicidal]
    alone = [phase for phase in phases if phase != "stateful"]  # no links lead from one of these to another
    found = _run(base, "attacker", "--phases", ",".join(phases), *others, *options)
    return (alone and _run(base, "victim", "--phases", ",".join(alone), *suicidal, *options)) or found


def _run(base: str, name: str, *options: str) -> int:
    person = {"email": email(name), "password": PASSWORD}
    login = httpx.post(f"{base}/v1/auth/login", json=person, timeout=60, verify=False).raise_for_status()
    older = {"identifier": {"email": email(name)}, "password": PASSWORD}
    older_login = httpx.post(f"{base}/users/login", json=older, timeout=60, verify=False).raise_for_status()
    command = [
        str(Path(sys.executable).with_name("schemathesis")),
        "--config-file",
        str(Path(__file__).with_name("schemathesis.toml")),
        "run",
        f"{base}/openapi.json",
        "--header",
        f"Authorization: Bearer {_lasting(login.json()['access_token'])}",
        "--header",
        f"token: {older_login.json()['jwt']}",
        *options,
    ]
    return subprocess.run(command, check=False).returncode


def _lasting(token: str) -> str:
    """The same token for a day: an attack takes longer than the quarter of an hour that tokens live."""
    claims = jwt.decode(token, options={"verify_signature": False})
    return jwt.encode({**claims, "exp": claims["exp"] + 86_400}, secrets.signing_keys()[0])


async def _prepare() -> None:
    async with app.router.lifespan_context(app):
        await make_admins()


@contextmanager
def attacked() -> Iterator[str]:
    """A service to attack; gives its base URL."""
    asyncio.run(_prepare())
    try:
        with serving() as base:
            yield base
    finally:
        asyncio.run(drop())


@commands.command()
def schema(examples: int = 200, workers: int = 1, phases: str = "examples,coverage,fuzzing,stateful") -> None:
    """Everything that schemathesis checks, on every operation."""
    options = ("--max-examples", str(examples), "--workers", str(workers))
    with attacked() as base:
        sys.exit(schemathesis(base, phases.split(","), *options))


@commands.command()
def server(seconds: float = 10, idle: int = 500) -> None:
    """Slow, broken and idle connections; prints what everybody else waits for meanwhile, and without them."""
    with attacked() as base:
        asyncio.run(_besiege(base, seconds, idle))


async def _besiege(base: str, seconds: float, idle: int) -> None:
    before = await _percentile(base, seconds)
    host, port = httpx.URL(base).host, httpx.URL(base).port or 80
    async with asyncio.TaskGroup() as group:
        siege = [group.create_task(_hold(host, port, b"", seconds + 60)) for _ in range(idle)]
        siege += [group.create_task(_hold(host, port, b"GET /v1/ev", seconds + 60)) for _ in range(50)]
        siege += [group.create_task(_drip(host, port)) for _ in range(50)]
        siege += [group.create_task(_garbage(host, port)) for _ in range(10)]
        await asyncio.sleep(3)  # until all of them are connected
        during = await _percentile(base, seconds)
        for attacker in siege:
            attacker.cancel()
    typer.echo(f"p99 alone {before * 1e3:.1f} ms, under attack {during * 1e3:.1f} ms: {during / before:.1f} times")


async def _percentile(base: str, seconds: float) -> float:
    """The time in which 99 of 100 requests are answered, sent one after another; each has to be."""
    times: list[float] = []
    async with httpx.AsyncClient(base_url=base, timeout=60, verify=False) as client:
        end = perf_counter() + seconds
        while (begun := perf_counter()) < end:
            (await client.get("/v1/events")).raise_for_status()
            times.append(perf_counter() - begun)
    return sorted(times)[len(times) * 99 // 100]


async def _hold(host: str, port: int, sent: bytes, seconds: float) -> None:
    """Say a part of a request, or nothing, and wait."""
    _, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(sent)
        await asyncio.sleep(seconds)
    finally:
        writer.close()


async def _drip(host: str, port: int) -> None:
    """Send a body letter by letter."""
    _, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(b"POST /v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n")
        writer.write(b"Content-Length: 100000\r\n\r\n{")
        while True:
            await asyncio.sleep(0.5)
            writer.write(b" ")
    finally:
        writer.close()


async def _garbage(host: str, port: int) -> None:
    """Send good requests with rubbish behind them on the same connection, again and again."""
    while True:
        reader, writer = await asyncio.open_connection(host, port)
        try:
            writer.write(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n" * 3 + b"\x00\xff GARBAGE \r\n\r\n" * 20)
            while await reader.read(65_536):
                pass
        except ConnectionError:
            pass
        finally:
            writer.close()
        await asyncio.sleep(0.1)


if __name__ == "__main__":
    commands()
