"""What every measurement here stands on: a database of its own, the world in it, and stretches of load.

Import it before anything of the service: it says in the environment which database that is.
"""

import os
import secrets
import statistics
from collections.abc import Iterator
from contextlib import contextmanager

import typer

_NAME = f"pytest-{secrets.token_hex(5)}"  # only a database with such a name is ever dropped
os.environ |= {"ENVIRONMENT": "test", "MONGO_DB_NAME": _NAME, "RATE_LIMIT_ENABLED": "false", "LOG_LEVEL": "WARNING"}
os.environ.setdefault("DATA_DIR", ".data/bench")
os.environ.setdefault("MAIL_URL", f"file:{os.environ['DATA_DIR']}/mail")  # the table is not for letters

from bson import json_util  # noqa: E402  # the environment comes first
from httpx import ASGITransport, AsyncClient, Response  # noqa: E402

import app as service  # noqa: E402
from bench import _world  # noqa: E402
from bench._load import Outcome, Request, drive  # noqa: E402
from bench._recorder import RECORDER  # noqa: E402
from bench._scenarios import Scenario  # noqa: E402
from bench._servers import Server  # noqa: E402
from config import db  # noqa: E402
from config.embedded import Use  # noqa: E402
from config.main import settings  # noqa: E402


@contextmanager
def store() -> Iterator[str]:
    """The configured server, else the embedded one, which the services that are measured find by themselves.

    Told its address, they would take it for a server that stops reading at the limit, and ask it other questions.
    """
    if settings.mongo_db_uri is not None:
        yield settings.mongo_db_uri.get_secret_value()
        return
    print("The embedded store is measured: set MONGO_DB_URI for another.")
    use = Use(settings.data_dir)
    try:
        yield use.begin()
    finally:
        use.end()


async def prepare(count: int, chosen: list[Scenario]) -> tuple[_world.World, dict[str, str], str]:
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


async def drop() -> None:
    """Remove the database."""
    async with db.opened():
        await db.drop_test_database()


def requests_of(scenario: Scenario, world: _world.World, tags: dict[str, str]) -> list[Request]:
    """The requests of a scenario, with the entity tags that it sends along."""
    requests = scenario.requests(world)
    if not scenario.tagged:
        return requests
    return [Request(one.path, headers={**one.headers, "If-None-Match": tags[one.path]}) for one in requests]


def turn(server: Server, requests: list[Request], seconds: float, connections: int) -> tuple[Outcome, float]:
    """A stretch of load, and the processor time per request in microseconds."""
    before = server.cpu_s()
    outcome = drive(server.port, requests, seconds, connections)
    return outcome, (server.cpu_s() - before) / max(outcome.requests, 1) * 1e6


def medians(turns: list[tuple[Outcome, float]]) -> tuple[float, float]:
    """Requests per second and processor time per request, each the median of some turns."""
    return statistics.median(outcome.per_second for outcome, _ in turns), statistics.median(cpu for _, cpu in turns)
