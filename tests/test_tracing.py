"""Traces: what a collector gets of requests, over real OTLP, and what it does not get."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from httpx import ASGITransport, AsyncClient
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest  # pylint: disable=no-name-in-module  # made at import
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status  # pylint: disable=no-name-in-module  # as above
from starlette.types import ASGIApp, Receive, Scope, Send

from app import app
from config import db, tracing
from config.main import Environment, LogFormat, Settings, settings
from config.middleware import Guard, RequestContext
from config.observation import Observer
from routes._problems import render
from tests.conftest import PASSWORD, Bearer, EventWith
from tests.receivers import Receiver, receiving
from tests.servers import get, gunicorn

JSON_LOG = Settings(environment=Environment.TEST, log_format=LogFormat.JSON, log_level="INFO")
TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = "b7ad6b7169203331"
LOADED = """
import asyncio, sys
import app

async def told():
    async with app.observer.sending(app.settings):
        print([name for name in ("opentelemetry.sdk", "opentelemetry.exporter", "sentry_sdk") if name in sys.modules])

asyncio.run(told())
"""
TRACEPARENT = {"traceparent": f"00-{TRACE}-{PARENT}-01", "tracestate": "vendor=lovelace"}


@pytest.fixture
def collector() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@asynccontextmanager
async def traced(url: str, inner: ASGIApp = app) -> AsyncIterator[AsyncClient]:
    """A client of an application that sends traces, as it asks its store; all of them have arrived afterwards."""
    observer = Observer()
    observer.begin_log(JSON_LOG)
    chosen = settings.model_copy(update={"otel_exporter_otlp_endpoint": url})
    async with observer.sending(chosen), store_heard_by(observer):
        transport = ASGITransport(RequestContext(Guard(inner, render), observer), client=("203.0.113.7", 1))
        async with AsyncClient(transport=transport, base_url="http://test") as client:
            yield client


@asynccontextmanager
async def store_heard_by(observer: Observer) -> AsyncIterator[None]:
    """The store of the tests, through a client of its own that tells what it does."""
    kept, db._store = db._store, db._Store()
    try:
        async with db.opened(name=kept.name, listeners=observer.store_listeners):
            yield
    finally:
        db._store = kept


def spans(collector: Receiver) -> list[Span]:
    """What the collector was sent."""
    sent = [ExportTraceServiceRequest.FromString(body) for body in collector.at("/v1/traces")]
    return [span for one in sent for part in one.resource_spans for scope in part.scope_spans for span in scope.spans]


def said(attributes: Any) -> dict[str, Any]:
    """Attributes as a dictionary."""
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in attributes}


def resource_of(body: bytes) -> dict[str, Any]:
    """What sent something."""
    return said(ExportTraceServiceRequest.FromString(body).resource_spans[0].resource.attributes)


async def test_a_request_is_a_span_with_those_of_its_store_commands_below_it(
    api: AsyncClient, event_with: EventWith, collector: Receiver, written: Callable[[], str]
) -> None:
    event = await event_with(by="ada")

    async with traced(collector.url) as client:
        answer = await client.get(f"/v1/events/{event.get_id()}", headers={"X-Request-ID": "a-name-of-mine"})

    answer.raise_for_status()
    *commands, request = sorted(spans(collector), key=lambda span: span.end_time_unix_nano)
    assert (request.name, request.kind, request.parent_span_id) == ("GET /v1/events/{id}", Span.SPAN_KIND_SERVER, b"")
    assert said(request.attributes) == {
        "http.request.method": "GET",
        "http.route": "/v1/events/{id}",
        "http.response.status_code": 200,
        "url.scheme": "http",
        "request_id": "a-name-of-mine",
    }
    found = next(span for span in commands if span.name == "find events")
    assert said(found.attributes) == {
        "db.system.name": "mongodb",
        "db.operation.name": "find",
        "db.namespace": settings.mongo_db_name,
        "db.collection.name": "events",
    }
    for command in commands:
        assert (command.trace_id, command.parent_span_id) == (request.trace_id, request.span_id)
        assert command.kind == Span.SPAN_KIND_CLIENT
        assert request.start_time_unix_nano <= command.start_time_unix_nano
        assert command.start_time_unix_nano < command.end_time_unix_nano <= request.end_time_unix_nano


async def test_the_resource_names_service_version_and_place(
    api: AsyncClient, collector: Receiver, written: Callable[[], str]
) -> None:
    async with traced(collector.url) as client:
        await client.get("/livez")

    names = resource_of(collector.bodies[0][1])
    assert (names["service.name"], names["deployment.environment.name"]) == ("underline-api", "test")
    assert names["service.version"] == "1.0.0"
    assert not {name for name in names if name.startswith(("host.", "process."))}


async def test_a_trace_that_a_client_began_goes_on_and_is_named_in_the_log(
    api: AsyncClient, collector: Receiver, written: Callable[[], str]
) -> None:
    async with traced(collector.url) as client:
        await client.get("/livez", headers=TRACEPARENT)
        await client.get("/livez", headers={b"traceparent": b"00-\xff\xfe-nonsense"})

    joined, other = spans(collector)
    assert (joined.trace_id.hex(), joined.parent_span_id.hex(), joined.trace_state) == (TRACE, PARENT, "")
    assert (len(other.trace_id), other.parent_span_id) == (16, b"")
    lines = [json.loads(line) for line in written().splitlines()]
    named = [line["trace_id"] for line in lines if line["event"] == "request"]
    assert named == [joined.trace_id.hex(), other.trace_id.hex()]


async def test_nothing_of_a_person_leaves(
    api: AsyncClient, bearer: Bearer, event_with: EventWith, collector: Receiver, written: Callable[[], str]
) -> None:
    event, headers = await event_with(by="adalbertine", title="Lovelace at home"), await bearer("adalbertine")
    token = headers["Authorization"].removeprefix("Bearer ")

    async with traced(collector.url) as client:
        await client.post("/v1/auth/login", json={"email": "adalbertine@example.org", "password": PASSWORD})
        await client.post("/v1/auth/login", json={"email": "adalbertine@example.org", "password": "a wrong one"})
        await client.get("/v1/users/me", headers={**headers, **TRACEPARENT, "User-Agent": "Analytical/1"})
        await client.get("/v1/events", params={"q": "lovelace adalbertine@example.org"})
        await client.get("/underlined/adalbertine@example.org", params={"token": token})
        await client.get(f"/v1/events/{event.get_id()}")
        await client.put(f"/v1/events/{event.get_id()}/attendance", headers=headers)

    sent = b"".join(body for _, body in collector.bodies).lower()
    names = {span.name for span in spans(collector)}
    assert {"POST /v1/auth/login", "GET /v1/users/me", "GET /v1/events", "GET", "find users"} <= names
    for telltale in ("adalbertine", "lovelace", PASSWORD, "a wrong one", token, "203.0.113.7", "analytical"):
        assert telltale.lower().encode() not in sent, telltale
    assert event.get_id().encode() not in sent
    assert str(event.creator_id).encode() not in sent


async def test_what_fails_is_marked_and_its_words_stay_here(
    api: AsyncClient, collector: Receiver, written: Callable[[], str]
) -> None:
    async def broken(_scope: Scope, _receive: Receive, _send: Send) -> None:
        await db.database().command({"find": "users", "filter": {"$nonsense": "ada@example.org"}})

    async with traced(collector.url, broken) as client:
        assert (await client.get("/anything")).status_code == 500

    command, request = sorted(spans(collector), key=lambda span: span.kind, reverse=True)
    assert (command.name, command.status.code) == ("find users", Status.STATUS_CODE_ERROR)
    assert said(command.attributes)["error.type"] == "BadValue"
    assert (request.name, request.status.code) == ("GET", Status.STATUS_CODE_ERROR)
    assert said(request.attributes)["error.type"] == "internal-error"
    assert b"ada@" not in collector.bodies[0][1]


async def test_a_collector_that_is_away_holds_nobody_up(
    api: AsyncClient, monkeypatch: pytest.MonkeyPatch, written: Callable[[], str]
) -> None:
    monkeypatch.setattr(tracing, "FLUSH_S", 0.3)
    begun = time.monotonic()

    async with traced("http://127.0.0.1:9") as client:
        answer = await client.get("/livez")

    assert answer.status_code == 200
    assert time.monotonic() - begun < 5
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("Otel")]


@pytest.mark.slow
def test_each_worker_sends_its_own(service: None, collector: Receiver) -> None:
    with gunicorn(2, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url, OTEL_SERVICE_NAME="renamed") as base:
        for _ in range(40):  # each on a connection of its own, so that both workers get some
            get(f"{base}/readyz").raise_for_status()

    names = [span.name for span in spans(collector)]
    senders = [resource_of(body) for body in collector.at("/v1/traces")]
    assert names.count("GET /readyz") >= 40
    assert len({sender["service.instance.id"] for sender in senders}) == 2
    assert {sender["service.name"] for sender in senders} == {"renamed"}


def test_neither_package_is_loaded_where_nobody_wants_it() -> None:
    done = subprocess.run(  # a process of its own: this one has loaded them
        [sys.executable, "-c", LOADED], cwd=Path(__file__).parents[1], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[]"


def test_the_whole_address_for_traces_wins() -> None:
    one = Settings(otel_exporter_otlp_endpoint="http://a:4318/")
    both = Settings(otel_exporter_otlp_endpoint="http://a", otel_exporter_otlp_traces_endpoint="http://b/x")

    assert (one.traces_endpoint, both.traces_endpoint) == ("http://a:4318/v1/traces", "http://b/x")
