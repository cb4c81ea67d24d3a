"""Whether the service lives and is ready."""

from docs import health as docs
from models.health import Health
from routes._operations import Operations, Policy
from utils import health

api = Operations("health")


@api.get("/livez", answer=Health, policy=Policy.ANYONE, docs=docs.LIVE)
async def live() -> Health:
    return Health(status="alive")


@api.get("/readyz", answer=Health, policy=Policy.ANYONE, docs=docs.READY)
async def ready() -> Health:
    return await health.ready()
