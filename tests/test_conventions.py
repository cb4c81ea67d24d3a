"""What design.md promises of every operation, checked on every operation that /openapi.json names."""

import re

import pytest
from httpx import AsyncClient, Response

from models.users import Role
from tests.conftest import Bearer
from tests.contract import CASES, Case, each

PATHS = sorted({case.template for case in CASES if case.template.startswith("/v1")})
SECURITY = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
}


def assert_problem(answer: Response, status: int) -> None:
    """The answer is a complete problem document of this status."""
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    problem = answer.json()
    assert problem["status"] == status
    assert problem["type"].startswith("/problems/")
    assert problem["request_id"] == answer.headers["x-request-id"]
    assert all(problem[part] for part in ("title", "detail", "instance"))


@pytest.fixture
async def admin(bearer: Bearer) -> dict[str, str]:
    """The headers of somebody who may do everything."""
    return await bearer("root", Role.ADMIN)


@each(under="/v1")
async def test_every_answer_is_named_guarded_and_says_how_long_it_keeps(api: AsyncClient, case: Case) -> None:
    answer = await api.request(case.method, case.path(), headers={"X-Request-ID": "a-name-of-mine.1"})

    assert answer.headers["x-request-id"] == "a-name-of-mine.1"
    assert {name: answer.headers[name] for name in SECURITY} == SECURITY
    assert answer.headers["cache-control"]
    assert "server" not in answer.headers


@each(under="/v1")
async def test_a_token_that_is_not_valid_is_refused_everywhere_and_never_shared(api: AsyncClient, case: Case) -> None:
    answer = await api.request(case.method, case.path(), headers={"Authorization": "Bearer forged"})

    reads_no_token = case.operation["security"] == [{}]
    assert reads_no_token or answer.status_code in {401, 415, 422}
    assert "public" not in answer.headers["cache-control"]


@each(under="/v1")
async def test_what_needs_a_caller_is_refused_to_nobody(api: AsyncClient, case: Case) -> None:
    answer = await api.request(case.method, case.path())

    if case.operation["x-policy"] != "anyone" and answer.status_code != 422:
        assert_problem(answer, 401)
        assert answer.headers["www-authenticate"].startswith("Bearer")


@each(under="/v1")
async def test_a_trailing_slash_makes_no_difference(api: AsyncClient, case: Case) -> None:
    plain, slashed = [await api.request(case.method, case.path() + end) for end in ("", "/")]

    assert (slashed.status_code, slashed.headers.get("location")) == (plain.status_code, plain.headers.get("location"))


@each(under="/v1")
async def test_a_client_that_takes_no_json_is_told_so(api: AsyncClient, admin: dict[str, str], case: Case) -> None:
    if "406" not in case.operation["responses"]:
        return

    answers = [
        await api.request(case.method, case.path(), headers={**admin, "Accept": accept})
        for accept in ("text/html", "application/json;q=0, image/*", "text/html, */*;q=0.1")
    ]

    assert_problem(answers[0], 406)
    assert_problem(answers[1], 406)
    assert answers[2].status_code != 406


@each(under="/v1", with_json=True)
@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "application/xml", None])
async def test_a_body_that_is_not_json_is_refused(
    api: AsyncClient, admin: dict[str, str], case: Case, content_type: str | None
) -> None:
    headers = admin | ({"Content-Type": content_type} if content_type else {})

    answer = await api.request(case.method, case.path(), content=b"{}", headers=headers)

    assert_problem(answer, 415)
    accepted = answer.headers["accept-patch" if case.method == "PATCH" else "accept"]
    assert "application/json" in accepted
    assert ("merge-patch" in accepted) == (case.method == "PATCH")


@each(under="/v1", with_json=True)
async def test_a_field_that_nobody_knows_is_refused_with_a_pointer(
    api: AsyncClient, admin: dict[str, str], case: Case
) -> None:
    answer = await api.request(case.method, case.path(), json={"surprise~/": "s3cret"}, headers=admin)

    assert_problem(answer, 422)
    assert "/surprise~0~1" in [fault["pointer"] for fault in answer.json()["errors"]]
    assert "s3cret" not in answer.text


@pytest.mark.parametrize("path", PATHS)
async def test_a_method_that_a_path_does_not_have_is_refused_with_those_that_it_has(
    api: AsyncClient, path: str
) -> None:
    path = re.sub(r"\{.+?\}", "nobody", path)
    declared = {case.method for case in CASES if _same(case.template, path)}
    expected = declared | {"OPTIONS"} | ({"HEAD"} if "GET" in declared else set())

    refused = await api.request("TRACE", path)
    asked = await api.options(path)

    assert_problem(refused, 405)
    assert set(refused.headers["allow"].split(", ")) == set(asked.headers["allow"].split(", ")) == expected
    assert asked.status_code == 204


@pytest.mark.parametrize("path", ["/v1/events/nobody.ics", "/v1/events/nobody.jsonld"])
@pytest.mark.parametrize("method", ["PATCH", "DELETE", "PUT"])
async def test_a_form_of_an_event_that_is_only_read_is_not_taken_for_its_id(
    api: AsyncClient, admin: dict[str, str], path: str, method: str
) -> None:
    refused = await api.request(method, path, headers=admin)

    assert_problem(refused, 405)
    assert set(refused.headers["allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


def _same(template: str, path: str) -> bool:
    return re.fullmatch(re.sub(r"\\\{.+?\\\}", "[^/.]+", re.escape(template)), path) is not None


@pytest.mark.parametrize("path", [case.path() for case in CASES if case.method == "GET"])
async def test_head_answers_like_get_without_the_body(api: AsyncClient, path: str, admin: dict[str, str]) -> None:
    got, head = await api.get(path, headers=admin), await api.head(path, headers=admin)

    counts_itself = path == "/metrics"  # the second answer tells of the first, and may be longer by that
    changing = {"x-request-id"} | ({"content-length"} if got.status_code >= 400 or counts_itself else set())
    assert (head.status_code, head.content) == (got.status_code, b"")
    assert {k: v for k, v in head.headers.items() if k not in changing} == {
        k: v for k, v in got.headers.items() if k not in changing
    }
