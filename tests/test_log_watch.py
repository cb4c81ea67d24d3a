"""The watch over the log finds what it is there for, and has something to look at."""

import json
import logging

import pytest
from httpx import AsyncClient

from tests import log_watch
from tests.conftest import PASSWORD, Bearer


@pytest.mark.parametrize(
    "line",
    [
        "mail to ada@example.org",
        "token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIx",
        "hash $argon2id$v=19$m=64",
        "hash $2b$12$abcdefghijklmnopqrstuv",
        "Ada Lovelace",
    ],
)
def test_what_tells_of_a_person_or_opens_a_door_is_found_in_a_log(line: str) -> None:
    assert log_watch.leaks(f"begun\n{line}\nended", []) != []


def test_what_a_request_carried_is_found_in_a_log_and_an_innocent_log_is_clean() -> None:
    log = '{"event": "request", "route": "/v1/users/{id}", "user_id": "0b6f6c0e-54a5-4d39-a3e0-6a0a5b4d4c11"}'

    assert log_watch.leaks(log + " q1b0u4Zk", ["q1b0u4Zk"]) == ["q1b0u4Zk"]
    assert log_watch.leaks(log, ["q1b0u4Zk"]) == []


async def test_requests_and_warnings_of_the_suite_are_in_the_watched_log_and_bodies_are_remembered(
    api: AsyncClient, bearer: Bearer
) -> None:
    headers = await bearer("ada")
    await api.get("/v1/users/me", headers={**headers, "X-Request-ID": "watched-request"})
    logging.getLogger("underline.mail").warning("a letter to %s waits", "ada@example.org")

    written = [json.loads(line) for line in log_watch.LOG.read_text().splitlines()]

    assert [line["route"] for line in written if line.get("request_id") == "watched-request"] == ["/v1/users/me"]
    assert written[-1]["event"] == "a letter to … waits"
    assert PASSWORD in log_watch._sent


async def test_a_password_that_is_a_word_of_a_path_is_not_taken_for_a_leak(api: AsyncClient, bearer: Bearer) -> None:
    form = {"current_password": "password", "new_password": "q1b0u4Zk-q1b0u4Zk"}
    await api.put("/v1/users/me/password", json=form, headers=await bearer("ada"))

    assert not log_watch.leaks('{"route": "/v1/users/me/password"}', log_watch._sent)
    assert "q1b0u4Zk-q1b0u4Zk" in log_watch._sent
