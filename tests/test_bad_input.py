"""Bad input, tried on every operation that /openapi.json names: a 4xx problem, never a 500 or a stack trace."""

from typing import Any

import orjson
import pytest
from httpx import AsyncClient, Response

from models.users import Role
from tests.conftest import Bearer, event_form
from tests.contract import Case, each

BROKEN = {
    "nothing": b"",
    "no JSON": b"{",
    "two values": b"{} {}",
    "NaN": b'{"title": NaN}',
    "Infinity": b'{"latitude": -Infinity}',
    "lone surrogate": b'{"title": "\\ud800"}',
    "lone surrogate as a name": b'{"\\ud800": 1}',
    "broken UTF-8": b'{"title": "\xff\xfe"}',
    "UTF-16": '{"title": "a"}'.encode("utf-16"),
    "byte order mark": b"\xef\xbb\xbf{}x",
    "deep arrays": b"[" * 100_000,
    "deep objects": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "null byte outside": b"\x00{}",
    "an array": b"[]",
    "a number": b"1e400",
    "text": b'"$where"',
    "null": b"null",
    "an operator": b'{"$gt": ""}',
    "a prototype": b'{"__proto__": {}, "constructor": 1}',
}
ODD_VALUES: list[Any] = [
    None,
    {"$gt": ""},
    [{"$ne": None}],
    "\x00",
    "a\x00b@example.org",
    10**18,
    -(10**40),
    1e308,
    True,
    [],
    [[[[]]]],
    {},
    "x" * 100_000,
    "\u202e",
    "$where",
    "' OR 1=1 --",
    "../../etc/passwd",
    "<script>",
    "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59-23:59",
    ["x"] * 1_000,
]
ODD_TEXTS = ["", "\x00", "nan", "-1", "0", "1e999", "9" * 5_000, "{$gt:}", "null", "%", "a" * 5_000, "🦄,🦄", "\u202e"]
ODD_PATHS = [
    "%00",
    "%ff%fe",
    "..%2f..",
    "%24where",
    "a" * 3_000,
    "%7B%22%24gt%22%3A%22%22%7D",
    "%0d%0aSet-Cookie:x",
    "%F0%9F%A6%84",
    "null",
]


def assert_refused(answer: Response, what: str) -> None:
    """A problem of the client's making, without a trace of ours."""
    assert 400 <= answer.status_code < 500, (what, answer.status_code, answer.text[:300])
    assert answer.headers["content-type"] == "application/problem+json", what
    assert "Traceback" not in answer.text
    assert 'File "' not in answer.text


def assert_no_bug(answer: Response, what: str) -> None:
    """Whatever it is, it is neither a bug nor a stack trace."""
    assert answer.status_code < 500, (what, answer.status_code, answer.text[:300])
    assert "Traceback" not in answer.text


@pytest.fixture
async def admin(bearer: Bearer) -> dict[str, str]:
    """The headers of somebody whom no policy stops."""
    return await bearer("root", Role.ADMIN)


@each(with_json=True)
async def test_a_body_that_is_broken_is_refused(api: AsyncClient, admin: dict[str, str], case: Case) -> None:
    headers = {**admin, "Content-Type": "application/json"}
    optional = not case.operation["requestBody"].get("required", False)

    for what, body in BROKEN.items():
        if not (optional and what in {"nothing", "null"}):
            assert_refused(await api.request(case.method, case.path(), content=body, headers=headers), what)


@each(with_json=True)
async def test_odd_values_in_any_field_never_are_a_bug(api: AsyncClient, admin: dict[str, str], case: Case) -> None:
    good = case.example()
    headers = {**admin, "Content-Type": "application/json"}

    for field in case.fields():
        for odd in ODD_VALUES:
            body = orjson.dumps({**good, field: odd}) if not _is_huge(odd) else _with_huge(good, field, odd)
            assert_no_bug(
                await api.request(case.method, case.path(), content=body, headers=headers), f"{field}={odd!r}"
            )


def _is_huge(value: Any) -> bool:
    return isinstance(value, int) and abs(value) > 2**63


def _with_huge(good: dict[str, Any], field: str, value: int) -> bytes:
    return orjson.dumps({**good, field: "HUGE"}).replace(b'"HUGE"', str(value).encode())


