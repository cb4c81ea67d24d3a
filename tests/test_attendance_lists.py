"""Lists of who takes part, of what I take part in, and of what I saved."""

import csv
import io
from collections.abc import Awaitable, Callable

from httpx import AsyncClient

from models.users import Role, User
from tests.conftest import Bearer, EventWith
from utils import users

Person = Callable[..., Awaitable[User]]


async def attended(api: AsyncClient, bearer: Bearer, event_with: EventWith, *names: str, **given: object) -> str:
    path = f"/v1/events/{(await event_with(by='host', **given)).get_id()}"
    for name in names:
        (await api.put(f"{path}/attendance", headers=await bearer(name))).raise_for_status()
    return path


async def walked(api: AsyncClient, address: str, headers: dict[str, str]) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    while address:
        answer = await api.get(address, headers=headers)
        found += answer.json()["items"]
        address = answer.links.get("next", {}).get("url", "")
    return found


async def test_the_host_and_staff_see_who_attends_and_then_who_waits_by_arrival(
    api: AsyncClient, bearer: Bearer, event_with: EventWith
) -> None:
    path = await attended(api, bearer, event_with, "zoe", "ada", "bob", "cy", "dee", max_capacity=3)

    by_host = await walked(api, f"{path}/attendees?limit=2", await bearer("host"))
    by_staff = await walked(api, f"{path}/attendees?state=waiting", await bearer("mod", Role.MODERATOR))
    refused = [(await api.get(f"{path}/attendees", headers=await bearer(name))).status_code for name in ("ada", "eve")]

    assert [(one["first_name"], one["state"]) for one in by_host] == [
        ("Zoe", "attending"),
        ("Ada", "attending"),
        ("Bob", "attending"),
        ("Cy", "waiting"),
        ("Dee", "waiting"),
    ]
    assert set(by_host[0]) == {"user_id", "first_name", "last_name", "state", "joined_at"}
    assert by_staff == by_host[3:]
    assert refused == [403, 403]


async def test_the_list_comes_as_a_table_that_no_spreadsheet_takes_for_formulas(
    api: AsyncClient, bearer: Bearer, event_with: EventWith, person: Person
) -> None:
    path = await attended(api, bearer, event_with, "ada", "bob")
    ada = await person("ada")
    for field, text in (("first_name", '=HYPERLINK("https://evil")'), ("last_name", "\t+1")):
        await users._users().update_one({"_id": ada.get_id()}, {"$set": {field: text}})
    host = await bearer("host")

    by_accept = await api.get(f"{path}/attendees", headers={**host, "Accept": "text/csv"})
    by_format = await api.get(f"{path}/attendees?format=csv", headers=host)
    as_json = await api.get(f"{path}/attendees", headers={**host, "Accept": "application/json"})
    refused = await api.get(f"{path}/attendees?format=csv", headers=await bearer("eve"))

    rows = list(csv.reader(io.StringIO(by_accept.text, newline="")))
    assert by_accept.headers["content-type"] == "text/csv; charset=utf-8"
    assert by_accept.headers["cache-control"] == "no-store"
    assert rows[0] == ["user_id", "first_name", "last_name", "state", "joined_at"]
    assert [row[1:4] for row in rows[1:]] == [
        ['\'=HYPERLINK("https://evil")', "'\t+1", "attending"],
        ["Bob", "Lovelace", "attending"],
    ]
    assert by_format.text == by_accept.text
    assert len(as_json.json()["items"]) == 2
    assert refused.status_code == 403


async def test_i_see_what_i_attend_and_wait_for_the_latest_first(
    api: AsyncClient, bearer: Bearer, event_with: EventWith
) -> None:
    ada = await bearer("ada")
    first = await attended(api, bearer, event_with, "ada")
    second = await attended(api, bearer, event_with, "bob", "ada", max_capacity=1)
    hidden = await attended(api, bearer, event_with, "ada")
    await api.patch(hidden, json={"title": "Sunrise yoga"}, headers=await bearer("host"))

    mine = await walked(api, "/v1/users/me/attendance?limit=1", ada)
    waiting = await walked(api, "/v1/users/me/attendance?state=waiting", ada)

    assert [(f"/v1/events/{one['event_id']}", one["state"]) for one in mine] == [
        (hidden, "attending"),
        (second, "waiting"),
        (first, "attending"),
    ]
    assert mine[0]["event"] is None
    assert mine[1]["event"] == (await api.get(second)).json()
    assert waiting == [mine[1]]


async def test_saved_events_stay_until_they_are_taken_off_whatever_else_happens(
    api: AsyncClient, bearer: Bearer, event_with: EventWith
) -> None:
    ada = await bearer("ada")
    kept, dropped = [(await event_with()).get_id() for _ in range(2)]
    unseen = (await event_with(approved=False)).get_id()
    await api.put(f"/v1/events/{kept}/attendance", headers=ada)

    saved = [await api.put(f"/v1/users/me/saved/{one}", headers=ada) for one in (dropped, kept, kept, unseen, "none")]
    await api.delete(f"/v1/events/{kept}/attendance", headers=ada)
    removed = [await api.delete(f"/v1/users/me/saved/{dropped}", headers=ada) for _ in range(2)]

    items = (await api.get("/v1/users/me/saved", headers=ada)).json()["items"]
    assert [answer.status_code for answer in (*saved, *removed)] == [204, 204, 204, 404, 404, 204, 204]
    assert [(one["event_id"], one["event"]["title"]) for one in items] == [(kept, "Sunset yoga")]
    assert (await api.get("/v1/users/me/attendance", headers=ada)).json()["items"] == []


async def test_saving_does_not_take_a_seat_and_taking_one_does_not_save(
    api: AsyncClient, bearer: Bearer, event_with: EventWith
) -> None:
    path, ada = await attended(api, bearer, event_with), await bearer("ada")
    saved = f"/v1/users/me/saved/{path.rpartition('/')[2]}"

    await api.put(saved, headers=ada)
    after_saving = (await api.get(path)).json()["attending_count"]
    await api.put(f"{path}/attendance", headers=ada)
    await api.delete(saved, headers=ada)

    assert (after_saving, (await api.get(path)).json()["attending_count"]) == (0, 1)
    assert (await api.get(f"{path}/attendance", headers=ada)).json()["state"] == "attending"


async def test_a_deleted_event_leaves_no_attendance(api: AsyncClient, bearer: Bearer, event_with: EventWith) -> None:
    path = await attended(api, bearer, event_with, "ada")

    await api.delete(path, headers=await bearer("host"))

    assert (await api.get("/v1/users/me/attendance", headers=await bearer("ada"))).json()["items"] == []
