"""Every operation, called by everybody, against the one table."""

from pathlib import Path

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from config import db
from routes import _policies
from tests import access
from tests.access_table import CALLERS, ROWS, missing, page
from tests.contract import CASES, Case, each


@each()
async def test_every_operation_answers_everybody_as_the_table_says(api: AsyncClient, case: Case) -> None:
    operation = case.operation["operationId"]
    scene = await access.set_scene(case)
    answered = []

    for caller in CALLERS:
        answered.append((await access.call(api, scene, case, caller)).status_code)
        if operation in access.SPENT:
            await db.clear_test_database()
            scene = await access.set_scene(case)

    assert dict(zip(CALLERS, answered, strict=True)) == dict(zip(CALLERS, ROWS[operation], strict=True))


def test_the_table_knows_every_operation_and_no_other() -> None:
    assert missing() == []
    assert set(ROWS) == {case.operation["operationId"] for case in CASES}


def test_a_suspended_person_and_a_stranger_to_staff_get_no_further_than_anybody() -> None:
    for case in CASES:
        answers = dict(zip(CALLERS, ROWS[case.operation["operationId"]], strict=True))
        match case.operation["x-policy"]:
            case "user":
                assert (answers["anonymous"], answers["suspended"]) == (401, 401)
            case "moderator":
                assert (answers["anonymous"], answers["stranger"], answers["suspended"]) == (401, 403, 401)
            case "admin":
                assert [answers[name] for name in CALLERS if name != "admin"] == [401, 403, 403, 403, 401]
            case _:
                assert answers["suspended"] in {answers["anonymous"], 401}


def test_the_guide_shows_the_table() -> None:
    shown = Path("docs/guide/access.md").read_text(encoding="utf-8")

    assert shown == page(), "make it anew: python -m tests.access_table > docs/guide/access.md"


def test_the_service_does_not_start_with_an_operation_that_has_no_policy() -> None:
    open_to_all = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    _policies.require(open_to_all.routes)
    open_to_all.get("/everything")(lambda: "secrets")

    with pytest.raises(RuntimeError, match="/everything"):
        _policies.require(open_to_all.routes)


def test_the_service_does_not_start_with_another_application_mounted() -> None:
    open_to_all = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    open_to_all.mount("/files", FastAPI())

    with pytest.raises(RuntimeError, match="/files"):
        _policies.require(open_to_all.routes)
