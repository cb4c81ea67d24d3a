"""Measures what a request costs, beside a bare ASGI application that sends the same commands to the same store.

One worker on one core, the load on the other; service and floor take turns, so that both meet the same machine, and
ratios are of the medians of these turns.
"""

import asyncio
import os
import secrets
import shutil
import statistics
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

_NAME = f"pytest-{secrets.token_hex(5)}"  # only a database with such a name is ever dropped
os.environ |= {"ENVIRONMENT": "test", "MONGO_DB_NAME": _NAME, "RATE_LIMIT_ENABLED": "false", "LOG_LEVEL": "WARNING"}
os.environ.setdefault("DATA_DIR", ".data/bench")

from bson import json_util  # noqa: E402  # the environment comes first
from httpx import ASGITransport, AsyncClient, Response  # noqa: E402

import app as service  # noqa: E402
from bench import _world  # noqa: E402
from bench._load import Outcome, Request, drive  # noqa: E402
from bench._recorder import RECORDER  # noqa: E402
from bench._report import Row, picture, table  # noqa: E402
from bench._scenarios import SCENARIOS, Scenario  # noqa: E402
from bench._servers import Server, serving  # noqa: E402
from config import db  # noqa: E402
from config.embedded import Use  # noqa: E402
from config.main import settings  # noqa: E402

MEMORY_REQUESTS = 100_000


def main(
    events: Annotated[str, typer.Option(help="How many, comma-separated.")] = "1000,10000",
    seconds: Annotated[float, typer.Option(help="Of each turn.")] = 2.0,
    turns: Annotated[int, typer.Option(help="Of service and floor, each.")] = 3,
    only: Annotated[str, typer.Option(help="Scenarios whose name has this in it.")] = "",
    profile: Annotated[bool, typer.Option(help="Save a flame graph of each scenario (needs py-spy).")] = False,
    memory: Annotated[bool, typer.Option(help="Send 100,000 requests and see what stays resident.")] = False,
    output: Annotated[Path, typer.Option(help="Where results.md, results.svg and profiles go.")] = Path(".data/bench"),
) -> None:
    """Print a table and save it with a picture."""
    chosen = [scenario for scenario in SCENARIOS if only in scenario.name]
    output.mkdir(parents=True, exist_ok=True)
    with _store() as uri:
        rows = [
            row
            for count in map(int, events.split(","))
            for row in _measured(count, uri, chosen, seconds, turns, output if profile else None, memory)
        ]
    (output / "results.md").write_text(table(rows) + "\n")
    (output / "results.svg").write_text(picture(rows, "Throughput as a ratio to the floor, one worker"))
    print(table(rows), f"\nSaved in {output}/.")


@contextmanager
def _store() -> Iterator[str]:
    """The configured server, else the embedded one."""
    if settings.mongo_db_uri is not None:
        yield settings.mongo_db_uri.get_secret_value()
        return
    print("The embedded store is measured: set MONGO_DB_URI for another.")
    use = Use(settings.data_dir)
    try:
        yield use.begin()
    finally:
        use.end()


def _measured(
    count: int, uri: str, chosen: list[Scenario], seconds: float, turns: int, profiles: Path | None, memory: bool
) -> Iterator[Row]:
    with TemporaryDirectory() as folder:
        plan = Path(folder, "plan.json")
        world, tags, planned = asyncio.run(_prepare(count, chosen))
        plan.write_text(planned, encoding="utf-8")
        environment = {"MONGO_DB_URI": uri, "FLOOR_PLAN": str(plan)}
        try:
            with serving("app:app", environment) as ours, serving("bench.floor:app", environment, "/livez/x") as floor:
                print(f"{count:,} events; first answer after {ours.started_s:.1f} s, {ours.resident_mb():.0f} MB")
                for scenario in chosen:
                    yield _row(scenario, count, world, tags, (ours, floor), seconds, turns)
                    if profiles:
                        _profile(scenario, ours, _ours(scenario, world, tags), profiles)
                if memory:
                    _memory(ours, world)
        finally:
            asyncio.run(_drop())


