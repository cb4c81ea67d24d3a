"""Migrations are applied once, in order, by one process at a time, and go on where a killed one stopped."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from httpx import AsyncClient
from pymongo import IndexModel
from typer.testing import CliRunner

from config import db
from config.main import Environment, settings
from manage import commands
from models.exceptions import MigrationChanged, MigrationFinal, MigrationTaken
from tests.test_commands import manage
from utils import migrations

COUNTING = '''"""Marks numbers, one at a time, and counts how often each was."""

import os
from config import db

async def up(position):
    number = await db.collection("pytest_numbers").find_one({"_id": {"$gt": int(position or 0)}}, sort=[("_id", 1)])
    if number is None:
        return None
    await db.collection("pytest_numbers").update_one({"_id": number["_id"]}, {"$inc": {"marks": 1}})
    if number["_id"] == int(os.environ.get("STOPS_AFTER", 0)):
        os.kill(os.getpid(), 9)
    return str(number["_id"])

async def down(position):
    await db.collection("pytest_numbers").update_many({}, {"$unset": {"marks": 1}})
'''
SECOND = '''"""Needs what the first one did."""

from config import db

async def up(position):
    unmarked = await db.collection("pytest_numbers").count_documents({"marks": {"$exists": False}})
    await db.collection("pytest_numbers").update_one({"_id": 0}, {"$set": {"unmarked": unmarked}}, upsert=True)
'''
RUN = """
import asyncio, sys
from datetime import timedelta
from pathlib import Path
from config import db
from utils import migrations

async def main():
    migrations.LEASE = timedelta(seconds=1)
    async with db.opened():
        print(*await migrations.up(folder=Path(sys.argv[1])))

