"""No database but one that was made for a test run is ever dropped or cleared."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from httpx import AsyncClient

from config import db

CODE = Path(__file__).parents[1]
HARM = """
import asyncio, sys
from config import db
async def harm(name):
    async with db.opened(name=name):
        for act in (db.drop_test_database, db.clear_test_database):
            try:
                await act()
            except PermissionError as refusal:
                print(refusal)
for name in sys.argv[1:]:
    asyncio.run(harm(name))
"""


async def test_the_database_of_the_run_has_a_name_that_says_so(api: AsyncClient) -> None:
    assert db.database().name.startswith("pytest-")


async def test_clearing_the_database_of_the_run_removes_documents_and_keeps_indexes(api: AsyncClient) -> None:
    things = db.collection("things")
    await things.create_index("name", name="by_name")
    await things.insert_one({"name": "x"})

    await db.clear_test_database()

    assert await things.count_documents({}) == 0
    assert "by_name" in await things.index_information()


@pytest.mark.parametrize(
    ("environment", "names"), [("test", ["underline", "my-pytest-abc", "Pytest-abc"]), ("local", ["pytest-abc"])]
)
def test_any_other_database_is_neither_dropped_nor_cleared(environment: str, names: list[str]) -> None:
    nowhere = {"MONGO_DB_URI": "mongodb://127.0.0.1:9", "ENVIRONMENT": environment}
    done = subprocess.run(
        [sys.executable, "-c", HARM, *names],
        cwd=CODE,
        env=os.environ | nowhere,
        capture_output=True,
        text=True,
        check=False,
    )

    refused = [f"{name!r} is not a test database: it is neither dropped nor cleared." for name in names for _ in "dc"]
    assert done.stdout.splitlines() == refused, done.stderr


def test_a_database_of_a_test_run_with_nothing_in_it_is_dropped_and_cleared_alike() -> None:
    done = subprocess.run(
        [sys.executable, "-c", HARM, "pytest-nothing-in-it"], cwd=CODE, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout) == (0, ""), done.stderr
