"""Taking over the accounts of the older service."""

import json
from pathlib import Path
from typing import Any

import bcrypt
from httpx import AsyncClient

from models.users import Role
from tests.conftest import MakePerson
from tests.test_commands import manage
from utils import users

LONG = "é" * 40  # 80 bytes, of which bcrypt took 72


def hashed(password: str) -> str:
    return bcrypt.hashpw(password.encode()[:72], bcrypt.gensalt(4)).decode()


def line(name: str, **given: Any) -> dict[str, Any]:
    return {
        "_id": f"older-{name}",
        "first_name": name.title(),
        "last_name": "Lovelace",
        "email": f"{name}@example.org",
        "password": hashed("the older password"),
        **given,
    }


async def log_in(api: AsyncClient, name: str, password: str = "the older password") -> int:
    form = {"email": f"{name}@example.org", "password": password}
    return (await api.post("/v1/auth/login", json=form)).status_code


def export(folder: Path, *documents: object) -> str:
    file = folder / "users.jsonl"
    text = [document if isinstance(document, str) else json.dumps(document) for document in documents]
    file.write_text("\n".join(text) + "\n")
    return str(file)


async def test_people_of_the_older_service_sign_in_and_leave_with_an_argon2id_hash(
    api: AsyncClient, tmp_path: Path
) -> None:
    file = export(
        tmp_path,
        line("ada"),
        line("bea", password=f"b'{hashed('the older password')}'"),
        line("cyd", password=None, password_hash=f'b"{hashed("the older password")}"'),
        line("dot", _id={"$oid": "5f43a1e0c0ffee00c0ffee00"}, date_created={"$date": "2021-03-04T05:06:07Z"}),
        line("eve", _id={"$uuid": "3f0a4e8e-0a49-4c68-a9f2-1de3c8f8a7c1"}, created_at={"$date": 1614834367000}),
        line("fay", password=hashed(LONG), date_created="2021-03-04T05:06:07"),
    )

    outcome = await manage("import-users", file)

    names = ["ada", "bea", "cyd", "dot", "eve"]
    assert (outcome.status, outcome.out.strip()) == (0, "Took over 6 accounts, left out 0."), outcome.err
    assert [await log_in(api, name) for name in names] == [200] * 5
    assert [await log_in(api, name) for name in names] == [200] * 5
    assert (await log_in(api, "fay", LONG), await log_in(api, "fay", LONG)) == (200, 200)
    dot = await users.get("5f43a1e0c0ffee00c0ffee00")
    assert dot.password_hash.startswith("$argon2id$")
    assert dot.created_at.isoformat() == "2021-03-04T05:06:07+00:00"
    assert (await users.get("3f0a4e8e-0a49-4c68-a9f2-1de3c8f8a7c1")).created_at == dot.created_at


async def test_what_cannot_be_taken_over_is_named_by_its_line_and_stops_nothing(
    api: AsyncClient, person: MakePerson, tmp_path: Path
) -> None:
    await person("ada")
    file = export(
        tmp_path,
        line("ada"),
        line("bea"),
        line("bea", _id="another"),
        line("cyd", email="no address"),
        line("dot", password="plain text"),
        line("eve", password=hashed("x").replace("$04$", "$31$")),
        "{not json",
        "[1]",
        "",
        line("fay"),
    )

    outcome = await manage("import-users", file)

    complaints = [text for text in outcome.err.splitlines() if text.startswith("line ")]
    assert (outcome.status, outcome.out.strip()) == (0, "Took over 2 accounts, left out 7.")
    assert [text.split(":")[0] for text in complaints] == [f"line {number}" for number in (1, 3, 4, 5, 6, 7, 8)]
    assert "plain text" not in outcome.err
    assert (await log_in(api, "fay"), await log_in(api, "dot", "plain text")) == (200, 401)


async def test_taking_over_twice_changes_nothing(api: AsyncClient, tmp_path: Path) -> None:
    file = export(tmp_path, line("ada"))
    await manage("import-users", file)
    await log_in(api, "ada")

    again = await manage("import-users", file)

    assert again.out.strip() == "Took over 0 accounts, left out 1."
    assert (await users.get("older-ada")).password_hash.startswith("$argon2id$")


async def test_nobody_becomes_an_admin_by_being_taken_over(api: AsyncClient, tmp_path: Path) -> None:
    outcome = await manage("import-users", export(tmp_path, line("ada", user_type="ADMIN", role="admin")))

    assert "older-ada was an admin there and is an ordinary user here." in outcome.err
    assert (await users.get("older-ada")).role is Role.USER


async def test_a_file_that_is_not_there_is_refused(service: None) -> None:
    outcome = await manage("import-users", "nowhere.jsonl")

    assert (outcome.status, outcome.err) == (1, "nowhere.jsonl: No such file or directory\n")
