"""Events as calendars that programs subscribe to, and as linked data."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from httpx import AsyncClient, Response
from icalendar import Calendar

from config.main import settings
from tests.conftest import Bearer, EventWith
from utils import _icalendar, users


def entries(answer: Response) -> list[Any]:
    return list(Calendar.from_ical(answer.content).walk("VEVENT"))


def path_of(url: str) -> str:
    return url.removeprefix(settings.public_url.rstrip("/"))


def offset_in(zone: Any, moment: datetime) -> timedelta:
    """What a subscriber works out from a VTIMEZONE by the letter of RFC 5545: the latest onset counts."""
    onsets = [
        (part["DTSTART"].dt.replace(tzinfo=UTC) - part["TZOFFSETFROM"].td, part["TZOFFSETTO"].td)
        for part in zone.subcomponents
    ]
    offset: timedelta = max(onset for onset in onsets if onset[0] <= moment)[1]
    return offset


async def test_an_event_is_a_calendar_entry_in_its_own_zone(api: AsyncClient, event_with: EventWith) -> None:
    event = await event_with(
        title="Yoga, tea; & más",
        description="First line\nsecond, with a \\ and a ; " + "ß" * 100,
        starts_at="2027-03-14T00:30:00-05:00",
        ends_at="2027-03-14T04:30:00-04:00",
        timezone="America/New_York",
        location={"title": "Park", "address": "1 Main St", "latitude": 40.5, "longitude": -74.25},
    )

    answer = await api.get(f"/v1/events/{event.get_id()}.ics")

    (entry,) = entries(answer)
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    assert b"DTSTART;TZID=America/New_York:20270314T003000\r\n" in answer.content
    assert b"DTEND;TZID=America/New_York:20270314T043000\r\n" in answer.content
    assert b"GEO:40.5;-74.25\r\n" in answer.content
    assert max(len(line) for line in answer.content.split(b"\r\n")) <= 75
    assert (str(entry["UID"]), entry["SEQUENCE"], str(entry["STATUS"])) == (event.get_id(), 0, "CONFIRMED")
    assert (str(entry["SUMMARY"]), str(entry["DESCRIPTION"])) == (event.title, event.description)
    assert str(entry["LOCATION"]) == "Park, 1 Main St"
    assert path_of(str(entry["URL"])) == f"/v1/events/{event.get_id()}"
    assert entry["DTEND"].dt - entry["DTSTART"].dt.astimezone(UTC) == timedelta(hours=3)
    assert [str(zone["TZID"]) for zone in Calendar.from_ical(answer.content).walk("VTIMEZONE")] == ["America/New_York"]


@pytest.mark.parametrize(
    "name", ["America/New_York", "Europe/Dublin", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Kolkata"]
)
def test_a_zone_as_it_is_written_says_what_the_database_of_zones_says(name: str) -> None:
    zone = _icalendar.zone_of(name, 2026, 2027)

    moments = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hour) for hour in range(2 * 366 * 24)]

    wrong = [moment for moment in moments if offset_in(zone, moment) != moment.astimezone(ZoneInfo(name)).utcoffset()]
    assert wrong == []


async def test_subscribers_revalidate_and_learn_of_what_matters(
    api: AsyncClient, bearer: Bearer, event_with: EventWith
) -> None:
    event = await event_with(by="host", public=False)
    path, host = f"/v1/events/{event.get_id()}", await bearer("host")
    tag = (await api.get(f"{path}.ics")).headers["etag"]

    await api.put(f"{path}/attendance", headers=await bearer("ada"))
    joined = await api.get(f"{path}.ics", headers={"If-None-Match": tag})
    await api.patch(path, json={"max_capacity": 50, "description": "New."}, headers=host)
    described = await api.get(f"{path}.ics", headers={"If-None-Match": tag})
    await api.patch(path, json={"title": "Sunrise yoga"}, headers=host)
    retitled = await api.get(f"{path}.ics")
    await api.post(f"{path}/cancel", headers=host)
    called_off = await api.get(f"{path}.ics")

    assert [answer.status_code for answer in (joined, described)] == [304, 200]
    assert [
        (entry["SEQUENCE"], str(entry["STATUS"]))
        for answer in (described, retitled, called_off)
        for entry in entries(answer)
    ] == [(0, "CONFIRMED"), (1, "CONFIRMED"), (2, "CANCELLED")]
    assert {str(entries(answer)[0]["UID"]) for answer in (described, called_off)} == {event.get_id()}


async def test_a_calendar_shows_an_event_to_whom_the_event_itself_shows(
    api: AsyncClient, bearer: Bearer, event_with: EventWith
) -> None:
    hidden, private = await event_with(by="host", approved=False), await event_with(public=False)

    answers = [
        await api.get(f"/v1/events/{hidden.get_id()}{suffix}", headers=headers)
        for suffix in (".ics", ".jsonld")
        for headers in ({}, await bearer("ada"), await bearer("host"))
    ]
    opened = await api.get(f"/v1/events/{private.get_id()}.ics")

    assert [answer.status_code for answer in answers] == [404, 404, 200] * 2
    assert str(entries(answers[2])[0]["STATUS"]) == "TENTATIVE"
    assert (opened.status_code, opened.headers["cache-control"]) == (200, "private, no-store")


async def test_a_list_of_events_is_a_calendar_with_the_same_filters_that_says_where_it_goes_on(
    api: AsyncClient, event_with: EventWith
) -> None:
    art = [(await event_with(tags=["art_event"])).get_id() for _ in range(3)]
    await event_with(tags=["music_event"])

    first = await api.get("/v1/events.ics", params={"tags": "art_event", "limit": 2})
    second = await api.get(first.links["next"]["url"])
    wrong = await api.get("/v1/events.ics", params={"tag": "art_event"})

    found = [str(entry["UID"]) for answer in (first, second) for entry in entries(answer)]
    note = str(Calendar.from_ical(first.content)["DESCRIPTION"])
    assert (sorted(found), "next" in second.links) == (sorted(art), False)
    assert note.startswith("The first 2 events. More: http")
    assert wrong.status_code == 422


async def test_my_calendar_opens_by_its_secret_address_until_that_is_revoked(
    api: AsyncClient, bearer: Bearer, event_with: EventWith
) -> None:
    ada, bob = await bearer("ada"), await bearer("bob")
    mine, full = await event_with(), await event_with(max_capacity=1)
    await event_with()
    await api.put(f"/v1/events/{mine.get_id()}/attendance", headers=ada)
    for person in (bob, ada):
        await api.put(f"/v1/events/{full.get_id()}/attendance", headers=person)

    first, second = [await api.post("/v1/users/me/calendar", headers=ada) for _ in range(2)]
    replaced, shown = [await api.get(path_of(made.json()["url"])) for made in (first, second)]
    again = await api.get(path_of(second.json()["url"]), headers={"If-None-Match": shown.headers["etag"]})
    await api.delete("/v1/users/me/calendar", headers=ada)
    revoked = await api.get(path_of(second.json()["url"]))

    assert (first.status_code, first.headers["cache-control"]) == (201, "no-store")
    assert [answer.status_code for answer in (replaced, shown, again, revoked)] == [404, 200, 304, 404]
    assert {str(entry["UID"]): str(entry["STATUS"]) for entry in entries(shown)} == {
        mine.get_id(): "CONFIRMED",
        full.get_id(): "TENTATIVE",
    }
    assert shown.headers["cache-control"] == "private, no-store"
    assert revoked.json()["type"] == "/problems/calendar-not-found"


async def test_the_calendar_of_an_erased_account_opens_no_longer(api: AsyncClient, bearer: Bearer) -> None:
    ada = await bearer("ada")
    made = await api.post("/v1/users/me/calendar", headers=ada)

    await users.delete((await api.get("/v1/users/me", headers=ada)).json()["id"])

    assert (await api.get(path_of(made.json()["url"]))).status_code == 404


async def test_linked_data_describes_the_event_and_is_safe_inside_a_page(
    api: AsyncClient, bearer: Bearer, event_with: EventWith
) -> None:
    event = await event_with(
        description="</script><script>alert(1)</script> & more",
        starts_at="2027-05-01T18:00:00-04:00",
        ends_at="2027-05-01T19:00:00-04:00",
        timezone="America/New_York",
        max_capacity=3,
    )
    path = f"/v1/events/{event.get_id()}"
    await api.put(f"{path}/attendance", headers=await bearer("ada"))
    await api.post(f"{path}/feedback", json={"comment": "Good", "rating": 4}, headers=await bearer("ada"))

    answer = await api.get(f"{path}.jsonld")

    described = json.loads(answer.content)
    assert answer.headers["content-type"] == "application/ld+json"
    assert b"<" not in answer.content
    assert (described["@context"], described["@type"]) == ("https://schema.org", "Event")
    assert described["description"] == event.description
    assert (described["startDate"], described["endDate"]) == ("2027-05-01T18:00:00-04:00", "2027-05-01T19:00:00-04:00")
    assert described["eventStatus"] == "https://schema.org/EventScheduled"
    assert described["location"]["geo"] == {"@type": "GeoCoordinates", "latitude": 25.7753, "longitude": -80.1861}
    assert described["remainingAttendeeCapacity"] == 2
    assert (described["aggregateRating"]["ratingValue"], described["aggregateRating"]["ratingCount"]) == (4, 1)
    assert "image" not in described
