"""The operator's commands, run as an operator runs them."""

import asyncio
import os
import sys
from typing import NamedTuple

from httpx import AsyncClient

from tests.conftest import PASSWORD


class Outcome(NamedTuple):
    """What a command left behind."""

    status: int | None
    out: str
    err: str


async def manage(*words: str, typed: str = "") -> Outcome:
    """Run `python manage.py WORDS` on the database of this test run."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "manage.py", *words),
        env=dict(os.environ),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate(typed.encode())
    return Outcome(process.returncode, out.decode(), err.decode())


async def test_the_first_admin_is_made_by_the_operator(api: AsyncClient) -> None:
    made = await manage("create-admin", "--email", "root@example.org", typed=PASSWORD + "\n")

    token = (await api.post("/v1/auth/login", json={"email": "root@example.org", "password": PASSWORD})).json()
    me = await api.get("/v1/users/me", headers={"Authorization": f"Bearer {token['access_token']}"})
    assert (made.status, made.err) == (0, "")
    assert me.json()["role"] == "admin"


async def test_an_admin_without_a_proper_password_is_refused_in_one_line(api: AsyncClient) -> None:
    refused = await manage("create-admin", "--email", "root@example.org", typed="short\n")

    assert (refused.status, refused.err.count("\n")) == (1, 1)
    assert "8 to 128 characters" in refused.err


async def test_check_finds_a_sound_store(api: AsyncClient) -> None:
    checked = await manage("check")

    assert checked.status == 0
    assert "WRONG" not in checked.out
