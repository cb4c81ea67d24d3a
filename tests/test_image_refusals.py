"""Bad uploads: every one is a 4xx problem, and leaves nothing behind."""

import gc
import random
import zlib
from collections.abc import AsyncIterator
from io import BytesIO
from struct import pack

import pytest
from httpx import AsyncClient, Response
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from config import db
from models.exceptions import DomainError, UnsupportedMediaType, UnusableImage
from models.images import MAX_BYTES
from tests.conftest import Bearer
from tests.pictures import picture, png_header, upload
from utils._pictures import renditions

GOOD = {kind: picture(kind, (90, 60)) for kind in ("JPEG", "PNG", "WEBP", "GIF")}
HTML = b"<!doctype html><script>alert(document.domain)</script>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'


def assert_problem(answer: Response, status: int, slug: str) -> None:
    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{slug}")
    assert answer.headers["content-type"] == "application/problem+json"


async def nothing_is_kept() -> bool:
    return not await db.database()["images.chunks"].find_one() and not await db.database()["images.files"].find_one()


@pytest.mark.parametrize(
    "content", [HTML, SVG, b"%PDF-1.7", b"PK\x03\x04", b"\x00" * 5000, b"BM" + bytes(60), b"II*\x00" + bytes(60)]
)
async def test_what_is_no_picture_of_an_accepted_kind_is_refused_whatever_it_claims(
    api: AsyncClient, bearer: Bearer, content: bytes
) -> None:
    part = ("picture.png", content, "image/png")

    refused = await api.post("/v1/images", headers=await bearer("ada"), files={"file": part})

    assert_problem(refused, 415, "unsupported-media-type")
    assert await nothing_is_kept()


@pytest.mark.parametrize("declared", ["text/html", "image/svg+xml", "application/x-sh", "", "image/png"])
async def test_the_declared_type_and_name_decide_nothing(api: AsyncClient, bearer: Bearer, declared: str) -> None:
    part = ("../../evil\x00.html", GOOD["JPEG"], declared)

    made = await api.post("/v1/images", headers=await bearer("ada"), files={"file": part})

    assert made.json()["content_type"] == "image/jpeg"


async def test_an_empty_file_is_refused(api: AsyncClient, bearer: Bearer) -> None:
    assert_problem(await upload(api, await bearer("ada"), b""), 422, "unusable-image")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
async def test_a_file_cut_short_is_refused(api: AsyncClient, bearer: Bearer, kind: str) -> None:
    whole = picture(kind, (900, 600))

    refused = await upload(api, await bearer("ada"), whole[: len(whole) // 2])

    assert_problem(refused, 422, "unusable-image")
    assert await nothing_is_kept()


@pytest.mark.parametrize(
    "size", [(7000, 7000), (10_000, 10_000), (60_000, 60_000), (2**31 - 1, 2**31 - 1), (40_000_001, 1)]
)
async def test_a_bomb_is_refused_by_its_header(api: AsyncClient, bearer: Bearer, size: tuple[int, int]) -> None:
    refused = await upload(api, await bearer("ada"), png_header(*size))

    assert_problem(refused, 422, "unusable-image")


@pytest.mark.parametrize("size", [(0, 0), (1, 0)])
async def test_a_picture_without_pixels_is_none(api: AsyncClient, bearer: Bearer, size: tuple[int, int]) -> None:
    assert_problem(await upload(api, await bearer("ada"), png_header(*size)), 415, "unsupported-media-type")


async def test_a_jpeg_of_too_many_pixels_is_refused(api: AsyncClient, bearer: Bearer) -> None:
    content = bytearray(GOOD["JPEG"])
    frame = content.index(b"\xff\xc0")
    content[frame + 5 : frame + 9] = pack(">HH", 65_000, 65_000)

    assert_problem(await upload(api, await bearer("ada"), bytes(content)), 422, "unusable-image")


async def test_a_jpeg_of_endless_scans_is_refused_before_it_is_decoded(api: AsyncClient, bearer: Bearer) -> None:
    whole = picture("JPEG", (600, 600), progressive=True)
    last = whole.rindex(b"\xff\xda")
    content = whole[:-2] + whole[last:-2] * 500 + whole[-2:]

    assert_problem(await upload(api, await bearer("ada"), content), 422, "unusable-image")


async def test_a_bomb_in_the_metadata_is_refused_or_ignored(api: AsyncClient, bearer: Bearer) -> None:
    text = b"Comment\x00\x00" + zlib.compress(bytes(80_000_000))
    chunk = pack(">I", len(text)) + b"zTXt" + text + pack(">I", zlib.crc32(b"zTXt" + text))
    content = GOOD["PNG"][:33] + chunk + GOOD["PNG"][33:]

    assert (await upload(api, await bearer("ada"), content)).status_code in {201, 422}


async def test_of_an_animation_of_a_thousand_frames_only_the_first_is_decoded(api: AsyncClient, bearer: Bearer) -> None:
    buffer = BytesIO()
    frames = [Image.new("P", (500, 500), n % 250) for n in range(1000)]
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:])

    made = await upload(api, await bearer("ada"), buffer.getvalue())

    assert (made.status_code, made.json()["width"]) == (201, 500)


@pytest.mark.parametrize("excess", [1, 60_000, 500_000])
async def test_a_file_that_is_too_large_is_refused(api: AsyncClient, bearer: Bearer, excess: int) -> None:
    content = GOOD["JPEG"] + bytes(MAX_BYTES + excess - len(GOOD["JPEG"]))

    assert_problem(await upload(api, await bearer("ada"), content), 413, "too-large")
    assert await nothing_is_kept()