@each(with_json=True)
@pytest.mark.parametrize("chunked", [False, True], ids=["declared", "chunked"])
async def test_ten_megabytes_of_json_are_refused_before_they_are_read(
    api: AsyncClient, admin: dict[str, str], case: Case, chunked: bool
) -> None:
    sent = 0

    async def pieces() -> Any:
        nonlocal sent
        for _ in range(100):
            sent += 1
            yield b" " * 100_000

    body: Any = pieces() if chunked else b"[" + b" " * 10_000_000 + b"]"
    answer = await api.request(
        case.method, case.path(), content=body, headers={**admin, "Content-Type": "application/json"}
    )

    assert_refused(answer, "10 MB")
    assert answer.status_code == 413
    assert sent <= 12


@each()
async def test_odd_paths_and_queries_never_are_a_bug(api: AsyncClient, admin: dict[str, str], case: Case) -> None:
    queries = [parameter["name"] for parameter in case.operation.get("parameters", ()) if parameter["in"] == "query"]

    # Who saves an event no longer is answered alike whether it is there, was deleted or may not be seen: what is asked
    # for is so already, a mark on an event that has gone must go too, and a 404 would tell which of them it is.
    forgets = (case.method, case.template) == ("DELETE", "/v1/users/me/saved/{id}")
    for odd in ODD_PATHS if "{" in case.template else ():
        answer = await api.request(case.method, case.path(odd), headers=admin)
        (assert_no_bug if forgets else assert_refused)(answer, odd)
    for name in queries:
        broken = f"{case.path()}?{name}=%ff%fe&{name}[$gt]=&{name}"
        assert_no_bug(await api.request(case.method, broken, headers=admin), broken)
        for value in ODD_TEXTS:
            twice = {name: [value, "again"]}
            answer = await api.request(case.method, case.path(), params=twice, headers=admin)
            assert_no_bug(answer, f"{name}={value!r}")


@each()
async def test_odd_headers_never_are_a_bug(api: AsyncClient, admin: dict[str, str], case: Case) -> None:
    odd: list[dict[str, str]] = [
        {"If-Match": 'W/"1", *, garbage,,"', "If-None-Match": ',,,""'},
        {"If-Match": '"' + "9" * 400 + '"', "Idempotency-Key": "k" * 10_000},
        {"Accept": ";;,;q=zero, a/b;q", "Accept-Encoding": "br;q=x, gzip;q=-1, ;;"},
        {"Authorization": "Bearer", "Range": "bytes=0-0"},
        {"Authorization": "Bearer \xff\xfe"},
        {"Authorization": "Basic " + "A" * 9_000},
        {"Authorization": "Bearer eyJhbGciOiJub25lIn0.e30."},
        {"Content-Type": "application/json; charset=utf-7", "Content-Encoding": "gzip"},
        {"X-Request-ID": "a\tb<script>", "Cookie": "refresh_token=\x01;;=", "Origin": "null"},
        {"Content-Length": "00000000000000000000000000000000000000001"},
    ]

    for headers in odd:
        answer = await api.request(
            case.method,
            case.path(),
            headers=[(name.encode(), value.encode("latin-1")) for name, value in {**admin, **headers}.items()],
        )
        assert_no_bug(answer, str(headers))


@pytest.mark.parametrize("odd", [0, 1, "true", "yes", 1.0])
async def test_what_is_not_true_or_false_is_not_taken_for_it(
    api: AsyncClient, admin: dict[str, str], odd: object
) -> None:
    answer = await api.post("/v1/events", json=event_form(public=odd), headers=admin)

    assert_refused(answer, repr(odd))
    assert answer.json()["errors"][0]["pointer"] == "/public"


@pytest.mark.parametrize("odd", [True, False, "25.7753", [1.0]])
@pytest.mark.parametrize("field", ["latitude", "longitude"])
async def test_what_is_no_number_is_not_taken_for_a_place(
    api: AsyncClient, admin: dict[str, str], field: str, odd: object
) -> None:
    place = {"title": "Bayfront Park", "latitude": 25, "longitude": -80.1861}
    made = (await api.post("/v1/events", json=event_form(location=place), headers=admin)).json()

    created = await api.post("/v1/events", json=event_form(location={**place, field: odd}), headers=admin)
    changed = await api.patch(f"/v1/events/{made['id']}", json={"location": {field: odd}}, headers=admin)

    for answer in (created, changed):
        assert_refused(answer, repr(odd))
        assert answer.json()["errors"][0]["pointer"] == f"/location/{field}"


@pytest.mark.parametrize("odd", ["0.5", "1e9", "-1", "1_000", " 12 "])
async def test_a_number_is_not_a_time(api: AsyncClient, odd: str) -> None:
    answer = await api.get("/v1/events", params={"to": odd})

    assert_refused(answer, odd)
    assert answer.json()["errors"][0]["pointer"] == "#/query/to"
