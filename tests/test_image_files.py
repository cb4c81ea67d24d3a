"""Images in the store: what broken-off work leaves behind, and how it is mended."""

import asyncio
import re
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from httpx import AsyncClient

from config import db
from models.commons import now
from models.exceptions import ImageNotFound
from tests.conftest import Bearer, MakePerson
from tests.pictures import picture, upload
from utils import images

LOST = "0f5e6f0e-0000-4000-8000-000000000000"
LINUX = Path("/proc/self/clear_refs").exists()
LONG_AGO = timedelta(hours=2)


async def stored() -> tuple[int, set[str]]:
    """How many entries of files there are, and of which files there are pieces."""
    store = db.database()
    return await store["images.files"].count_documents({}), set(await store["images.chunks"].distinct("files_id"))


async def break_off_an_upload() -> None:
    """Leave what a crash leaves after the first variant and before the last write."""
    variant = {"image_id": LOST, "content_type": "image/jpeg"}
    await db.bucket("images").upload_from_stream_with_id(f"{LOST}/320", "", b"variant", metadata=variant)
    await db.database()["images.chunks"].insert_one({"files_id": LOST, "n": 0, "data": b"half a picture"})


async def test_an_unfinished_upload_is_never_seen(api: AsyncClient, bearer: Bearer) -> None:
    await break_off_an_upload()

    answers = [await api.get(f"/v1/images/{LOST}", params=query) for query in ({}, {"width": 320}, {"width": 1280})]

    assert [answer.status_code for answer in answers] == [404, 404, 404]


async def test_repair_removes_unfinished_uploads_and_nothing_else(api: AsyncClient, bearer: Bearer) -> None:
    with time_machine.travel(now() - LONG_AGO):
        await break_off_an_upload()
        whole = (await upload(api, await bearer("ada"), picture(size=(700, 700)))).json()

    mended, again = await images.repair(), await images.repair()

    assert (mended, again) == (1, 0)
    assert await stored() == (3, {whole["id"], f"{whole['id']}/320", f"{whole['id']}/640"})
    assert (await api.get(whole["url"], params={"width": 640})).status_code == 200


async def test_repair_leaves_uploads_that_go_on(api: AsyncClient) -> None:
    await break_off_an_upload()

    assert await images.repair() == 0
    assert await stored() == (1, {LOST, f"{LOST}/320"})


async def test_repair_finishes_a_deletion_that_was_broken_off(api: AsyncClient, bearer: Bearer) -> None:
    with time_machine.travel(now() - LONG_AGO):
        image_id = (await upload(api, await bearer("ada"), picture(size=(700, 700)))).json()["id"]
    await db.database()["images.files"].delete_one({"_id": image_id})

    await images.repair()

    assert await stored() == (0, set())


async def test_a_deletion_leaves_nothing(api: AsyncClient, bearer: Bearer) -> None:
    headers = await bearer("ada")
    made = await upload(api, headers, picture(size=(1500, 1500)))

    before = await stored()
    await api.delete(made.json()["url"], headers=headers)

    assert before[0] == 4
    assert await stored() == (0, set())


async def test_an_image_deleted_while_it_is_opened_is_not_found(
    api: AsyncClient, bearer: Bearer, person: MakePerson
) -> None:
    made = await upload(api, await bearer("ada"), picture())
    _, content = await images.open_variant(made.json()["id"])

    await images.delete(made.json()["id"], await person("ada"))

    with pytest.raises(ImageNotFound):
        await anext(content)


async def test_of_rivals_that_delete_an_image_none_fails_otherwise_than_by_finding_nothing(
    api: AsyncClient, bearer: Bearer
) -> None:
    headers = await bearer("ada")
    url = (await upload(api, headers, picture())).json()["url"]

    answers = await asyncio.gather(*(api.delete(url, headers=headers) for _ in range(8)))

    assert {answer.status_code for answer in answers} <= {204, 404}
    assert 204 in {answer.status_code for answer in answers}
    assert await stored() == (0, set())


async def test_a_large_image_comes_back_byte_for_byte(api: AsyncClient, person: MakePerson) -> None:
    noise = bytes((n * 7919 + n // 251) % 256 for n in range(900_000))
    about = {"owner_id": "x", "content_type": "image/jpeg", "width": 1, "height": 1, "bytes": len(noise), "digest": "d"}
    await db.bucket("images").upload_from_stream_with_id(LOST, LOST, noise, metadata={"_id": LOST, **about})

    served = await api.get(f"/v1/images/{LOST}")

    assert served.content == noise


@pytest.mark.skipif(not LINUX, reason="only Linux tells the peak of a process's memory")
async def test_ten_large_uploads_at_once_take_the_memory_of_one(api: AsyncClient, bearer: Bearer) -> None:
    headers = await bearer("ada")
    drawn = picture("PNG", (2500, 2500))
    large = drawn + bytes(9_900_000 - len(drawn))
    before = reset_peak_mib()

    answers = await asyncio.gather(*(upload(api, headers, large) for _ in range(10)))

    assert [answer.status_code for answer in answers] == [201] * 10
    assert peak_mib() - before < 200  # 10 files take 100, 10 pictures decoded and copied 500


def reset_peak_mib() -> float:
    """Forget the most memory that this process has held; what it holds now."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return peak_mib()


def peak_mib() -> float:
    """The most memory that this process has held since."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(re.findall(r"VmHWM:\s+(\d+)", status)[0]) / 1024