asyncio.run(main())
"""


@pytest.fixture
async def folder(api: AsyncClient, tmp_path: Path) -> AsyncIterator[Path]:
    """Two migrations, and twenty numbers for them to work on."""
    (tmp_path / "0001_mark.py").write_text(COUNTING)
    (tmp_path / "0002_count.py").write_text(SECOND)
    await db.collection("pytest_numbers").insert_many([{"_id": number} for number in range(1, 21)])
    await db.collection(migrations.COLLECTION).delete_many({})
    yield tmp_path
    migrations.known.cache_clear()


async def marks() -> dict[int, int]:
    return {
        each["_id"]: each.get("marks", 0) async for each in db.collection("pytest_numbers").find({"_id": {"$gt": 0}})
    }


def begin(folder: Path, **environment: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", RUN, str(folder)]
    return subprocess.Popen(command, env=os.environ | environment, stdout=subprocess.PIPE, text=True)


async def test_each_migration_is_applied_once_in_the_order_of_the_numbers(folder: Path) -> None:
    assert await migrations.pending(folder) == ["0001_mark", "0002_count", "indexes"]

    first, second = await migrations.up(folder=folder), await migrations.up(folder=folder)

    assert (first, second) == (["0001_mark", "0002_count"], [])
    assert set((await marks()).values()) == {1}
    assert (await db.collection("pytest_numbers").find_one({"_id": 0}))["unmarked"] == 0  # type: ignore[index]
    assert await migrations.pending(folder) == []


async def test_of_two_runs_at_once_each_migration_is_applied_by_one(folder: Path) -> None:
    applied = await asyncio.gather(*(migrations.up(folder=folder) for _ in range(3)))

    assert sorted(applied) == [[], [], ["0001_mark", "0002_count"]]
    assert set((await marks()).values()) == {1}


async def test_a_run_goes_on_where_a_killed_one_stopped(folder: Path) -> None:
    killed = begin(folder, STOPS_AFTER="7")
    await asyncio.to_thread(killed.communicate)
    assert killed.returncode == -signal.SIGKILL
    assert (await migrations.statuses(folder))[0].state is migrations.State.RUNNING

    resumed = begin(folder)
    said, _ = await asyncio.to_thread(resumed.communicate)

    assert (resumed.returncode, said.split()) == (0, ["0001_mark", "0002_count"])
    assert await marks() == {number: 2 if number == 7 else 1 for number in range(1, 21)}  # 7: done, not yet noted


async def test_who_was_away_for_too_long_does_not_write_beside_its_successor(folder: Path) -> None:
    (migration, _) = migrations.known(folder)
    await migrations._take(migration, "the first", migrations.State.RUNNING)
    await migrations._take(migration, "its successor", migrations.State.RUNNING)

    with pytest.raises(MigrationTaken):
        await migrations._mark(migration.name, "the first", {"state": migrations.State.APPLIED})


async def test_a_long_batch_keeps_its_turn(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrations, "LEASE", timedelta(milliseconds=300))
    order: list[str] = []

    async def turn(name: str, seconds: float) -> None:
        async with migrations._turn():
            order.append(name)
            await asyncio.sleep(seconds)
            order.append(name)

    await asyncio.gather(turn("one", 0.9), turn("another", 0))

    assert order in (["one", "one", "another", "another"], ["another", "another", "one", "one"])


async def test_a_migration_that_changed_after_it_was_applied_stops_everything(folder: Path) -> None:
    await migrations.up(folder=folder)
    (folder / "0001_mark.py").write_text(COUNTING + "# later\n")
    (folder / "0003_more.py").write_text(SECOND)
    migrations.known.cache_clear()

    with pytest.raises(MigrationChanged, match="0001_mark"):
        await migrations.up(folder=folder)

    states = [status.state for status in await migrations.statuses(folder)]
    assert states[:3] == [migrations.State.CHANGED, migrations.State.APPLIED, migrations.State.PENDING]


async def test_the_last_migration_can_be_undone_if_it_has_a_way_back(folder: Path) -> None:
    await migrations.up(folder=folder)
    with pytest.raises(MigrationFinal):
        await migrations.down(folder=folder)
    (folder / "0002_count.py").unlink()
    migrations.known.cache_clear()

    assert await migrations.down(folder=folder) == "0001_mark"

    assert set((await marks()).values()) == {0}
    assert [(each.name, each.state) for each in await migrations.statuses(folder)] == [
        ("0002_count", "lost"),
        ("0001_mark", "pending"),
        ("indexes", "applied"),
    ]


async def test_an_index_that_is_declared_otherwise_is_built_anew(api: AsyncClient) -> None:
    await db.ensure_indexes({"pytest_numbers": [IndexModel([("size", 1)], name="by_size")]})

    await db.ensure_indexes({"pytest_numbers": [IndexModel([("size", -1), ("_id", 1)], name="by_size", unique=True)]})

    held = {index["name"]: index async for index in await db.collection("pytest_numbers").list_indexes()}
    assert (list(held["by_size"]["key"].items()), held["by_size"]["unique"]) == ([("size", -1), ("_id", 1)], True)


async def test_a_deployment_is_not_ready_while_a_migration_is_pending(
    api: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    hosted = settings.model_copy(update={"environment": Environment.PRODUCTION})
    monkeypatch.setattr("utils.health.settings", hosted)
    await db.collection(migrations.COLLECTION).delete_many({})

    before = await api.get("/readyz")
    await migrations.up()
    after = await api.get("/readyz")

    assert (before.status_code, before.json()["type"]) == (503, "/problems/migrations-pending")
    assert before.headers["retry-after"]
    assert after.status_code == 200


@pytest.mark.slow
async def test_the_operator_migrates(api: AsyncClient) -> None:
    await db.collection(migrations.COLLECTION).delete_many({})

    planned = await manage("migrate", "--dry-run")
    done = await manage("migrate")
    after = await manage("migrate", "status")

    assert "indexes" in planned.out
    assert (done.status, after.status) == (0, 0)
    assert "All are applied." in after.out


def test_a_new_migration_gets_the_next_number(tmp_path: Path) -> None:
    (tmp_path / "0041_before.py").touch()

    made = CliRunner().invoke(commands, ["migrate", "new", "fold_names", "--folder", str(tmp_path)])

    assert made.exit_code == 0
    assert asyncio.iscoroutinefunction(migrations._read(tmp_path / "0042_fold_names.py").up)
