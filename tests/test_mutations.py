"""Mutated pictures and random queries, sent to the service: taken or refused, never a bug, and nothing is left behind.

A full run: `UNDERLINE_EXAMPLES=2000 pytest tests/test_mutations.py`.
"""

import json
from dataclasses import dataclass
from struct import pack
from typing import Any
from urllib.parse import quote

from httpx import AsyncClient
from hypothesis import example, given
from hypothesis import strategies as st
from starlette.types import Message, Scope

from app import app
from config import db
from tests.conftest import Bearer, EventWith
from tests.contract import CASES
from tests.many import EXAMPLES, tries
from tests.pictures import opened, picture, upload

GOOD = {
    "JPEG": picture("JPEG", (90, 60), exif=b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x00\x00\x00\x00\x00"),
    "progressive JPEG": picture("JPEG", (90, 60), progressive=True),
    "PNG": picture("PNG", (90, 60)),
    "PNG with a palette": picture("PNG", (90, 60), "P"),
    "WebP": picture("WEBP", (90, 60)),
    "lossless WebP": picture("WEBP", (90, 60), lossless=True),
    "GIF": picture("GIF", (90, 60)),
}
PNG_SIZE, GIF_SIZE, WEBP_SIZE = 16, 6, 26  # where these say how large they are


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A real picture, damaged in up to four ways."""
    content = bytearray(GOOD[draw(st.sampled_from(sorted(GOOD)))])
    for damage in draw(
        st.lists(st.sampled_from([flipped, overwritten, resized, shuffled, cut]), min_size=1, max_size=4)
    ):
        damage(content, draw)
    return bytes(content)


def flipped(content: bytearray, draw: st.DrawFn) -> None:
    """Turn single bits round."""
    for place in draw(st.lists(st.integers(0, 8 * len(content) - 1), min_size=1, max_size=16)):
        content[place // 8] ^= 1 << place % 8


def overwritten(content: bytearray, draw: st.DrawFn) -> None:
    """Put garbage into the header, mostly behind what names the kind of file."""
    place = draw(st.integers(0, min(64, len(content) - 1)))
    content[place : place + draw(st.integers(0, 8))] = draw(st.binary(max_size=32))
    content += b"\x00"  # something is left, whatever was taken away


def resized(content: bytearray, draw: st.DrawFn) -> None:
    """Announce another size, in the place of each kind."""
    width, height = draw(st.tuples(*[st.sampled_from([0, 1, 89, 5_000, 32_767, 65_535, 2**31 - 1, 2**32 - 1])] * 2))
    if content.startswith(b"\x89PNG"):
        content[PNG_SIZE : PNG_SIZE + 8] = pack(">II", width, height)
    elif content.startswith(b"GIF"):
        content[GIF_SIZE : GIF_SIZE + 4] = pack("<HH", width & 0xFFFF, height & 0xFFFF)
    elif content.startswith(b"RIFF"):
        content[WEBP_SIZE : WEBP_SIZE + 4] = pack("<HH", width & 0xFFFF, height & 0xFFFF)
    elif (frame := max(content.find(b"\xff\xc0"), content.find(b"\xff\xc2"))) >= 0:
        content[frame + 5 : frame + 9] = pack(">HH", height & 0xFFFF, width & 0xFFFF)


def shuffled(content: bytearray, draw: st.DrawFn) -> None:
    """Repeat a part of it elsewhere."""
    start, length, place = draw(st.tuples(*[st.integers(0, len(content))] * 3))
    content[place:place] = content[start : start + length]


def cut(content: bytearray, draw: st.DrawFn) -> None:
    """Take the end away."""
    del content[draw(st.integers(1, len(content))) :]


async def stored() -> list[str]:
    """The collections that hold anything of a picture."""
    names = ("images.files", "images.chunks")
    return [name for name in names if await db.database()[name].find_one() is not None]


@tries(2 * EXAMPLES)
@given(content=mutated())
async def test_a_mutated_picture_is_taken_whole_or_refused_without_a_trace(
    api: AsyncClient, bearer: Bearer, content: bytes
) -> None:
    headers = await bearer("ada")

    answer = await upload(api, headers, content)

    if answer.status_code == 201:
        served = await api.get(answer.json()["url"])
        assert opened(served.content).size == (answer.json()["width"], answer.json()["height"])
        assert (await api.delete(answer.headers["location"], headers=headers)).status_code == 204
    else:
        assert answer.status_code in {413, 415, 422}
        assert answer.headers["content-type"] == "application/problem+json"
    assert await stored() == []


@dataclass
class Answer:
    """What came back."""

    status: int
    content_type: str
    body: bytes


async def get(path: str, query: bytes) -> Answer:
    """Ask with a query as it is: a client would mend it first."""
    scope: Scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query,
        "headers": [(b"host", b"test")],
        "client": ("127.0.0.1", 1),
        "server": ("test", 80),
    }
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return Answer(
        sent[0]["status"],
        dict(sent[0]["headers"])[b"content-type"].decode(),
        b"".join(message.get("body", b"") for message in sent[1:]),
    )


LIST = next(case.operation for case in CASES if (case.method, case.template) == ("GET", "/v1/events"))
PARAMETERS = [parameter["name"] for parameter in LIST["parameters"] if parameter["in"] == "query"]
NUMBERS = st.one_of(
    st.integers(), st.floats(), st.sampled_from([2**63, -(2**63) - 1, 10**400, "1e999", "-0.0", "0x1f"])
)
GOOD_VALUES = {
    "near": "25.77,-80.19",
    "bbox": "-81,25,-80,26",
    "from": "2026-01-01T00:00:00Z",
    "to": "2200-12-31T23:59:59+14:00",
    "when": "weekend",
    "tz": "America/New_York",
    "tags": "art_event,food_event",
    "status": "expired",
    "sort": "-starts_at",
    "limit": "7",
    "q": "yoga lawn",
}
TEXTS = st.one_of(
    st.text(max_size=30),
    NUMBERS.map(str),
    st.lists(NUMBERS, min_size=1, max_size=5).map(lambda numbers: ",".join(map(str, numbers))),
    st.datetimes().map(str),
)
VISIBLE = "".join(map(chr, range(0x21, 0x7F))).replace("#", "")  # the server lets nothing else into a query as it is
BROKEN = [b"%", b"%zz", b"%ff%fe", b"%00", b"%c0%80", b"%ed%a0%80", b"a" * 5_000, b"+%2B", b"[$gt]", b"&&=&="]
VALUES = st.one_of(
    TEXTS.map(lambda text: quote(text.encode("utf-8", "surrogatepass")).encode()),
    st.binary(max_size=20).map(lambda some: quote(some).encode()),
    st.text(VISIBLE, max_size=20).map(str.encode),
    st.sampled_from(BROKEN),
)


@st.composite
def queries(draw: st.DrawFn) -> bytes:
    """A query of good, odd and repeated parameters."""
    names = (
        st.sampled_from(PARAMETERS) if draw(st.booleans()) else st.sampled_from([*PARAMETERS, "", "q[$gt]", "%c3%a9"])
    )
    parts = []
    for name in draw(st.lists(names, max_size=5)):
        good = name in GOOD_VALUES and draw(st.integers(0, 2)) > 0
        parts.append(name.encode() + b"=" + (quote(GOOD_VALUES[name]).encode() if good else draw(VALUES)))
    return b"&".join(parts)


@tries(4 * EXAMPLES)
@given(path=st.sampled_from(["/v1/events", "/v1/events.ics", "/v1/events.geojson"]), query=queries())
@example(path="/v1/events", query=b"limit=7&limit=99999999999999999999&limit=x")
@example(path="/v1/events.ics", query=b"near=1e308,-1e308&radius=1e-320")
@example(path="/v1/events.geojson", query=b"bbox=180,-90,-180,90&from=9999-12-31T23:59:59-23:59")
async def test_any_query_is_answered_or_refused_by_a_problem(
    api: AsyncClient, event_with: EventWith, path: str, query: bytes
) -> None:
    if await db.database()["events"].find_one() is None:
        await event_with()

    answer = await get(path, query)

    if answer.status == 200:
        assert answer.content_type.startswith(("application/json", "text/calendar", "application/geo+json"))
        return
    assert answer.status == 422, (answer.status, answer.body)
    problem: dict[str, Any] = json.loads(answer.body)
    assert answer.content_type == "application/problem+json"
    assert (problem["status"], problem["instance"]) == (422, path)
    assert problem["type"] in {"/problems/invalid-input", "/problems/invalid-cursor"}
