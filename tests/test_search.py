"""What a search refuses, how far it is, and which days a word means."""

from datetime import UTC, datetime, timedelta
from math import asin, cos, radians, sin, sqrt

import pytest
import time_machine
from httpx import AsyncClient
from hypothesis import given
from hypothesis import strategies as st

from config import db
from models.event_queries import Position, When, calendar
from tests.conftest import Bearer, EventWith
from utils import _sphere, events


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("radius=100", "#/query"),
        ("sort=distance", "#/query"),
        ("sort=-distance", "#/query"),
        ("sort=relevance", "#/query"),
        ("near=25", "#/query/near"),
        ("near=91,0", "#/query/near/0"),
        ("near=1,nan", "#/query/near/1"),
        ("bbox=0,10,1,5", "#/query/bbox"),
        ("bbox=0,1,2", "#/query/bbox"),
        ("when=today&tz=Mars", "#/query/tz"),
        ("when=yesterday", "#/query/when"),
        ("tags=art_event,other", "#/query/tags/1"),
        ("from=2027-01-02T00:00:00Z&to=2027-01-01T00:00:00Z", "#/query"),
        ("from=2027-01-02", "#/query/from"),
        ("near=1,1&radius=0", "#/query/radius"),
        ("q=" + "a" * 101, "#/query/q"),
    ],
)
async def test_what_makes_no_sense_is_refused_where_it_stands(api: AsyncClient, query: str, pointer: str) -> None:
    answer = await api.get(f"/v1/events?{query}")

    assert (answer.status_code, answer.json()["errors"][0]["pointer"][: len(pointer)]) == (422, pointer)


def haversine(here: Position, there: Position) -> float:
    """The same by another formula."""
    (a, b), (c, d) = [(radians(place.latitude), radians(place.longitude)) for place in (here, there)]
    half = sin((c - a) / 2) ** 2 + cos(a) * cos(c) * sin((d - b) / 2) ** 2
    return 2 * 6_371_008.8 * asin(min(1, sqrt(half)))


places = st.builds(Position, st.floats(-90, 90), st.floats(-180, 180))


@given(places, places)
def test_distances_are_those_of_the_great_circle(here: Position, there: Position) -> None:
    expected = haversine(here, there)

    assert abs(_sphere.distance_m(here, there) - expected) <= 0.005 * expected + 1e-3


async def test_the_distance_comes_with_a_search_by_place_and_only_then(api: AsyncClient, event_with: EventWith) -> None:
    await event_with(location={"title": "Key West", "latitude": 24.5551, "longitude": -81.78})

    near = (await api.get("/v1/events", params={"near": "25.7753,-80.1861", "radius": 300_000})).json()["items"]
    sorted_ = (await api.get("/v1/events?near=25.7753,-80.1861&radius=300000&sort=starts_at")).json()["items"]
    plain = (await api.get("/v1/events")).json()["items"]

    assert near[0]["distance_m"] == pytest.approx(209_600, rel=0.005)
    assert sorted_ == near
    assert "distance_m" not in plain[0]


@pytest.mark.parametrize(
    ("when", "begin", "end"),
    [
        (When.TODAY, "2027-03-13T05:00", "2027-03-14T05:00"),
        (When.TOMORROW, "2027-03-14T05:00", "2027-03-15T04:00"),  # 23 hours: clocks go forward
        (When.WEEKEND, "2027-03-13T05:00", "2027-03-15T04:00"),
        (When.WEEK, "2027-03-08T05:00", "2027-03-15T04:00"),
    ],
)
def test_days_are_those_of_the_clocks_of_the_zone(when: When, begin: str, end: str) -> None:
    moment = datetime(2027, 3, 13, 17, 30, tzinfo=UTC)

    found = calendar(when, moment, "America/New_York")

    assert [bound.isoformat()[:16] for bound in found if bound] == [begin, end]


async def test_what_is_long_over_is_archived_and_an_event_that_is_put_off_comes_back(
    api: AsyncClient, bearer: Bearer, event_with: EventWith
) -> None:
    event = await event_with(by="ada")
    headers = await bearer("ada")
    later = {"starts_at": event.starts_at + timedelta(days=9), "ends_at": event.ends_at + timedelta(days=9)}

    with time_machine.travel(event.ends_at + timedelta(seconds=30), tick=False):
        too_soon = await events.archive()
    with time_machine.travel(event.ends_at + timedelta(minutes=2), tick=False):
        archived = await events.archive()
    form = {name: moment.isoformat() for name, moment in later.items()}
    await api.patch(f"/v1/events/{event.get_id()}", json=form, headers=headers)

    stored = await db.collection("events").find_one({"_id": event.get_id()})
    listed = (await api.get("/v1/events")).json()["items"]
    assert (too_soon, archived) == (0, 1)
    assert stored is not None
    assert stored["archived"] is False
    assert [item["id"] for item in listed] == [event.get_id()]


async def test_lists_are_taken_repeated_and_separated_by_commas(api: AsyncClient, event_with: EventWith) -> None:
    art, food, _ = [(await event_with(tags=[tag])).get_id() for tag in ("art_event", "food_event", "music_event")]

    repeated = (await api.get("/v1/events?tags=art_event&tags=food_event")).json()["items"]
    commas = (await api.get("/v1/events?tags=art_event,food_event")).json()["items"]
    named = (await api.get("/v1/events", params={"ids": f"{art},{food}"})).json()["items"]

    assert {event["id"] for event in repeated} == {art, food}
    assert commas == repeated == named
