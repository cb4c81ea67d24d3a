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

import httpx
import typer

from tests.conftest import PASSWORD  # first: it chooses a throwaway database

# isort: split
from app import app
from config import db
from models.users import Role, UserCreate
from tests.servers import serving
from utils import users

PEOPLE = ("attacker", "victim")  # two, since some operations end the session of whoever calls them
SUICIDAL = (
    "auth_logout",
    "auth_logout_all",
    "auth_end_session",
    "users_erase_me",
    "users_change_password",
    "users_change_address",
    "admin_change_user",
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


def schemathesis(base: str, *options: str) -> int:
    """Run schemathesis against a service; its exit status.

    What ends the session or the account that it is called with is tried by somebody else.
    """
    suicidal = [part for name in SUICIDAL for part in ("--include-operation-id", name)]
    others = [part.replace("--include", "--exclude") for part in suicidal]
    return _run(base, "attacker", *others, *options) or _run(base, "victim", *suicidal, *options)


def _run(base: str, name: str, *options: str) -> int:
    login = httpx.post(f"{base}/v1/auth/login", json={"email": email(name), "password": PASSWORD}, timeout=60)
    token = login.raise_for_status().json()["access_token"]
    command = [
        str(Path(sys.executable).with_name("schemathesis")),
        "--config-file",
        str(Path(__file__).with_name("schemathesis.toml")),
        "run",
        f"{base}/openapi.json",
        "--header",
        f"Authorization: Bearer {token}",
        *options,
    ]
    return subprocess.run(command, check=False).returncode


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
def schema(examples: int = 200, workers: int = 2) -> None:
    """Everything that schemathesis checks, on every operation."""
    with attacked() as base:
        sys.exit(schemathesis(base, "--max-examples", str(examples), "--workers", str(workers)))


if __name__ == "__main__":
    commands()
