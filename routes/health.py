"""Whether the service lives and is ready."""

from fastapi import Request, Response

from docs import health as docs
from models.exceptions import MigrationsPending, RouteNotFound, Stopping, Unauthenticated
from models.health import Health
from routes._operations import Operations, Policy
from utils import health

api = Operations("health")


@api.get("/livez", answer=Health, policy=Policy.ANYONE, docs=docs.LIVE)
async def live() -> Health:
    return Health(status="alive")


@api.get("/readyz", answer=Health, policy=Policy.ANYONE, docs=docs.READY, refuses=[MigrationsPending, Stopping])
async def ready() -> Health:
    return await health.ready()


@api.get("/metrics", policy=Policy.ANYONE, status=200, refuses=[RouteNotFound, Unauthenticated], docs=docs.MEASURE)
async def measure(request: Request) -> Response:
    token = request.headers.get("authorization", "").removeprefix("Bearer ")
    return Response(await health.measured(token), media_type="text/plain; version=0.0.4")
