"""The harness: the application in process, on an embedded store and a database of this run and worker."""

import atexit
import gc
import os
import secrets
import shutil
import tempfile
from pathlib import Path

gc.disable()  # until all is imported and collected, which makes no garbage; see pytest_runtestloop
_RUN = secrets.token_hex(5)
os.environ |= {
    "ENVIRONMENT": "test",
    "MONGO_DB_NAME": f"pytest-{_RUN}",
    "ARGON2_TIME_COST": "1",
    "ARGON2_MEMORY_KIB": "64",
    "ARGON2_LANES": "1",
    "RATE_LIMIT_ENABLED": "false",
    "LOG_LEVEL": "INFO",
    "LOG_FORMAT": "json",
    "MAIL_URL": f"file:{tempfile.mkdtemp(prefix='underline-mail-')}",
    "CHORES_EVERY_S": "0",
    "REFUSAL_STEP_MS": "0",
}
_memory = Path("/dev/shm")
# Each worker has a store of its own: one for all would keep them waiting for each other.
os.environ["DATA_DIR"] = tempfile.mkdtemp(prefix="underline-tests-", dir=_memory if _memory.is_dir() else None)
atexit.register(shutil.rmtree, os.environ["DATA_DIR"], ignore_errors=True)
os.environ.pop("DYNO", None)

import logging  # noqa: E402  # the environment comes first
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator  # noqa: E402
from datetime import timedelta  # noqa: E402
from functools import partial  # noqa: E402
from typing import Any, ClassVar  # noqa: E402

import hypothesis  # noqa: E402
import pytest  # noqa: E402
from httpx import ASGITransport, AsyncClient  # noqa: E402

from app import app, observer  # noqa: E402
from config import db, tasks  # noqa: E402
from config.main import settings  # noqa: E402
from models.commons import now  # noqa: E402
from models.events import Approval, Decision, Event, EventCreate  # noqa: E402
from models.users import Role, User, UserCreate  # noqa: E402
from tests import letters, log_watch  # noqa: E402
from tests.log_watch import (  # noqa: E402, F401  # hooks of pytest
    pytest_sessionfinish,
    pytest_terminal_summary,
    pytest_testnodedown,
)
from utils import events, users  # noqa: E402

