"""Events as GeoJSON."""

import pytest
from httpx import AsyncClient
from hypothesis import given
from hypothesis import strategies as st

from models.geojson import box_around
from tests.conftest import EventWith


def place(longitude: float, latitude: float) -> dict[str, object]:
    return {"title": "There", "latitude": latitude, "longitude": longitude}


async def test_a_map_gets_features_with_longitude_first_and_the_event_as_properties(
    api: AsyncClient, event_with: EventWith
) -> None:
    event = (await api.get(f"/v1/events/{(await event_with(location=place(-80.2, 25.7))).get_id()}")).json()

    answer = await api.get("/v1/events.geojson", params={"bbox": "-81,25,-80,26", "tags": "sport_event"})

    assert answer.headers["content-type"] == "application/geo+json"
    assert answer.json() == {
        "type": "FeatureCollection",
        "bbox": [-80.2, 25.7, -80.2, 25.7],
        "features": [
            {
                "type": "Feature",
                "id": event.pop("id"),
                "geometry": {"type": "Point", "coordinates": [-80.2, 25.7]},
                "properties": event,
            }
        ],
        "next_cursor": None,
    }


async def test_without_events_there_is_no_box(api: AsyncClient) -> None:
    assert (await api.get("/v1/events.geojson")).json() == {
        "type": "FeatureCollection",
        "features": [],
        "next_cursor": None,
    }


async def test_what_does_not_fit_is_linked(api: AsyncClient, event_with: EventWith) -> None:
    made = {(await event_with()).get_id() for _ in range(3)}

    first = await api.get("/v1/events.geojson", params={"limit": 2})
    second = await api.get(first.links["next"]["url"])

    assert {feature["id"] for answer in (first, second) for feature in answer.json()["features"]} == made
    assert "next" not in second.links


async def test_features_that_are_held_already_are_not_sent_again(api: AsyncClient, event_with: EventWith) -> None:
    await event_with()
    tag = (await api.get("/v1/events.geojson")).headers["etag"]

    assert (await api.get("/v1/events.geojson", headers={"If-None-Match": tag})).status_code == 304


@pytest.mark.parametrize(
    ("points", "box"),
    [
        ([(1, 2)], (1, 2, 1, 2)),
        ([(-80, 25), (-79, 26), (10, -5)], (-80, -5, 10, 26)),
        ([(179, 1), (-179, 2)], (179, 1, -179, 2)),
        ([(179, 1), (-179, 2), (170, 0)], (170, 0, -179, 2)),
        ([(-90, 0), (90, 0)], (-90, 0, 90, 0)),
    ],
)
def test_the_box_is_the_smallest_also_across_the_antimeridian(
    points: list[tuple[float, float]], box: tuple[float, float, float, float]
) -> None:
    assert box_around(points) == box


@given(st.lists(st.tuples(st.floats(-180, 180), st.floats(-90, 90)), min_size=1))
def test_the_box_holds_every_point(points: list[tuple[float, float]]) -> None:
    west, south, east, north = box_around(points)

    for longitude, latitude in points:
        assert south <= latitude <= north
        assert west <= longitude <= east or (west > east and (longitude >= west or longitude <= east))
