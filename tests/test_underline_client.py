"""Each call of the published web client, answered as that client needs it."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from httpx import AsyncClient, Response

from models.commons import now
from models.users import Role
from tests.conftest import PASSWORD, Bearer, EventWith, MakePerson

ORIGIN = {"Origin": "http://localhost:3000"}
PERSON = {"first_name": "Ada", "last_name": "Lovelace", "email": "ada@example.org", "password": PASSWORD}


def payload(jwt: str) -> dict[str, Any]:
    """What the client decodes out of its token."""
    part = jwt.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return claims


async def signed_up(api: AsyncClient, **given: str) -> dict[str, str]:
    """Register as the client does; the header of that session."""
    answer = await api.post("/users/register", json={**PERSON, **given})
    return {"token": answer.json()["jwt"]}


async def signed_in(api: AsyncClient, person: MakePerson, name: str, role: Role) -> dict[str, str]:
    """Sign an existing person in as the client does."""
    user = await person(name, role)
    answer = await api.post("/users/login", json={"identifier": {"email": user.email}, "password": PASSWORD})
    return {"token": answer.json()["jwt"]}


def form(**given: Any) -> dict[str, Any]:
    """What the event form sends."""
    start = now() + timedelta(days=1)
    return {
        "title": "Sunset yoga",
        "description": "On the lawn",
        "date_time_start": stamp(start),
        "date_time_end": stamp(start + timedelta(hours=1)),
        "tags": ["sport_event"],
        "public": True,
        "location": {"title": "Bayfront Park", "latitude": 25.7753, "longitude": -80.1861},
        "max_capacity": "40",
        "links": [],
        "image_ids": [],
        "creator_id": "whoever",
        **given,
    }


def stamp(moment: datetime) -> str:
    """A time as JavaScript's toISOString writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def shifted(moment: datetime) -> str:
    """A time as the client sends it to find events: four hours early."""
    return stamp(moment - timedelta(hours=4))


async def test_call_1_validate_tells_a_good_session_from_a_bad_one(api: AsyncClient) -> None:
    headers = await signed_up(api)

    answers = [
        await api.get("/auth/validate", headers=headers),
        await api.get("/auth/validate", headers={"token": "nonsense"}),
        await api.get("/auth/validate", headers={"token": ""}),
    ]

    assert [answer.status_code for answer in answers] == [200, 401, 401]
    assert answers[0].headers["deprecation"].startswith("@")


async def test_calls_2_and_3_show_the_admin_link_to_admins_alone(api: AsyncClient, person: MakePerson) -> None:
    admin, user = await person("root", Role.ADMIN), await person("ada")

    kinds = [
        (await api.post("/users/find", json={"user_id": someone.get_id()})).json()["user_type"]
        for someone in (admin, user)
    ]

    assert kinds == ["ADMIN", "PUBLIC_USER"]


async def test_calls_4_and_5_give_a_session_whose_payload_names_the_user(api: AsyncClient) -> None:
    registered = await api.post("/users/register", json=PERSON)
    logged_in = await api.post("/users/login", json={"identifier": {"email": "ADA@example.org"}, "password": PASSWORD})
    wrong = await api.post("/users/login", json={"identifier": {"email": "ada@example.org"}, "password": "wrong"})

    assert payload(logged_in.json()["jwt"])["user_id"] == payload(registered.json()["jwt"])["user_id"]
    assert wrong.status_code == 401


@pytest.mark.parametrize(
    "given", [{"password": "short"}, {"first_name": " "}, {"email": "no address"}, {"user_type": "ADMIN"}]
)
async def test_call_5_refuses_what_the_form_lets_through(api: AsyncClient, given: dict[str, str]) -> None:
    answer = await api.post("/users/register", json={**PERSON, **given}, headers=ORIGIN)

    assert answer.status_code == 422
    assert answer.headers["access-control-allow-origin"] == ORIGIN["Origin"]