async def test_a_file_of_exactly_the_largest_size_is_taken(api: AsyncClient, bearer: Bearer) -> None:
    content = GOOD["JPEG"] + bytes(MAX_BYTES - len(GOOD["JPEG"]))

    assert (await upload(api, await bearer("ada"), content)).status_code == 201


@pytest.mark.parametrize("tail", [HTML, SVG, b"PK\x03\x04" + bytes(100)])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF"])
async def test_of_a_polyglot_only_the_picture_is_kept(api: AsyncClient, bearer: Bearer, kind: str, tail: bytes) -> None:
    made = await upload(api, await bearer("ada"), GOOD[kind] + tail, "picture.html")
    served = await api.get(made.json()["url"])

    assert made.status_code == 201
    assert tail not in served.content
    assert served.headers["content-type"] == "image/jpeg"


@pytest.mark.parametrize(
    ("fields", "files", "pointer"),
    [
        ({}, [("picture", ("a.jpg", GOOD["JPEG"]))], "/picture"),
        ({}, [("file", ("a.jpg", GOOD["JPEG"])), ("file", ("b.jpg", GOOD["JPEG"]))], "/file"),
        ({"name": "a.jpg"}, [("file", ("a.jpg", GOOD["JPEG"]))], "/name"),
        ({"file": "text"}, [("", ("", b""))], "/file"),
        ({}, [("file", (None, GOOD["JPEG"]))], "/file"),
    ],
)
async def test_the_form_has_one_file_and_nothing_else(
    api: AsyncClient,
    bearer: Bearer,
    fields: dict[str, str],
    files: list[tuple[str, tuple[str | None, bytes]]],
    pointer: str,
) -> None:
    given_files = [] if files[0][0] == "" else files
    form = [*((name, (None, text.encode())) for name, text in fields.items()), *given_files]

    refused = await api.post("/v1/images", headers=await bearer("ada"), files=form)

    assert_problem(refused, 422, "invalid-input")
    assert refused.json()["errors"][0]["pointer"] == pointer


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        ("application/json", b'{"file": "x"}', 415),
        ("image/jpeg", GOOD["JPEG"], 415),
        ("application/x-www-form-urlencoded", b"file=x", 415),
        ("", b"", 415),
        ("multipart/form-data", b"--x", 422),
        ("multipart/form-data; boundary=", b"--x", 422),
        ("multipart/form-data; boundary=x", b"", 422),
        ("multipart/form-data; boundary=x", b"no boundary", 422),
        ("multipart/form-data; boundary=x", b"--x\r\n\r\n\r\n--x--\r\n", 422),
        ("multipart/form-data; boundary=x", b"--x--\r\n", 422),
        (
            "multipart/form-data; boundary=x; charset=rot13",
            b'--x\r\nContent-Disposition: form-data; name="\xff"\r\n\r\n\xff\r\n--x--',
            422,
        ),
        ("multipart/form-data; boundary=" + "x" * 300, b"--x", 422),
    ],
)
async def test_a_body_that_is_no_form_with_a_file_is_refused(
    api: AsyncClient, bearer: Bearer, content_type: str, body: bytes, status: int
) -> None:
    headers = {**await bearer("ada"), "Content-Type": content_type}

    refused = await api.post("/v1/images", headers=headers, content=body)

    assert refused.status_code == status
    assert refused.headers["content-type"] == "application/problem+json"


@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"
)  # Starlette leaves the file to the collector
async def test_a_form_that_breaks_off_inside_the_file_is_refused(api: AsyncClient, bearer: Bearer) -> None:
    headers = {**await bearer("ada"), "Content-Type": "multipart/form-data; boundary=x"}
    body = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n' + GOOD["JPEG"]

    refused = await api.post("/v1/images", headers=headers, content=body)
    gc.collect()

    assert_problem(refused, 422, "invalid-input")


async def test_an_anonymous_upload_is_refused_before_its_body_is_read(api: AsyncClient) -> None:
    taken: list[int] = []

    async def body() -> AsyncIterator[bytes]:
        taken.append(1)
        yield b"--x\r\n"

    refused = await api.post("/v1/images", headers={"Content-Type": "multipart/form-data; boundary=x"}, content=body())

    assert_problem(refused, 401, "unauthenticated")
    assert not taken


def outcome(content: bytes) -> str:
    """What comes of a file: the picture's kind, or the name of the refusal; anything else is a bug and is raised."""
    try:
        return renditions(BytesIO(content))[0].about.content_type
    except DomainError as error:
        return type(error).__name__


EXPECTED = {"image/jpeg", "image/webp", UnusableImage.__name__, UnsupportedMediaType.__name__}


@given(st.binary(max_size=2000), st.sampled_from([b"", *(content[:12] for content in GOOD.values())]))
@settings(max_examples=200)
def test_random_bytes_are_refused_and_never_a_bug(noise: bytes, start: bytes) -> None:
    assert outcome(start + noise) in EXPECTED


@given(st.sampled_from(sorted(GOOD)), st.integers(0, 2**32))
@settings(max_examples=200)
def test_damaged_pictures_are_kept_or_refused_and_never_a_bug(kind: str, seed: int) -> None:
    chance = random.Random(seed)
    content = bytearray(GOOD[kind])
    for _ in range(chance.randint(1, 20)):
        content[chance.randrange(len(content))] = chance.randrange(256)

    assert outcome(bytes(content[: chance.randint(1, len(content))])) in EXPECTED
