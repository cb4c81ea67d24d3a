"""How answers travel: compression, entity tags, hosts, origins, bodies that are too large."""

import gzip

import brotli
import pytest
from httpx import ASGITransport, AsyncClient

from app import app
from config.compression import negotiate
from config.middleware import Guard
from routes._problems import render
from tests.conftest import Bearer, EventWith

ORIGIN = "http://localhost:5173"


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        (None, None),
        (b"", None),
        (b"identity", None),
        (b"gzip", b"gzip"),
        (b"gzip, deflate, br, zstd", b"br"),
        (b"br;q=0.5, gzip;q=0.9", b"gzip"),
        (b"br;q=0, gzip;q=0", None),
        (b"*", b"br"),
        (b"*;q=0", None),
        (b"gzip;q=abc, *;q=0.1", b"br"),
        (b"GZIP ; q=1.0", b"gzip"),
    ],
)
def test_the_coding_is_the_best_that_the_client_takes(accepted: bytes | None, coding: bytes | None) -> None:
    assert negotiate(accepted) == coding


@pytest.mark.parametrize(("coding", "decode"), [("br", brotli.decompress), ("gzip", gzip.decompress)])
async def test_long_answers_are_compressed_and_say_so(
    api: AsyncClient, event_with: EventWith, coding: str, decode: type[bytes]
) -> None:
    for _ in range(3):
        await event_with()

    async with api.stream("GET", "/v1/events", headers={"Accept-Encoding": coding}) as answer:
        packed = b"".join([piece async for piece in answer.aiter_raw()])
    plain = await api.get("/v1/events", headers={"Accept-Encoding": "identity"})

    assert (answer.headers["content-encoding"], int(answer.headers["content-length"])) == (coding, len(packed))
    assert decode(packed) == plain.content
    assert len(packed) < len(plain.content) / 2
    assert "accept-encoding" in answer.headers["vary"].lower()
    assert "accept-encoding" in plain.headers["vary"].lower()
    assert answer.headers["etag"] == f'{plain.headers["etag"][:-1]}-{coding}"'


async def test_short_answers_are_not_compressed(api: AsyncClient) -> None:
    answer = await api.get("/livez", headers={"Accept-Encoding": "br, gzip"})

    assert "content-encoding" not in answer.headers


@pytest.mark.parametrize("coding", ["br", "gzip", "identity"])
async def test_the_tag_of_a_compressed_answer_is_good_for_conditions(
    api: AsyncClient, bearer: Bearer, event_with: EventWith, coding: str
) -> None:
    event = await event_with(by="ada", description="A long story. " * 100)
    path, headers = f"/v1/events/{event.get_id()}", {**await bearer("ada"), "Accept-Encoding": coding}
    tag = (await api.get(path, headers=headers)).headers["etag"]

    held = await api.get(path, headers={**headers, "If-None-Match": tag})
    changed = await api.patch(path, json={"max_capacity": 41}, headers={**headers, "If-Match": tag})
    stale = await api.patch(path, json={"max_capacity": 42}, headers={**headers, "If-Match": tag})

    assert (held.status_code, held.headers["etag"]) == (304, tag)
    assert (changed.status_code, stale.status_code) == (200, 412)


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ("*", 200),
        ('"x", {tag}', 200),
        ("W/{tag}", 412),
        ('"x"', 412),
        ("x", 412),
        (", ,", 412),
        ("{tag}, W/{tag}", 200),
    ],
)
async def test_if_match_compares_strongly(
    api: AsyncClient, bearer: Bearer, event_with: EventWith, given: str, status: int
) -> None:
    path = f"/v1/events/{(await event_with(by='ada')).get_id()}"
    headers = await bearer("ada")
    tag = (await api.get(path, headers=headers)).headers["etag"]

    answer = await api.patch(path, json={"max_capacity": 3}, headers={**headers, "If-Match": given.format(tag=tag)})

    assert answer.status_code == status


@pytest.mark.parametrize(
    ("given", "status"),
    [("*", 304), ("{tag}", 304), ("W/{tag}", 304), ('"x" ,  W/{tag}', 304), ('"x"', 200), ("x", 200), ("", 200)],
)
async def test_if_none_match_compares_weakly(api: AsyncClient, event_with: EventWith, given: str, status: int) -> None:
    path = f"/v1/events/{(await event_with()).get_id()}"
    tag = (await api.get(path)).headers["etag"]

    answer = await api.get(path, headers={"If-None-Match": given.format(tag=tag)})

    assert (answer.status_code, answer.headers["etag"]) == (status, tag)
    assert "content-type" not in answer.headers or status == 200
    assert answer.headers["cache-control"] == "public, max-age=15"


@pytest.mark.parametrize(
    "content_type", ["application/json", "application/merge-patch+json", "application/json; charset=utf-8"]
)
async def test_a_merge_patch_may_be_called_what_it_is(
    api: AsyncClient, bearer: Bearer, event_with: EventWith, content_type: str
) -> None:
    path = f"/v1/events/{(await event_with(by='ada')).get_id()}"
    headers = {**await bearer("ada"), "Content-Type": content_type}

    answer = await api.patch(path, content=b'{"location": {"address": "12 Main St"}}', headers=headers)

    assert (answer.status_code, answer.json()["location"]["address"]) == (200, "12 Main St")
    assert answer.json()["location"]["title"] == "Bayfront Park"


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("api.example.org", 200),
        ("API.example.org:8443", 200),
        ("eu.example.net", 200),
        ("example.net", 421),
        ("evilexample.net", 421),
        ("api.example.org.evil.test", 421),
        ("", 421),
        ("[::1]:8000", 200),
    ],
)
async def test_only_the_hosts_of_the_service_are_answered(api: AsyncClient, host: str, status: int) -> None:
    guarded = Guard(app, render, ["api.example.org", "*.example.net", "[::1]"])

    async with AsyncClient(transport=ASGITransport(guarded), base_url="http://test") as client:
        answer = await client.get("/v1/events", headers={"Host": host})
        health = await client.get("/livez", headers={"Host": host})

    assert (answer.status_code, health.status_code) == (status, 200)


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/v1/nowhere", b"", 404),
        ("POST", "/v1/events", b"x" * 1_000_001, 413),
        ("POST", "/v1/auth/login", b"{}", 422),
        ("POST", "/v1/auth/login", b"{", 422),
        ("DELETE", "/v1/events", b"", 405),
        ("GET", "/v1/users/me", b"", 401),
    ],
)
async def test_a_front_end_can_read_every_refusal(
    api: AsyncClient, method: str, path: str, body: bytes, status: int
) -> None:
    headers = {"Origin": ORIGIN, "Content-Type": "application/json"}

    answer = await api.request(method, path, content=body, headers=headers)

    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (status, ORIGIN)
    exposed = answer.headers["access-control-expose-headers"]
    assert {"ETag", "Link", "Location", "Retry-After", "X-Request-ID", "RateLimit"} <= set(exposed.split(", "))
    assert "origin" in answer.headers["vary"].lower()


async def test_another_site_is_not_let_in(api: AsyncClient) -> None:
    answer = await api.get("/v1/events", headers={"Origin": "https://evil.test"})

    assert "access-control-allow-origin" not in answer.headers
    assert "origin" in answer.headers["vary"].lower()
