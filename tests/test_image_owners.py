"""Whose images are: who may remove them, and what goes when they go."""

import pytest
from httpx import AsyncClient

from models.users import Role
from tests.conftest import Bearer, EventWith, MakePerson, event_form
from tests.pictures import picture, upload
from utils import users


async def test_nobody_uploads_anonymously(api: AsyncClient) -> None:
    assert (await upload(api, {}, picture())).status_code == 401


@pytest.mark.parametrize(
    ("name", "role", "status"),
    [
        ("ada", Role.USER, 204),
        ("bob", Role.USER, 403),
        ("mod", Role.MODERATOR, 204),
        ("root", Role.ADMIN, 204),
    ],
)
async def test_an_image_is_removed_by_its_owner_or_by_staff(
    api: AsyncClient, bearer: Bearer, name: str, role: Role, status: int
) -> None:
    url = (await upload(api, await bearer("ada"), picture(size=(700, 70)))).json()["url"]

    answer = await api.delete(url, headers=await bearer(name, role))

    gone = 404 if status == 204 else 200
    assert answer.status_code == status
    assert (await api.get(url)).status_code == gone
    assert (await api.get(url, params={"width": 320})).status_code == gone


@pytest.mark.parametrize("image_id", ["undefined", "null", "5b1f9a3e-7f0c-4a9e-8b57-2f0f1f6a7c11", "%00", "a" * 100])
async def test_an_unknown_image_is_not_found(api: AsyncClient, bearer: Bearer, image_id: str) -> None:
    headers = await bearer("ada")

    assert (await api.get(f"/v1/images/{image_id}")).status_code == 404
    assert (await api.get(f"/v1/images/{image_id}", params={"width": 320})).status_code == 404
    assert (await api.delete(f"/v1/images/{image_id}", headers=headers)).status_code == 404


async def test_a_removed_image_disappears_from_events_and_profiles(
    api: AsyncClient, bearer: Bearer, event_with: EventWith
) -> None:
    headers = await bearer("ada")
    gone, kept = [(await upload(api, headers, picture())).json()["id"] for _ in range(2)]
    event = await event_with(by="ada", image_ids=[gone, kept])
    await api.patch("/v1/users/me", headers=headers, json={"image_id": gone})

    await api.delete(f"/v1/images/{gone}", headers=headers)

    shown = (await api.get(f"/v1/events/{event.get_id()}")).json()
    assert (shown["image_ids"], shown["approval"]) == ([kept], "approved")
    assert (await api.get("/v1/users/me", headers=headers)).json()["image_id"] is None


async def test_an_event_only_shows_images_of_its_creator(api: AsyncClient, bearer: Bearer) -> None:
    mine = (await upload(api, await bearer("ada"), picture())).json()["id"]
    foreign = (await upload(api, await bearer("bob"), picture())).json()["id"]

    good, bad, variant = [
        await api.post("/v1/events", headers=await bearer("ada"), json=event_form(image_ids=image_ids))
        for image_ids in ([mine], [mine, foreign], [f"{mine}/320"])
    ]

    assert good.status_code == 201
    assert (bad.status_code, bad.json()["type"], bad.json()["missing"]) == (422, "/problems/unknown-images", [foreign])
    assert variant.status_code == 422


async def test_a_deleted_event_takes_along_only_what_is_shown_nowhere_else(
    api: AsyncClient, bearer: Bearer, event_with: EventWith
) -> None:
    headers = await bearer("ada")
    lonely, shared, portrait = [(await upload(api, headers, picture())).json()["id"] for _ in range(3)]
    event = await event_with(by="ada", image_ids=[lonely, shared, portrait])
    await event_with(by="ada", image_ids=[shared])
    await api.patch("/v1/users/me", headers=headers, json={"image_id": portrait})

    await api.delete(f"/v1/events/{event.get_id()}", headers=headers)

    answers = [(await api.get(f"/v1/images/{image_id}")).status_code for image_id in (lonely, shared, portrait)]
    assert answers == [404, 200, 200]


async def test_images_go_with_the_account_of_their_owner(api: AsyncClient, bearer: Bearer, person: MakePerson) -> None:
    headers = await bearer("ada")
    mine = [(await upload(api, headers, picture())).json()["url"] for _ in range(3)]
    foreign = (await upload(api, await bearer("bob"), picture())).json()["url"]

    await users.delete((await person("ada")).get_id())

    assert [(await api.get(url)).status_code for url in [*mine, foreign]] == [404, 404, 404, 200]