async def test_call_6_has_everything_that_the_profile_page_reads(api: AsyncClient) -> None:
    headers = await signed_up(api)
    event_id = (await api.post("/events/register", json=form(), headers=headers)).json()["event_id"]

    found = await api.post("/users/find", json={"user_id": payload(headers["token"])["user_id"]})

    assert found.json() == {
        "user_id": payload(headers["token"])["user_id"],
        "user_type": "PUBLIC_USER",
        "first_name": "Ada",
        "last_name": "Lovelace",
        "image_id": "",
        "user_links": [],
        "events_visible": [event_id],
    }


async def test_call_7_opens_ones_own_waiting_event_and_call_15_does_not(api: AsyncClient) -> None:
    headers = await signed_up(api)
    event_id = (await api.post("/events/register", json=form(), headers=headers)).json()["event_id"]

    mine = await api.get(f"/events/get/{event_id}", headers=headers)
    anonymous = [
        await api.get(f"/events/get/{event_id}", headers={"token": ""}),
        await api.get(f"/events/get/{event_id}"),
    ]

    assert (mine.status_code, mine.json()["event_id"]) == (200, event_id)
    assert [answer.status_code for answer in anonymous] == [404, 404]


async def test_call_9_saves_links_and_an_empty_picture(api: AsyncClient) -> None:
    headers = await signed_up(api)
    user_id = payload(headers["token"])["user_id"]
    body = {"user_links": ["https://example.org/ada"], "image_id": "", "identifier": {"user_id": user_id}}

    saved = await api.patch("/users/update", json=body, headers=headers)
    of_another = await api.patch("/users/update", json={**body, "identifier": {"user_id": "other"}}, headers=headers)

    found = (await api.post("/users/find", json={"user_id": user_id})).json()
    assert (saved.status_code, of_another.status_code) == (200, 403)
    assert found["user_links"] == ["https://example.org/ada"]


async def test_call_10_deletes_the_account_named_in_the_body_for_itself_and_for_admins_alone(
    api: AsyncClient, person: MakePerson
) -> None:
    ada = await signed_up(api)
    bob = await signed_up(api, email="bob@example.org")
    admin = await signed_in(api, person, "root", Role.ADMIN)

    async def delete(name: dict[str, str], headers: dict[str, str]) -> int:
        body = {"user_id": payload(name["token"])["user_id"]}
        return (await api.request("DELETE", "/users/delete", json=body, headers=headers)).status_code

    statuses = [await delete(ada, {}), await delete(ada, bob), await delete(ada, ada), await delete(bob, admin)]

    assert statuses == [401, 403, 204, 204]


async def test_call_12_takes_the_form_as_it_is_sent(api: AsyncClient) -> None:
    headers = await signed_up(api)

    answer = await api.post(
        "/events/register",
        json=form(tags=["sport_event", "art_event"] * 2, links=["https://example.org"]),
        headers=headers,
    )

    event = (await api.get(f"/events/get/{answer.json()['event_id']}", headers=headers)).json()
    assert (event["tags"], event["max_capacity"]) == (["sport_event", "art_event"], 40)


async def test_call_12_accepts_an_event_whose_times_were_left_alone(api: AsyncClient) -> None:
    headers = await signed_up(api)
    opened = stamp(now())

    answer = await api.post(
        "/events/register", json=form(date_time_start=opened, date_time_end=opened), headers=headers
    )

    event = (await api.get(f"/events/get/{answer.json()['event_id']}", headers=headers)).json()
    assert (answer.status_code, event["status"]) == (200, "expired")


@pytest.mark.parametrize("given", [{"location": {}}, {"max_capacity": "1.5"}, {"title": " "}, {"title": "<b>x</b>"}])
async def test_call_12_refuses_a_bad_form_readably_for_the_browser(api: AsyncClient, given: dict[str, Any]) -> None:
    headers = await signed_up(api)

    answer = await api.post("/events/register", json=form(**given), headers={**headers, **ORIGIN})

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["access-control-allow-origin"] == ORIGIN["Origin"]


