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
async def harm():
    async with db.opened(name=sys.argv[1]):
        await getattr(db, sys.argv[2])()
asyncio.run(harm())
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


@pytest.mark.parametrize("harm", ["drop_test_database", "clear_test_database"])
@pytest.mark.parametrize(
    ("environment", "name"),
    [
        ("test", "underline"),
        ("test", "my-pytest-abc"),
        ("test", "Pytest-abc"),
        ("local", "pytest-abc"),
    ],
)
def test_any_other_database_is_refused(harm: str, environment: str, name: str) -> None:
    nowhere = {"MONGO_DB_URI": "mongodb://127.0.0.1:9", "ENVIRONMENT": environment}
    done = subprocess.run(
        [sys.executable, "-c", HARM, name, harm],
        cwd=CODE,
        env=os.environ | nowhere,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert f"PermissionError: {name!r} is not a test database" in done.stderr
