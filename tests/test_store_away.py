"""The store goes away in every way that we know of, and comes back: real processes, real signals."""

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from httpx import ASGITransport, AsyncClient
from pymongo.errors import AutoReconnect, BulkWriteError, DuplicateKeyError, OperationFailure, PyMongoError
from starlette.types import Receive, Scope, Send

from bench._faulty import DATABASE, Answer, Line, Load, Service, Store, served, until
from config.availability import is_away
from config.middleware import Guard, RequestContext
from config.observation import Observer
from routes import _problems
from tests.conftest import PASSWORD, event_form

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("store away")]
MOST_S = 25.0
LIVELY_S = 2.0  # a fraction of it where the machine has time
EVENT_INSERTED = b"\x02insert\x00\x07\x00\x00\x00events\x00"
EVENT_SOUGHT = b"\x02find\x00\x07\x00\x00\x00events\x00"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    started = Store(tmp_path_factory.mktemp("store"))
    started.start()
    yield started
    started.close()


@pytest.fixture(scope="module")
def line(store: Store) -> Iterator[Line]:
    led = Line(store.port)
    yield led
    led.close()


@pytest.fixture(scope="module")
def service(line: Line, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with served(line.port, tmp_path_factory.mktemp("service"), MONGO_TIMEOUT_MS="1500") as running:
        yield running


def slow_down(line: Line) -> Callable[[], None]:
    def act() -> None:
        line.delay_s = 2.5

    return act


def hurry(line: Line) -> Callable[[], None]:
    def act() -> None:
        line.delay_s = 0

    return act


def assert_away(answer: Answer) -> None:
    assert (answer.status, answer.headers["content-type"]) == (503, "application/problem+json")
    assert answer.json()["type"] == "/problems/store-away"
    assert int(answer.headers["retry-after"]) > 0
    assert answer.seconds < MOST_S


@pytest.mark.parametrize("fault", ["killed", "frozen", "slow", "stepped down"])
def test_while_the_store_is_away_all_else_goes_on_and_it_is_back_when_the_store_is(
    fault: str, store: Store, line: Line, service: Service
) -> None:
    faults: dict[str, tuple[Callable[[], None], Callable[[], None]]] = {
        "killed": (lambda: store.signal(signal.SIGKILL), store.start),
        "frozen": (lambda: store.signal(signal.SIGSTOP), lambda: store.signal(signal.SIGCONT)),
        "slow": (slow_down(line), hurry(line)),
        "stepped down": (lambda: store.fail(189, "find", "aggregate", "ping"), lambda: store.fail(189)),
    }
    away, back = faults[fault]
    assert service.ask("GET", "/v1/events").status == 200

    away()
    listed, ready, live = (service.ask("GET", path) for path in ("/v1/events", "/readyz", "/livez"))
    back()
    took = until(service.ready)

    assert_away(listed)
    assert_away(ready)
    assert ready.seconds < 2 * LIVELY_S
    assert (live.status, live.seconds < LIVELY_S) == (200, True)
    assert took < 2 * LIVELY_S
    assert service.ask("GET", "/v1/events").status == 200


def test_a_service_that_starts_while_the_store_is_away_waits_for_it(store: Store, line: Line, tmp_path: Path) -> None:
    store.signal(signal.SIGSTOP)
    back = threading.Timer(3, store.signal, [signal.SIGCONT])
    back.start()

    with served(line.port, tmp_path, MONGO_TIMEOUT_MS="1000") as starting:
        answered = starting.ask("GET", "/v1/events").status

    back.join()
    assert answered == 200


def test_nobody_queues_up_for_a_store_that_is_known_to_be_away(store: Store, service: Service) -> None:
    store.signal(signal.SIGKILL)
    until(lambda: service.ask("GET", "/v1/events").seconds < 1)
    before = service.resident_mib()

    with Load(service, clients=8) as load:
        until(lambda: len(load.answers) >= 200)
    after = service.resident_mib()
    store.start()
    until(service.ready)

    assert set(load.tally()) == {503}
    assert load.longest() < MOST_S / 5
    assert after - before < 30


def test_a_write_whose_answer_was_lost_is_done_once_when_sent_again_under_its_key(
    store: Store, line: Line, service: Service
) -> None:
    form = {"first_name": "Ada", "last_name": "Lovelace", "email": "ada@example.org", "password": PASSWORD}
    assert service.ask("POST", "/v1/users", form).status == 201
    login = service.ask("POST", "/v1/auth/login", {"email": "ada@example.org", "password": PASSWORD})
    headers = {"Authorization": f"Bearer {login.json()['access_token']}", "Idempotency-Key": "one-event"}
    body = event_form()

    line.lose_answer(EVENT_INSERTED, lambda: store.signal(signal.SIGKILL))
    lost = service.ask("POST", "/v1/events", body, headers)
    store.start()
    until(service.ready)
    with store.client() as client:  # what is left of the first try's claim: as if half a minute had gone by
        moment = client[DATABASE].events.find_one({}, {"created_at": 1})
        assert moment is not None
        client[DATABASE].idempotency_keys.update_many({}, {"$set": {"claimed_until": moment["created_at"]}})
    again = service.ask("POST", "/v1/events", body, headers)
    once_more = service.ask("POST", "/v1/events", body, headers)

    assert_away(lost)
    assert (again.status, once_more.status) == (201, 201)
    assert again.json()["id"] == once_more.json()["id"] == moment["_id"]
    with store.client() as client:
        assert client[DATABASE].events.count_documents({}) == 1


def test_a_rolling_restart_loses_no_request_and_a_stop_drops_none(store: Store, line: Line, tmp_path: Path) -> None:
    nowhere = "/v1/events/00000000-0000-4000-8000-000000000000"  # one command of the store for each request
    with served(line.port, tmp_path) as service:
        before, begun = set(service.workers()), line.count(EVENT_SOUGHT)
        with Load(service, clients=4, path=nowhere) as load:
            until(lambda: len(load.answers) > 20)
            service.process.send_signal(signal.SIGHUP)
            until(lambda: before.isdisjoint(service.workers()))
            asked = len(load.answers)
            until(lambda: len(load.answers) > asked + 20)
            restarted = load.tally()

            line.delay_s = 0.1
            service.process.send_signal(signal.SIGTERM)
            refused = service.ask("GET", "/readyz")
            while refused.status == 200:
                refused = service.ask("GET", "/readyz")
            service.process.wait(MOST_S)
            line.delay_s = 0

    assert set(restarted) == {404}
    assert refused.json()["type"] == "/problems/stopping"
    assert refused.headers["connection"] == "close"
    assert load.tally()[503] == 0
    assert load.tally()[404] == begun()  # who came last may find the line cut, but nothing was begun and dropped


@pytest.mark.parametrize("code", [91, 189, 10107, 11600, 11602, 13435, 13436])
def test_a_primary_that_steps_down_or_shuts_down_is_a_store_that_is_away(code: int) -> None:
    assert is_away(OperationFailure("not now", code))
    assert is_away(BulkWriteError({"writeErrors": [], "writeConcernErrors": [{"code": code}]}))


@pytest.mark.parametrize(
    ("error", "away"),
    [(AutoReconnect("gone"), True), (DuplicateKeyError("twice", 11000), False), (OperationFailure("no", 2), False)],
)
def test_what_is_our_own_fault_is_not_put_on_the_store(error: PyMongoError, away: bool) -> None:
    assert is_away(error) is away


async def test_a_request_that_takes_too_long_is_given_up() -> None:
    ended: list[str] = []

    async def endless(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(scope["path"])

    guarded = RequestContext(Guard(endless, _problems.render, timeout_s=0.05), Observer())
    async with AsyncClient(transport=ASGITransport(guarded), base_url="http://test") as client:
        answer = await client.get("/endless")

    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/took-too-long")
    assert answer.headers["retry-after"] == "5"
    assert ended == ["/endless"]