@pytest.mark.parametrize(
    "asked",
    [
        {"query_date": "0660-04-12T22:12:55+23:32"},
        {"query_date": "0001-01-01T00:00:00Z"},
        {"query_date": "2200-12-31T19:00:00Z"},
        {"query_date": "9999-12-31T19:00:00Z"},
        {"query_date_range": {"start_date": "1969-01-01T00:00:00Z", "end_date": "2026-01-01T00:00:00Z"}},
        {"query_date_range": {"start_date": "2026-01-01T00:00:00Z", "end_date": "2300-01-01T00:00:00Z"}},
    ],
)
async def test_call_13_refuses_days_that_no_event_has(api: AsyncClient, asked: dict[str, Any]) -> None:
    answer = await api.post("/events/find/batch", json={"limit": 6.5, **asked})

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("public", [0, 1, "false"])
async def test_call_12_what_is_not_true_or_false_is_not_taken_for_it(api: AsyncClient, public: object) -> None:
    answer = await api.post("/events/register", json=form(public=public), headers=await signed_up(api))

    assert answer.status_code == 422


async def titles(api: AsyncClient, **body: Any) -> list[str]:
    """What one row shows."""
    answer = await api.post("/events/find/batch", json=body)
    return [event["title"] for event in answer.json()["events"]]


async def test_call_13_pages_by_a_fractional_limit_and_a_page_number(api: AsyncClient, event_with: EventWith) -> None:
    for hour in range(5):
        start = now() + timedelta(days=1, hours=hour)
        await event_with(title=f"at {hour}", starts_at=stamp(start), ends_at=stamp(start + timedelta(minutes=30)))

    rows = [await titles(api, limit=1.6666666666666667, index=page) for page in (0, 1, 2, 3, 10**6)]

    assert rows == [["at 0", "at 1"], ["at 2", "at 3"], ["at 4"], [], []]


async def test_call_13_finds_by_day_by_range_and_by_any_tag_in_the_shifted_time(
    api: AsyncClient, event_with: EventWith
) -> None:
    midnight_in_miami = (now() + timedelta(days=3)).replace(hour=4, minute=0, second=0, microsecond=0)
    for title, tag, hours in (("eve", "art_event", -1), ("day", "music_event", 12), ("next", "food_event", 25)):
        start = midnight_in_miami + timedelta(hours=hours)
        await event_with(title=title, tags=[tag], starts_at=stamp(start), ends_at=stamp(start + timedelta(minutes=30)))
    week = {"start_date": shifted(now()), "end_date": shifted(midnight_in_miami + timedelta(days=2))}

    day = await titles(api, limit=5.5, index=0, query_date=shifted(midnight_in_miami))
    tagged = await titles(api, limit=5.5, index=0, query_date_range=week, event_tag_filter=["art_event", "food_event"])
    untagged = await titles(api, limit=5.5, index=0, query_date_range=week, event_tag_filter=[])

    assert (day, tagged, untagged) == (["day"], ["eve", "next"], ["eve", "day", "next"])


@pytest.mark.parametrize("limit", [0, -1, "NaN", "x", None])
async def test_call_13_refuses_a_limit_that_is_no_number_of_cards(api: AsyncClient, limit: object) -> None:
    answer = await api.post("/events/find/batch", json={"limit": limit, "index": 0})

    assert answer.status_code == 422


async def test_call_14_gives_the_map_its_pins(api: AsyncClient, event_with: EventWith) -> None:
    await event_with()

    answer = await api.post("/events/find/batch", json={"limit": 30})

    assert answer.json()["events"][0]["location"] == {
        "title": "Bayfront Park",
        "latitude": 25.7753,
        "longitude": -80.1861,
    }


async def test_call_15_shows_times_in_utc_without_a_zone_mark(api: AsyncClient, event_with: EventWith) -> None:
    event = await event_with(starts_at="2027-05-01T18:00:00.500-04:00", ends_at="2027-05-01T19:00:00-04:00")

    shown = (await api.get(f"/events/get/{event.get_id()}")).json()

    assert (shown["date_time_start"], shown["date_time_end"]) == (
        "2027-05-01T22:00:00.500000",
        "2027-05-01T23:00:00.000000",
    )


