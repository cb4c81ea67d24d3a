"""The one MongoDB client of a process, and what every owner of a collection shares."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from bson.codec_options import CodecOptions
from gridfs import AsyncGridFSBucket
from pymongo import AsyncMongoClient, DeleteMany, IndexModel, ReplaceOne, timeout
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import PyMongoError as StoreError
from pymongo.monitoring import CommandListener

from config import embedded, metrics
from config.availability import STORE_AWAY, Watch, is_away
from config.main import Environment, Settings, settings

__all__ = ["STORE_AWAY", "StoreError", "is_away"]  # beside what is defined here

Document = dict[str, Any]
Collection = AsyncCollection[Document]
Transaction = AsyncClientSession
Result = TypeVar("Result")

_TELLING = ("unique", "sparse", "expireAfterSeconds", "partialFilterExpression")
LONG_WORK_S = 3_600  # for what takes as long as there are documents, and never on a request path
TEST_DATABASE_PREFIX = "pytest-"
CONNECT_MS = 3_000  # a server that froze is known to be away after that
_SECANTUS = "secantus"
EMBEDDED_CONNECT_MS = 20_000  # the embedded store may be busy for as long with one command
HEARTBEAT_MS = 500  # how often one that is away is looked for: service resumes as soon as it is found
PING_S = 1.5


class _Store:
    """Holds the client while the service or a command runs; the client belongs to that event loop."""

    client: AsyncMongoClient[Document] | None = None
    name: str = ""
    watch = Watch()


_store = _Store()


@asynccontextmanager
async def opened(
    chosen: Settings = settings, name: str | None = None, listeners: Sequence[CommandListener] = ()
) -> AsyncIterator[None]:
    """Hold the one client open, with the embedded store behind it when none is configured.

    Args:
        chosen: the settings that name the server.
        name: a database other than the configured one.
        listeners: who hears of its commands beside the metrics.

    Raises:
        RuntimeError: the store is open already in this process.
    """
    if _store.client is not None:
        raise RuntimeError("The store is open already; there is one client per process.")
    async with _server(chosen) as uri:
        _store.watch = Watch()
        _store.client = AsyncMongoClient(
            uri,
            tz_aware=True,
            timeoutMS=chosen.mongo_timeout_ms,
            appname="underline",
            maxPoolSize=50,
            connectTimeoutMS=CONNECT_MS if chosen.mongo_db_uri else EMBEDDED_CONNECT_MS,
            heartbeatFrequencyMS=HEARTBEAT_MS,
            event_listeners=[metrics.Commands(), metrics.Connections(), _store.watch, *listeners],
        )
        _store.name = name or chosen.mongo_db_name
        try:
            yield
        finally:
            client, _store.client = _store.client, None
            await client.close()


@asynccontextmanager
async def _server(chosen: Settings) -> AsyncIterator[str]:
    """The URI of the configured server, else of the embedded one, kept running meanwhile."""
    if chosen.mongo_db_uri is not None:
        yield chosen.mongo_db_uri.get_secret_value()
    elif chosen.hosted:
        raise RuntimeError("MONGO_DB_URI is missing: the embedded store is for local runs and tests.")
    else:
        async with embedded.running(chosen.data_dir) as uri:
            yield uri


def client() -> AsyncMongoClient[Document]:
    """The open client.

    Raises:
        RuntimeError: the store is not open; see `opened`.
        ServerSelectionTimeoutError: it has been away for a while; nobody should queue up for it.
    """
    if _store.client is None:
        raise RuntimeError("The store is not open.")
    if _store.watch.lost_at is not None:
        _store.watch.check(_store.client)
    return _store.client


def reads_whole_ranges() -> bool:
    """Whether the server reads and sorts all matches of a range before a limit counts, as SecantusDB does.

    The embedded store is one, and so is the same project's compiled server; both give their replica set this name.
    Before a server was heard of it may be one: MongoDB minds being asked in such a way less.
    """
    servers = client().topology_description.server_descriptions().values()
    names = {server.replica_set_name for server in servers if server.is_server_type_known}
    return not names or _SECANTUS in names


def database() -> AsyncDatabase[Document]:
    """The database of this service."""
    return client().get_database(_store.name)


def collection(name: str) -> Collection:
    """A collection, for its owner alone."""
    return database().get_collection(name)


def bucket(name: str) -> AsyncGridFSBucket:
    """A GridFS bucket, for its owner alone."""
    return AsyncGridFSBucket(database(), bucket_name=name)


def codec_options() -> CodecOptions[Document]:
    """How documents are decoded: times are aware."""
    return database().codec_options


async def ping() -> None:
    """Ask the server for a sign of life, for `PING_S`; raises one of `STORE_AWAY` when it is away."""
    with timeout(PING_S):
        await client().admin.command("ping")


async def in_transaction(work: Callable[[Transaction], Awaitable[Result]]) -> Result:
    """Run `work` in a transaction; it runs again from its start when a rival's write got in between.

    Args:
        work: gets the session that each of its operations must carry, and changes nothing but documents.
    """
    async with client().start_session() as session:
        return await session.with_transaction(work)


async def ensure_indexes(declared: Mapping[str, Sequence[IndexModel]]) -> None:
    """Create what is missing of the indexes that the owners declare, by collection name.

    One that is there under its name, but made otherwise, is dropped and built anew.
    """
    with timeout(LONG_WORK_S):
        await _ensure_indexes(declared)


async def _ensure_indexes(declared: Mapping[str, Sequence[IndexModel]]) -> None:
    for name, indexes in declared.items():
        if indexes:
            held = {index["name"]: index async for index in await collection(name).list_indexes()}
            changed = [wanted for wanted in indexes if _differs(wanted.document, held.get(wanted.document["name"]))]
            for wanted in changed:
                await collection(name).drop_index(wanted.document["name"])
            # The embedded store refuses to hear of a 2dsphere index that is there: only the others are created.
            created = [wanted for wanted in indexes if wanted in changed or wanted.document["name"] not in held]
            if created:
                await collection(name).create_indexes(created)


def _differs(wanted: Mapping[str, Any], held: Mapping[str, Any] | None) -> bool:
    if held is None:
        return False
    same_keys = list(wanted["key"].items()) == list(held["key"].items())
    return not same_keys or any((wanted.get(what) or None) != (held.get(what) or None) for what in _TELLING)


async def index_names(name: str) -> set[str]:
    """The indexes that a collection has."""
    return {index["name"] async for index in await collection(name).list_indexes()}


async def estimated_count(name: str) -> int:
    """How many documents a collection has, as the store knows without counting; a crash may leave it a little off."""
    return await collection(name).estimated_document_count()


async def stored_names() -> list[str]:
    """The collections of the database, in order."""
    names = await database().list_collection_names()
    return sorted(name for name in names if not name.startswith("system."))


async def holds(name: str) -> bool:
    """Whether a collection has any document."""
    return await collection(name).find_one({}, {"_id": 1}) is not None


async def stored(name: str, after: Any = None) -> AsyncIterator[Document]:
    """All documents of a collection as they are, in the order of their identifiers; for archives alone.

    Args:
        name: the collection.
        after: the identifier to go on after.
    """
    rest = {} if after is None else {"_id": {"$gt": after}}
    async for document in collection(name).find(rest).sort("_id", 1):
        yield document


async def replace_stored(name: str, documents: Sequence[Document]) -> None:
    """Store documents as they are, in place of those with their identifiers; for archives alone."""
    replacing = [ReplaceOne({"_id": document["_id"]}, document, upsert=True) for document in documents]
    await collection(name).bulk_write(replacing, ordered=False)


async def server_version() -> tuple[int, ...]:
    """The version of MongoDB that the server is, or says that it is compatible with."""
    return tuple((await client().server_info())["versionArray"][:3])


async def is_replica_set() -> bool:
    """Whether the server has transactions and change streams."""
    hello = await client().admin.command("hello")
    return "setName" in hello or hello.get("msg") == "isdbgrid"


async def drop_test_database() -> None:
    """Drop the open database, if it is one made for a test run.

    Raises:
        PermissionError: its name does not say that it is.
    """
    with timeout(LONG_WORK_S):
        await client().drop_database(_test_database_name())


async def clear_test_database() -> None:
    """Remove every document of the open database and keep its indexes, if it is one made for a test run.

    In one command for all collections, which MongoDB knows since 8.0.

    Raises:
        PermissionError: its name does not say that it is.
    """
    store = client().get_database(_test_database_name())
    emptying = [DeleteMany({}, namespace=f"{store.name}.{name}") for name in await store.list_collection_names()]
    while emptying:
        done = await client().bulk_write(emptying, ordered=False, verbose_results=True)
        held = [place for place, result in done.delete_results.items() if result.deleted_count]
        emptying = [emptying[place] for place in held]  # again, for what was still on its way


def _test_database_name() -> str:
    if settings.environment is not Environment.TEST or not _store.name.startswith(TEST_DATABASE_PREFIX):
        raise PermissionError(f"{_store.name!r} is not a test database: it is neither dropped nor cleared.")
    return _store.name
