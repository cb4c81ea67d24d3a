"""What each change gained: `python -m bench.revisions main~3 main~1 main --only list`.

Revisions of this repository serve the same database, one worker each on one core, and are driven in turns from the
other core, so that all of them meet the same machine. Printed is processor time of the worker per request, the least of
all turns, since what else the machine does only adds to it, and its ratio to the first revision's.
"""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from bench import _ground
from bench._scenarios import SCENARIOS
from bench._servers import serving

HERE = Path(__file__).parent.parent


def main(
    revisions: Annotated[list[str], typer.Argument(help="Commits, the first one to compare with; . is the folder.")],
    only: Annotated[str, typer.Option(help="Scenarios whose names have one of these in them.")] = "livez,event,list",
    events: Annotated[int, typer.Option(help="How many there are.")] = 1_000,
    seconds: Annotated[float, typer.Option(help="Of each turn.")] = 1.0,
    turns: Annotated[int, typer.Option(help="Of each revision.")] = 6,
) -> None:
    """Print a table: a line for each scenario, a column for each revision."""
    chosen = [scenario for scenario in SCENARIOS if any(part in scenario.name for part in only.split(","))]
    with ExitStack() as stack:
        stack.enter_context(_ground.store())
        environment = {"DATA_DIR": str(Path(os.environ["DATA_DIR"]).absolute())}
        world, tags, _ = asyncio.run(_ground.prepare(events, chosen))
        stack.callback(lambda: asyncio.run(_ground.drop()))
        folders = [stack.enter_context(_checked_out(revision)) for revision in revisions]
        servers = [stack.enter_context(serving("app:app", environment, folder=each)) for each in folders]
        _print("processor time of a worker", revisions)
        _print("---", ["---"] * len(revisions))
        _print("until it answers, s", [f"{server.start_cpu_s:.2f}" for server in servers])
        for scenario in chosen:
            requests = _ground.requests_of(scenario, world, tags)
            rounds = [
                [_ground.turn(server, requests, seconds, scenario.connections)[1] for server in servers]
                for _ in range(turns)
            ]
            costs = [min(costs) for costs in zip(*rounds, strict=True)]
            _print(f"{scenario.name}, µs", [f"{cost:,.0f} ({cost / costs[0]:.2f})" for cost in costs])


def _print(name: str, cells: list[str]) -> None:
    print(f"| {name} | {' | '.join(cells)} |", flush=True)


@contextmanager
def _checked_out(revision: str) -> Iterator[Path]:
    """A folder with the files of a revision, compiled as after a first start."""
    if revision == ".":
        yield HERE
        return
    with TemporaryDirectory() as folder:
        files = subprocess.run(["git", "archive", revision], cwd=HERE, check=True, capture_output=True).stdout
        subprocess.run(["tar", "-x", "-C", folder], input=files, check=True)
        subprocess.run([sys.executable, "-m", "compileall", "-q", folder], check=True)
        yield Path(folder)


if __name__ == "__main__":
    typer.run(main)
