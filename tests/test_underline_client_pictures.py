"""The picture calls of the published web client."""

import pytest
from httpx import AsyncClient

from tests.pictures import picture
from tests.test_underline_client import form, signed_up


@pytest.mark.parametrize("name", [{}, {"name": (None, b"yoga.jpg")}], ids=["profile form", "event form"])
async def test_an_uploaded_picture_goes_into_an_event_and_is_drawn(
    api: AsyncClient, name: dict[str, tuple[None, bytes]]
) -> None:
    session = await signed_up(api)

    uploaded = await api.post("/images/upload", headers=session, files={**name, "file": ("yoga.jpg", picture())})
    image_id = uploaded.json()["image_id"]
    published = await api.post("/events/register", headers=session, json=form(image_ids=[image_id]))
    drawn = await api.get("/images/get", params={"image_id": image_id})

    assert (uploaded.status_code, published.is_success) == (201, True)
    assert (drawn.status_code, drawn.headers["content-type"]) == (200, "image/jpeg")
    assert "deprecation" in uploaded.headers
    assert "deprecation" in drawn.headers


@pytest.mark.parametrize("image_id", ["undefined", ""])
async def test_a_card_without_a_picture_gets_none(api: AsyncClient, image_id: str) -> None:
    assert (await api.get("/images/get", params={"image_id": image_id})).status_code == 404


async def test_a_picture_is_not_uploaded_without_a_session(api: AsyncClient) -> None:
    answer = await api.post("/images/upload", headers={"token": ""}, files={"file": ("yoga.jpg", picture())})

    assert answer.status_code == 401