# The same examples each time, however busy the machine is; a full run asks for others.
hypothesis.settings.register_profile(
    "suite",
    derandomize="UNDERLINE_EXAMPLES" not in os.environ,
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("suite")


@pytest.hookimpl(trylast=True)  # after they were put in random order, and into their groups
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Those that take long come first: at the end all the cores should have something left to do.

    Raises:
        UsageError: pytest-xdist would scatter the tests that share a server or a browser, which it does in silence.
    """
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
    for item in items if config.getoption("loadgroup", False) else ():
        if item.get_closest_marker("xdist_group") and "@" not in item.nodeid:
            raise pytest.UsageError(f"{item.nodeid} is not kept together with its group")


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop() -> None:
    """What there is by now stays until the end: the garbage collector need not look at it."""
    gc.freeze()
    gc.enable()


APPROVE = Decision(decision=Approval.APPROVED)
PASSWORD = "a long enough pass phrase"

Headers = dict[str, str]
MakePerson = Callable[..., Awaitable[User]]
Bearer = Callable[..., Awaitable[Headers]]
EventWith = Callable[..., Awaitable[Event]]


@pytest.fixture(scope="session")
async def service() -> AsyncIterator[None]:
    """The application, started; its database is dropped afterwards."""
    async with app.router.lifespan_context(app):
        with log_watch.kept(partial(observer.begin_log, settings)):
            yield
        await db.drop_test_database()


@pytest.fixture
async def api(service: None) -> AsyncIterator[AsyncClient]:
    """A client of the application; the database and the letter box are emptied afterwards."""
    async with AsyncClient(
        transport=ASGITransport(app), base_url="http://test", event_hooks={"request": [log_watch.note]}
    ) as client:
        yield client
    await tasks.settled()
    await db.clear_test_database()
    letters.throw_away()


class People:
    """The accounts of one test. Whoever signs in did so a moment ago in another; the documents are put back."""

    _signed_in: ClassVar[dict[tuple[str, Role], tuple[db.Document, db.Document, Headers]]] = {}
    _FRESH = timedelta(minutes=5)

    def __init__(self, api: AsyncClient) -> None:
        self._api = api
        self._made: dict[str, User] = {}
        self._headers: dict[str, Headers] = {}

    async def person(self, name: str = "ada", role: Role = Role.USER) -> User:
        if name not in self._made:
            self._made[name] = await users.register(UserCreate.model_validate(account_form(name)), role)
        return self._made[name]

    async def bearer(self, name: str = "ada", role: Role = Role.USER) -> Headers:
        if name not in self._headers:
            if name in self._made:
                self._headers[name] = await self._log_in(name)
            else:
                self._headers[name] = await self._put_back(name, role)
        return self._headers[name]

    async def _log_in(self, name: str) -> Headers:
        answer = await self._api.post("/v1/auth/login", json={"email": self._made[name].email, "password": PASSWORD})
        return {"Authorization": f"Bearer {answer.json()['access_token']}"}

    async def _put_back(self, name: str, role: Role) -> Headers:
        store = db.database()
        kept = self._signed_in.get((name, role))
        if kept and timedelta() <= now() - kept[1]["created_at"] < self._FRESH:  # tests move the clock
            user, session, headers = kept
            # A request that an earlier test broke off may have made the account since the database was cleared.
            await store["users"].delete_many({"email_folded": user["email_folded"], "_id": {"$ne": user["_id"]}})
            for collection, document in (("users", user), ("sessions", session)):
                await store[collection].replace_one({"_id": document["_id"]}, document, upsert=True)
            self._made[name] = User.from_document(user)
        else:
            user_id = (await self.person(name, role)).get_id()
            headers = await self._log_in(name)
            [user] = await store["users"].find({"_id": user_id}).to_list()
            [session] = await store["sessions"].find({"user_id": user_id}).to_list()
            self._signed_in[name, role] = user, session, headers
        return headers


@pytest.fixture
def people(api: AsyncClient) -> People:
    """Everybody who takes part in the test."""
    return People(api)


@pytest.fixture
def person(people: People) -> MakePerson:
    """Makes an account: `await person("ada", role=Role.ADMIN)`, or gives the one made before."""
    return people.person


@pytest.fixture
def bearer(people: People) -> Bearer:
    """Signs somebody in: `headers=await bearer("ada")`."""
    return people.bearer


def account_form(name: str) -> dict[str, Any]:
    """The body of a registration."""
    return {
        "first_name": name.title(),
        "last_name": "Lovelace",
        "email": f"{name}@example.org",
        "password": PASSWORD,
    }


@pytest.fixture
def written(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[[], str]]:
    """Reads what the service has written since the last time; logging is put back afterwards."""
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    yield lambda: capsys.readouterr().out
    root.handlers, root.level = handlers, level


def event_form(**given: Any) -> dict[str, Any]:
    """The body of a good event a day from now, with some fields given."""
    start = now() + timedelta(days=1)
    return {
        "title": "Sunset yoga",
        "description": "An hour on the lawn.",
        "starts_at": start.isoformat(),
        "ends_at": (start + timedelta(hours=1)).isoformat(),
        "tags": ["sport_event"],
        "location": {"title": "Bayfront Park", "latitude": 25.7753, "longitude": -80.1861},
        "max_capacity": 40,
        **given,
    }


@pytest.fixture
def event_with(person: MakePerson) -> EventWith:
    """Makes an event, approved unless it is told otherwise: `await event_with(by="ada", max_capacity=1)`."""

    async def make(by: str = "creator", *, approved: bool = True, **given: Any) -> Event:
        form = EventCreate.model_validate(event_form(**given))
        creator = await person(by)
        event = await events.create(form, creator)
        if approved and form.public:
            event = await events.decide(event.get_id(), APPROVE)
        return event

    return make
