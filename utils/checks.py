"""What an operator wants to know before users do: settings, store, migrations, indexes."""

from dataclasses import dataclass

from config import db
from config.main import settings
from utils import audit, indexes, migrations
from utils.migrations import State

MIN_SERVER = (6, 0)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at, and how it is."""

    good: bool
    text: str


async def findings() -> list[Finding]:
    """Look at everything; raises one of `db.STORE_AWAY` when the store is away."""
    found = [_settings()]
    found += [await _version(), await _transactions(), await _migrations()]
    found += [
        Finding(not missing, f"indexes of {name}: {'missing ' + ', '.join(missing) if missing else 'all there'}")
        for name, missing in (await indexes.missing()).items()
    ]
    return found


async def audit_log() -> Finding:
    """Follow the whole chain; its head, noted elsewhere, later tells whether its end was cut off."""
    verdict = await audit.verify()
    held = f"{verdict.records} records, the chain holds up to {verdict.head}"
    return Finding(verdict.fault is None, f"audit log: {held}" + (f"; {verdict.fault}" if verdict.fault else ""))


def _settings() -> Finding:
    store = "configured" if settings.mongo_db_uri else "embedded"
    return Finding(True, f"settings: {settings.environment}, database {settings.mongo_db_name}, store {store}")


async def _version() -> Finding:
    version = await db.server_version()
    text = ".".join(map(str, version))
    return Finding(version >= MIN_SERVER, f"store: version {text} (6.0 or later is needed)")


async def _migrations() -> Finding:
    amiss = [f"{each.name} {each.state}" for each in await migrations.statuses() if each.state is not State.APPLIED]
    return Finding(not amiss, f"migrations: {', '.join(amiss) or 'all applied'}")


async def _transactions() -> Finding:
    able = await db.is_replica_set()
    return Finding(able, f"transactions and change streams: {'available' if able else 'missing: not a replica set'}")
