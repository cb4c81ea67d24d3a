"""Every command on a request path is served by an index."""

import copy
from collections.abc import Iterator, Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from httpx import AsyncClient
from pymongo import monitoring

from config import db
from models.users import Role
from tests.conftest import Bearer, EventWith, event_form
from utils import events, indexes

Command = dict[str, Any]


class Recorder(monitoring.CommandListener):
    """Keeps the commands that are sent while it is switched on."""

    def __init__(self) -> None:
        self.on = False
        self.commands: list[Command] = []

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        if self.on:
            self.commands.append(copy.deepcopy(dict(event.command)))

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        pass

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        pass


recorder = Recorder()
monitoring.register(recorder)  # before the session's client is made

WHEN = {"from": "2027-01-01T00:00:00Z", "to": "2027-01-08T00:00:00Z"}
HERE = {"near": "25.77,-80.18"}
SHAPES: list[dict[str, str]] = [
    {},
    {"sort": "-starts_at"},
    {"sort": "created_at"},
    {"sort": "-created_at"},
    WHEN,
    {"when": "weekend", "tz": "America/New_York"},
    {"status": "expired"},
    {"status": "active,cancelled", "sort": "-created_at"},
    {"tags": "art_event,food_event", "tags_mode": "all"},
    {"q": "yoga"},
    {"q": "y"},
    {"q": "sunset yo", "sort": "relevance"},
    {"q": "yoga", "sort": "-relevance", "status": "expired"},
    HERE,
    {**HERE, "sort": "-distance"},
    {**HERE, "sort": "starts_at"},
    {**HERE, "q": "yoga", "tags": "art_event", **WHEN},
    {"bbox": "-81,25,-80,26"},
    {"bbox": "170,-10,-170,10"},
    {"creator_id": "ada"},
    {"creator_id": "ada", "sort": "-created_at"},
    {"ids": "a,b,c"},
]


@pytest.fixture
def recorded() -> Iterator[list[Command]]:
    """The commands sent after `recorder.on` was set."""
    recorder.commands = []
    yield recorder.commands
    recorder.on = False


@pytest.mark.parametrize("params", SHAPES, ids=str)
async def test_every_shape_of_search_goes_by_an_index(
    api: AsyncClient, recorded: list[Command], params: dict[str, str]
) -> None:
    recorder.on = True
    answer = await api.get("/v1/events", params=params)
    recorder.on = False

    assert answer.status_code == 200
    assert await scans(recorded) == []


# Few documents to sort: those of one person, or those that are named.
SORTED_IN_MEMORY = [{"creator_id": "ada", "sort": "-created_at"}, {"ids": "a,b,c"}]


@pytest.mark.parametrize("params", [shape for shape in SHAPES if shape not in SORTED_IN_MEMORY], ids=str)
async def test_lists_come_out_of_their_index_in_order(
    api: AsyncClient, recorded: list[Command], params: dict[str, str]
) -> None:
    recorder.on = True
    await api.get("/v1/events", params=params)
    recorder.on = False

    pipelines = [command["pipeline"] for command in recorded if "aggregate" in command]
    lists = [pipeline for pipeline in pipelines if any("$sort" in stage for stage in pipeline)]
    assert [pipeline for pipeline in lists if "$match" in pipeline[0] and not in_order(pipeline)] == []


async def test_pages_after_the_first_go_by_an_index(
    api: AsyncClient, event_with: EventWith, recorded: list[Command]
) -> None:
    for _ in range(2):
        await event_with()
    shapes = [{}, {"sort": "-created_at"}, {"q": "yoga", "sort": "relevance"}, HERE, {"q": "yoga"}]
    firsts = [await api.get("/v1/events", params={**params, "limit": "1"}) for params in shapes]

    recorder.on = True
    seconds = [await api.get(first.links["next"]["url"]) for first in firsts]
    recorder.on = False

    assert [len(second.json()["items"]) for second in seconds] == [1] * len(shapes)
    assert await scans(recorded) == []


