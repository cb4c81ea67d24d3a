"""What is measured: the requests of each scenario, and what the floor replays of it."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

import orjson

from bench._load import Request
from bench._world import CENTRE, PASSWORD, SEED, World
from models.commons import now

SPREAD = 200  # different requests of one scenario


@dataclass(frozen=True)
class Scenario:
    """One kind of request."""

    name: str
    requests: Callable[[World], list[Request]]
    floor: Callable[[World], list[Request]] | None = None  # the same for the floor; its first step names the plan
    floor_status: int = 200
    target: float | None = None
    connections: int = 8
    by_path: bool = False  # the floor takes the id from the path
    tagged: bool = False  # If-None-Match with the entity tag that a first answer carried


def _ids(world: World) -> list[str]:
    return random.Random(SEED).sample(world.event_ids, min(SPREAD, len(world.event_ids)))


def _each(
    path: Callable[[str], str], headers: Callable[[World], dict[str, str]] = lambda _: {}
) -> Callable[[World], list[Request]]:
    return lambda world: [Request(path(event_id), headers=headers(world)) for event_id in _ids(world)]


def _at(name: str) -> Callable[[str], str]:
    return lambda event_id: f"/{name}/{event_id}"


_event = _at("v1/events")


def _bearer(world: World) -> dict[str, str]:
    return {"Authorization": f"Bearer {world.tokens[0]}"}


def _listed(**query: str) -> Callable[[World], list[Request]]:
    return lambda _: [Request("/v1/events?" + urlencode({"limit": "20", **query}))]


def _replayed(name: str) -> Callable[[World], list[Request]]:
    return lambda _: [Request(f"/{name}/x")]


def _form(number: int) -> str:
    start = now() + timedelta(days=30)
    place = {"title": "Bayfront Park", "latitude": CENTRE[0], "longitude": CENTRE[1]}
    times = {"starts_at": start.isoformat(), "ends_at": (start + timedelta(hours=1)).isoformat()}
    form = {"title": f"Made {number}", "location": place, "max_capacity": 40, "tags": ["art_event"], **times}
    return orjson.dumps(form).decode()


def _creating(path: str) -> Callable[[World], list[Request]]:
    def requests(world: World) -> list[Request]:
        headers = {"Content-Type": "application/json", **_bearer(world)}
        return [Request(path, "POST", headers, _form(number)) for number in range(SPREAD)]

    return requests


def _stampede(world: World) -> list[Request]:
    path = f"/v1/events/{world.contested_id}/attendance"
    return [Request(path, "PUT", {"Authorization": f"Bearer {token}"}) for token in world.tokens]


def _logins(_: World) -> list[Request]:
    headers = {"Content-Type": "application/json"}
    return [
        Request(
            "/v1/auth/login",
            "POST",
            headers,
            orjson.dumps({"email": f"rival{number}@example.org", "password": PASSWORD}).decode(),
        )
        for number in range(20)
    ]


_PLACE = f"{CENTRE[0]},{CENTRE[1]}"
_BOX = f"{CENTRE[1] - 0.02},{CENTRE[0] - 0.02},{CENTRE[1] + 0.02},{CENTRE[0] + 0.02}"

SCENARIOS = (
    Scenario("livez", lambda _: [Request("/livez")], _replayed("livez")),
    Scenario("event by id", _each(_event), _each(_at("id")), target=0.60, by_path=True),
    Scenario(
        "event by id, signed in",
        _each(_event, _bearer),
        _each(_at("signed")),
        by_path=True,
    ),
    Scenario(
        "event not modified",
        _each(_event),
        _each(_at("304")),
        floor_status=304,
        target=0.70,
        by_path=True,
        tagged=True,
    ),
    Scenario("list of 20", _listed(), _replayed("list"), target=0.65),
    Scenario("words", _listed(q="sunset yoga"), _replayed("words"), target=0.80),
    Scenario("near", _listed(near=_PLACE, radius="3000"), _replayed("near"), target=0.80),
    Scenario("box", _listed(bbox=_BOX), _replayed("box"), target=0.80),
    Scenario(
        "combined",
        _listed(q="jazz", near=_PLACE, radius="20000", tags="music_event"),
        _replayed("combined"),
    ),
    Scenario("create", _creating("/v1/events"), _creating("/create/x"), floor_status=201, target=0.55),
    Scenario("RSVP stampede", _stampede, connections=32),
    Scenario("login", _logins, connections=4),
    Scenario("image", lambda world: [Request(f"/v1/images/{world.image_id}?width=320")]),
)