async def _prepare(count: int, chosen: list[Scenario]) -> tuple[_world.World, dict[str, str], str]:
    """Fill the store, and see what the service sends for each scenario; gives the entity tags by path and the plan."""
    found: dict[str, object] = {}
    tags: dict[str, str] = {}
    with typer.progressbar(length=count, label=f"Filling {count:,} events") as progress:
        async with (
            service.lifespan(service.app),
            AsyncClient(transport=ASGITransport(service.app), base_url="http://127.0.0.1") as client,
        ):
            world = await _world.make(count, progress.update)
            for scenario in chosen:
                requests = scenario.requests(world)
                if scenario.tagged:
                    tags |= {one.path: (await _send(client, one)).headers["etag"] for one in requests}
                with RECORDER.recording() as commands:
                    answer = await _send(client, requests[0])
                if answer.status_code >= 400:
                    raise typer.BadParameter(f"{scenario.name} is answered with {answer.text}")
                if scenario.floor is not None:
                    if scenario.by_path:
                        commands[-1]["_by_path"] = True
                    name = scenario.floor(world)[0].path.split("/")[1]
                    found[name] = {"commands": list(commands), "status": scenario.floor_status}
    return world, tags, json_util.dumps(found)


async def _send(client: AsyncClient, request: Request) -> Response:
    return await client.request(request.method, request.path, headers=request.headers, content=request.body)


async def _drop() -> None:
    async with db.opened():
        await db.drop_test_database()


def _ours(scenario: Scenario, world: _world.World, tags: dict[str, str]) -> list[Request]:
    requests = scenario.requests(world)
    if not scenario.tagged:
        return requests
    return [Request(one.path, headers={**one.headers, "If-None-Match": tags[one.path]}) for one in requests]


def _row(
    scenario: Scenario,
    count: int,
    world: _world.World,
    tags: dict[str, str],
    servers: tuple[Server, Server],
    seconds: float,
    turns: int,
) -> Row:
    ours, floor = servers
    mine: list[tuple[Outcome, float]] = []
    theirs: list[tuple[Outcome, float]] = []
    for turn in range(turns + 1):
        results = [_turn(ours, _ours(scenario, world, tags), seconds, scenario.connections)]
        if scenario.floor is not None:
            results.append(_turn(floor, scenario.floor(world), seconds, scenario.connections))
        if turn:  # the first one warms up
            mine.append(results[0])
            theirs += results[1:]
    rate, cpu = _medians(mine)
    floor_rate, floor_cpu = _medians(theirs) if theirs else (None, None)
    row = Row(
        scenario.name,
        count,
        rate,
        statistics.median(outcome.p50_ms for outcome, _ in mine),
        statistics.median(outcome.p99_ms for outcome, _ in mine),
        cpu,
        floor_rate,
        floor_cpu,
        rate / floor_rate if floor_rate else None,
        scenario.target,
        sum(outcome.refused + outcome.broken for outcome, _ in mine),
    )
    print(table([row]).splitlines()[-1])
    return row


def _turn(server: Server, requests: list[Request], seconds: float, connections: int) -> tuple[Outcome, float]:
    """A stretch of load, and the processor time per request in microseconds."""
    before = server.cpu_s()
    outcome = drive(server.port, requests, seconds, connections)
    return outcome, (server.cpu_s() - before) / max(outcome.requests, 1) * 1e6


def _medians(turns: list[tuple[Outcome, float]]) -> tuple[float, float]:
    return statistics.median(outcome.per_second for outcome, _ in turns), statistics.median(cpu for _, cpu in turns)


def _profile(scenario: Scenario, server: Server, requests: list[Request], folder: Path) -> None:
    """Save a flame graph of one stretch of load."""
    if shutil.which("py-spy") is None:
        raise typer.BadParameter("--profile needs py-spy: it is in requirements-dev.txt.")
    saved = folder / f"{scenario.name.replace(' ', '-').replace(',', '')}.svg"
    spy = subprocess.Popen(
        ["py-spy", "record", "--pid", str(server.pid), "--duration", "4", "--rate", "400", "--output", str(saved)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    drive(server.port, requests, 5, scenario.connections)
    spy.wait()


def _memory(server: Server, world: _world.World) -> None:
    """Say what stays resident after each of two stretches of many requests."""
    mixed = [Request(f"/v1/events/{event_id}") for event_id in world.event_ids[:500]]
    mixed += [Request(f"/v1/events?limit={limit}") for limit in range(1, 21)]
    for stretch in (1, 2):
        sent = 0
        while sent < MEMORY_REQUESTS:
            sent += drive(server.port, mixed, 10, 8).requests
        print(f"after {stretch * sent:,} requests: {server.resident_mb():.0f} MB resident")


if __name__ == "__main__":
    typer.run(main)