async def test_what_people_do_goes_by_an_index(
    api: AsyncClient, bearer: Bearer, event_with: EventWith, recorded: list[Command]
) -> None:
    ada, root = await bearer("ada"), await bearer("root", Role.ADMIN)
    path = f"/v1/events/{(await event_with(by='ada')).get_id()}"

    recorder.on = True
    answers = [
        await api.post("/v1/events", json=event_form(), headers=ada),
        await api.get(path),
        await api.get(path, headers=ada),
        await api.patch(path, json={"max_capacity": 50}, headers=ada),
        await api.put(f"{path}/attendance", headers=root),
        await api.get(f"{path}/attendees", headers=ada),
        await api.post(f"{path}/feedback", json={"comment": "Good.", "rating": 5}, headers=root),
        await api.get(f"{path}/feedback"),
        await api.delete(f"{path}/attendance", headers=root),
        await api.get("/v1/users/me/events", headers=ada),
        await api.get("/v1/users/me/attendance", headers=root),
        await api.get("/v1/users/me/saved", headers=root),
        await api.get("/v1/auth/sessions", headers=ada),
        await api.get("/v1/admin/events", headers=root),
        await api.get("/v1/admin/users", headers=root),
        await api.get("/v1/admin/audit", headers=root),
        await api.post(f"{path}/cancel", headers=ada),
        await api.delete(path, headers=ada),
    ]
    recorder.on = False

    assert [answer.status_code for answer in answers if answer.status_code >= 400] == []
    assert await scans(recorded) == []


def in_order(pipeline: list[dict[str, Any]]) -> bool:
    """Whether an index begins with what the first stage equates and goes on with the sort."""
    first, order = pipeline[0]["$match"], next(list(stage["$sort"]) for stage in pipeline if "$sort" in stage)
    equal = {name for name, value in first.items() if not isinstance(value, dict)}
    indexed = [list(index.document["key"]) for index in events.INDEXES]
    return any(
        set(keys[: len(equal)]) == equal and keys[len(equal) : len(equal) + len(order)] == order for keys in indexed
    )


async def scans(commands: list[Command]) -> list[tuple[str, Any]]:
    """The filters that no index serves, with their collections."""
    found: list[tuple[str, Any]] = []
    for collection, condition in (pair for command in commands for pair in filters(command)):
        if not await is_served(collection, condition):
            found.append((collection, condition))
    return found


def filters(command: Command) -> Iterator[tuple[str, dict[str, Any]]]:
    """What a command looks for, and where."""
    name, *_ = command
    match name:
        case "find":
            if not is_walk(command):
                yield command["find"], command.get("filter", {})
        case "findAndModify":
            yield command["findAndModify"], command["query"]
        case "aggregate":
            first = command["pipeline"][0]
            near = first.get("$geoNear")
            circle = {"$geoWithin": {"$centerSphere": [[0, 0], 1]}}
            yield command["aggregate"], {near["key"]: circle} if near else first["$match"]
        case "update":
            yield from ((command["update"], change["q"]) for change in command["updates"])
        case "delete":
            yield from ((command["delete"], change["q"]) for change in command["deletes"])


async def is_served(collection: str, condition: Mapping[str, Any]) -> bool:
    """Whether `explain` names an index, for the condition or for a clause of it that the others stand beside.

    The embedded store explains conjunctions less well than it plans them, and has no index for what is under `$and` or
    `$or`; MongoDB plans them by the clauses beside.
    """
    if "_id" in condition:
        return True
    if not any(name.startswith("$") for name in condition) and await explained(collection, dict(condition)):
        return True
    if collection == events.COLLECTION and "archived" in condition:  # its ranges are made to fit an index as a whole
        return False
    plain = {name: value for name, value in condition.items() if not name.startswith("$")}
    for part in condition.get("$and", []):
        plain |= {name: value for name, value in part.items() if not name.startswith("$")}
    options = [plain, *({name: value} for name, value in plain.items())]
    return any([await explained(collection, option) for option in options if option])


async def explained(collection: str, condition: dict[str, Any]) -> bool:
    plan = await db.collection(collection).find(condition).explain()
    stage, stages = plan["queryPlanner"]["winningPlan"], []
    while stage:
        stages.append(stage["stage"])
        stage = stage.get("inputStage")
    return "COLLSCAN" not in stages


def is_walk(command: Command) -> bool:
    """Whether a find goes along an index that has its order, up to its limit."""
    order = list(command.get("sort") or {})
    declared = (
        list(index.document["key"])
        for owner in indexes.OWNERS
        if command["find"] == owner.COLLECTION
        for index in owner.INDEXES
    )
    return bool(order and command.get("limit")) and any(keys[: len(order)] == order for keys in declared)


@pytest.mark.parametrize(
    ("heard_of", "name", "whole"),
    [
        (False, None, True),
        (True, "secantus", True),
        (True, "rs0", False),
        (True, None, False),
    ],
)
def test_ranges_are_cut_for_a_server_that_reads_them_whole_and_for_one_not_heard_of(
    monkeypatch: pytest.MonkeyPatch, heard_of: bool, name: str | None, whole: bool
) -> None:
    server = SimpleNamespace(is_server_type_known=heard_of, replica_set_name=name)
    described = SimpleNamespace(server_descriptions=lambda: {("a", 1): server})
    monkeypatch.setattr(db._store, "client", SimpleNamespace(topology_description=described))

    assert db.reads_whole_ranges() is whole
