"""The operator's commands, run as an operator runs them."""

import asyncio
import multiprocessing
import os
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from httpx import AsyncClient

from manage import commands
from tests.conftest import PASSWORD

_forking = multiprocessing.get_context("forkserver")
_forking.set_forkserver_preload(["manage"])


class Outcome(NamedTuple):
    """What a command left behind."""

    status: int | None
    out: str
    err: str


async def manage(*words: str, typed: str = "") -> Outcome:
    """Run `manage.py WORDS` on the database of this run, in a process of its own that has its imports behind it."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "typed").write_text(typed)
        process = _forking.Process(target=_run, args=(folder, words))
        process.start()
        await asyncio.to_thread(process.join)
        out, err = ((Path(folder) / name).read_text() for name in ("out", "err"))
        return Outcome(process.exitcode, out, err)


def _run(folder: str, words: tuple[str, ...]) -> None:
    for descriptor, name in enumerate(("typed", "out", "err")):
        os.dup2(os.open(Path(folder) / name, os.O_RDWR | os.O_CREAT), descriptor)
    sys.stdin, sys.stdout, sys.stderr = (os.fdopen(number, mode) for number, mode in enumerate("rww"))
    commands(list(words), prog_name="manage.py")


async def test_the_program_names_its_commands_and_says_what_they_are_for() -> None:
    process = await asyncio.create_subprocess_exec(sys.executable, "manage.py", stdout=asyncio.subprocess.PIPE)
    out, _ = await process.communicate()

    assert process.returncode == 2
    assert b"create-admin" in out


async def test_the_first_admin_is_made_by_the_operator(api: AsyncClient) -> None:
    made = await manage("create-admin", "--email", "root@example.org", typed=PASSWORD + "\n")

    token = (await api.post("/v1/auth/login", json={"email": "root@example.org", "password": PASSWORD})).json()
    me = await api.get("/v1/users/me", headers={"Authorization": f"Bearer {token['access_token']}"})
    assert (made.status, made.err) == (0, "")
    assert me.json()["role"] == "admin"


async def test_an_admin_without_a_proper_password_is_refused_in_one_line(api: AsyncClient) -> None:
    refused = await manage("create-admin", "--email", "root@example.org", typed="short\n")

    assert (refused.status, refused.err.count("\n")) == (1, 1)
    assert refused.err == "password: a password has 8 to 128 characters\n"


async def test_a_file_that_cannot_be_written_is_named_in_one_line(api: AsyncClient, tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.write_text("")

    exported = await manage("export", str(taken / "backup"))
    written = await manage("openapi", str(tmp_path))

    assert (exported.status, exported.err) == (1, f"{taken / 'backup'}: Not a directory\n")
    assert (written.status, written.err) == (1, f"{tmp_path}: Is a directory\n")


async def test_check_finds_a_sound_store(api: AsyncClient) -> None:
    checked = await manage("check")

    assert checked.status == 0
    assert "WRONG" not in checked.out
