"""Whether the service can do its work."""

import asyncio
import hmac
from contextlib import suppress

from config import db, metrics, stopping
from config.main import settings
from models.exceptions import MigrationsPending, RouteNotFound, Stopping, Unauthenticated
from models.health import Health
from utils import mail, migrations

MOST_LETTERS = 10_000  # more than this is not counted: it would cost as much as there are


async def ready() -> Health:
    """Ask the store for a sign of life; what it raises when it is away becomes 503.

    Raises:
        Stopping: this process was asked to end.
        MigrationsPending: on a deployment, where a release command applies them.
    """
    if stopping.state.asked:
        raise Stopping
    await db.ping()
    if settings.hosted and (waiting := await migrations.pending()):
        raise MigrationsPending(waiting)
    return Health(status="ready")


async def measured(token: str) -> bytes:
    """The metrics of all workers, in Prometheus' text format.

    Args:
        token: what the caller shows to be let in.

    Raises:
        RouteNotFound: a deployment without a token for this.
        Unauthenticated: the token is another one.
    """
    expected = settings.metrics_token
    if expected is None and settings.hosted:
        raise RouteNotFound
    if expected is not None and not hmac.compare_digest(token.encode(), expected.get_secret_value().encode()):
        raise Unauthenticated("Send METRICS_TOKEN as a Bearer token.")
    with suppress(*db.STORE_AWAY):  # the other metrics tell that it is
        metrics.letters_waiting.set(await mail.count_waiting(MOST_LETTERS))
    return await asyncio.to_thread(metrics.rendered)
