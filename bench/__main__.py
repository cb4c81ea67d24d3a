"""Measures what a request costs, beside a bare ASGI application that sends the same commands to the same store.

One worker on one core, the load on the other; service and floor take turns, so that both meet the same machine, and
ratios are of the medians of these turns.
"""

import asyncio
import shutil
import statistics
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from bench import _ground, _world
from bench._load import Outcome, Request, drive
from bench._report import Row, picture, table
from bench._scenarios import SCENARIOS, Scenario
from bench._servers import Server, serving

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
    with _ground.store() as uri:
        rows = [
            row
            for count in map(int, events.split(","))
            for row in _measured(count, uri, chosen, seconds, turns, output if profile else None, memory)
        ]
    (output / "results.md").write_text(table(rows) + "\n")
    (output / "results.svg").write_text(picture(rows, "Throughput as a ratio to the floor, one worker"))
    print(table(rows), f"\nSaved in {output}/.")


def _measured(
    count: int, uri: str, chosen: list[Scenario], seconds: float, turns: int, profiles: Path | None, memory: bool
) -> Iterator[Row]:
    with TemporaryDirectory() as folder:
        plan = Path(folder, "plan.json")
        world, tags, planned = asyncio.run(_ground.prepare(count, chosen))
        plan.write_text(planned, encoding="utf-8")
        replaying = {"MONGO_DB_URI": uri, "FLOOR_PLAN": str(plan)}
        try:
            with serving("app:app", {}) as ours, serving("bench.floor:app", replaying, "/livez/x") as floor:
                print(f"{count:,} events; first answer after {ours.started_s:.1f} s, {ours.resident_mb():.0f} MB")
                for scenario in chosen:
                    yield _row(scenario, count, world, tags, (ours, floor), seconds, turns)
                    if profiles:
                        _profile(scenario, ours, _ground.requests_of(scenario, world, tags), profiles)
                if memory:
                    _memory(ours, world)
        finally:
            asyncio.run(_ground.drop())


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
        results = [_ground.turn(ours, _ground.requests_of(scenario, world, tags), seconds, scenario.connections)]
        if scenario.floor is not None:
            results.append(_ground.turn(floor, scenario.floor(world), seconds, scenario.connections))
        if turn:  # the first one warms up
            mine.append(results[0])
            theirs += results[1:]
    rate, cpu = _ground.medians(mine)
    floor_rate, floor_cpu = _ground.medians(theirs) if theirs else (None, None)
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