async def test_call_16_works_with_its_trailing_slash_and_without_a_redirect(
    api: AsyncClient, person: MakePerson
) -> None:
    user = await person("ada")

    answer = await api.post("/users/find/", json={"user_id": user.get_id()})

    assert (answer.status_code, answer.json()["first_name"]) == (200, "Ada")


async def test_call_17_keeps_a_private_event_in_the_visitors_profile(api: AsyncClient, event_with: EventWith) -> None:
    headers = await signed_up(api)
    event = await event_with(public=False)

    answers = [
        await api.put("/users/add_event", json={"event_id": event_id}, headers=headers)
        for event_id in (event.get_id(), event.get_id(), "unknown")
    ]

    found = await api.post("/users/find", json={"user_id": payload(headers["token"])["user_id"]})
    assert [answer.status_code for answer in answers] == [200, 200, 404]
    assert found.json()["events_visible"] == [event.get_id()]


async def test_what_is_saved_through_the_api_does_not_appear_in_the_clients_profile(
    api: AsyncClient, person: MakePerson, bearer: Bearer, event_with: EventWith
) -> None:
    user, event = await person("ada"), await event_with(public=False)

    saved = await api.put(f"/v1/users/me/saved/{event.get_id()}", headers=await bearer("ada"))

    found = await api.post("/users/find", json={"user_id": user.get_id()})
    assert (saved.status_code, found.json()["events_visible"]) == (204, [])


async def test_calls_18_and_19_let_staff_look_through_the_queue_and_decide(
    api: AsyncClient, person: MakePerson, event_with: EventWith
) -> None:
    event = await event_with(approved=False)
    staff = await signed_in(api, person, "root", Role.ADMIN)
    decision = f"/admin/decide_event?approve_bool=true&event_id={event.get_id()}"

    refused = [await api.get("/admin/events_queue", headers={"token": ""}), await api.get(decision)]
    queue = await api.get("/admin/events_queue", headers=staff)
    decided = await api.get(decision, headers=staff)

    assert [answer.status_code for answer in refused] == [401, 401]
    assert [waiting["event_id"] for waiting in queue.json()["events"]] == [event.get_id()]
    assert decided.status_code == 200
    assert await titles(api, limit=5) == [event.title]


async def test_the_paths_that_made_admins_for_anyone_need_an_admin(api: AsyncClient, person: MakePerson) -> None:
    user = await signed_up(api)
    staff = await signed_in(api, person, "root", Role.ADMIN)
    another = {**PERSON, "email": "eve@example.org"}

    answers: list[Response] = [
        await api.post("/admin/register", json=another, headers=headers) for headers in ({}, user, staff)
    ]

    assert [answer.status_code for answer in answers] == [401, 403, 200]


async def test_each_call_passes_the_browsers_preflight(api: AsyncClient) -> None:
    asked = {"Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "content-type,token"}

    answer = await api.options("/users/update", headers={**ORIGIN, **asked})

    assert answer.status_code == 200
    assert "token" in answer.headers["access-control-allow-headers"].lower()


async def test_the_sessions_of_the_client_and_of_the_api_do_not_open_each_others_paths(
    api: AsyncClient, person: MakePerson
) -> None:
    user = await person("ada")
    old = await signed_in(api, person, "ada", Role.USER)
    login = await api.post("/v1/auth/login", json={"email": user.email, "password": PASSWORD})
    new = login.json()["access_token"]

    answers = [
        await api.get("/v1/users/me", headers={"Authorization": f"Bearer {old['token']}"}),
        await api.get("/v1/users/me", headers=old),
        await api.get("/auth/validate", headers={"token": new}),
    ]

    assert [answer.status_code for answer in answers] == [401, 401, 401]
