"""Seeing inside: log lines and metrics."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from signal import SIGTERM
from typing import Any

import promql_parser
import pytest
from httpx import ASGITransport, AsyncClient
from prometheus_client import REGISTRY
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr
from starlette.types import Receive, Scope, Send

from app import app
from config import logs, metrics
from config.main import Environment, LogFormat, Settings, settings
from config.middleware import Guard, RequestContext
from config.observation import Observer
from routes._problems import render
from tests.conftest import Bearer, EventWith
from tests.servers import get
from utils import health

Lines = list[dict[str, Any]]
BOARD = json.loads((Path(__file__).parents[1] / "deploy" / "grafana-dashboard.json").read_text(encoding="utf-8"))


def observed(inner: Any) -> RequestContext:
    """An application that logs as a deployment does."""
    observer = Observer()
    observer.begin_log(Settings(environment=Environment.TEST, log_format=LogFormat.JSON, log_level="INFO"))
    return RequestContext(Guard(inner, render), observer)


def lines(text: str) -> Lines:
    """The log, read back."""
    return [json.loads(line) for line in text.splitlines()]


async def test_every_request_leaves_one_line_with_ids_and_no_names(
    api: AsyncClient, bearer: Bearer, event_with: EventWith, written: Callable[[], str]
) -> None:
    event, headers = await event_with(by="ada"), await bearer("ada")
    token = headers["Authorization"].removeprefix("Bearer ")
    transport = ASGITransport(observed(app), client=("203.0.113.7", 1))

    async with AsyncClient(transport=transport, base_url="http://test") as client:
        answer = await client.get(f"/v1/events/{event.get_id()}", headers={**headers, "X-Request-ID": "a-name-of-mine"})
        await client.post("/v1/auth/login", json={"email": "ada@example.org", "password": "wrong"})

    text = written()
    read, refused = lines(text)
    assert {**read, "timestamp": "", "duration_ms": 0} == {
        "event": "request",
        "level": "info",
        "request_id": "a-name-of-mine",
        "method": "GET",
        "route": "/v1/events/{id}",
        "status": 200,
        "bytes": len(answer.content),
        "user_id": event.creator_id,
        "timestamp": "",
        "duration_ms": 0,
    }
    assert (refused["route"], refused["status"], refused["problem"]) == ("/v1/auth/login", 401, "wrong-credentials")
    assert 0 < read["duration_ms"] < 60_000
    for telltale in ("ada@", "Ada", token, "203.0.113.7", 'wrong"'):
        assert telltale not in text


async def test_a_bug_leaves_its_traceback_in_the_log_and_not_in_the_answer(written: Callable[[], str]) -> None:
    async def broken(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise ValueError("dup key: { email_folded: 'ada@example.org' } eyJhbGciOi.eyJzdWIi.c2ln mongodb://u:pw@db/x")

    async with AsyncClient(transport=ASGITransport(observed(broken)), base_url="http://test") as client:
        answer = await client.get("/broken")

    text = written()
    bug, request = lines(text)
    assert (answer.status_code, answer.json()["type"]) == (500, "/problems/internal-error")
    assert "ValueError" not in answer.text
    assert "in broken" in bug["exception"]
    assert bug["request_id"] == request["request_id"] == answer.headers["x-request-id"]
    assert (bug["level"], request["level"], request["route"]) == ("error", "error", "(none)")
    for telltale in ("ada@example.org", "eyJ", "pw@"):
        assert telltale not in text


def test_console_lines_are_for_people(written: Callable[[], str]) -> None:
    write = logs.configure(Settings(environment=Environment.LOCAL, log_level="INFO", log_format=None))

    write({"state": {"request_id": "abc", "method": "GET"}}, 200, 0.0123, 5)

    assert re.search(r"info .*request .*duration_ms=12.3 .*method=GET .*status=200", written())


def sample(text: str, name: str, **labels: str) -> float:
    """One value out of the metrics."""
    return sum(
        found.value
        for family in text_string_to_metric_families(text)
        for found in family.samples
        if found.name == name and labels.items() <= found.labels.items()
    )


async def test_the_metrics_count_requests_by_template_refusals_and_the_store(api: AsyncClient) -> None:
    before = (await api.get("/metrics")).text

    for number in range(3):
        await api.get(f"/v1/events/{number}")
    await api.post("/v1/auth/login", json={"email": "nobody@example.org", "password": "wrong"})
    await api.request("WHATEVER", "/v1/nowhere")
    after = (await api.get("/metrics")).text

    def grown(name: str, **labels: str) -> float:
        return sample(after, name, **labels) - sample(before, name, **labels)

    by_id = {"method": "GET", "route": "/v1/events/{id}"}
    assert grown("underline_http_requests_total", **by_id, status="404") == 3
    assert grown("underline_http_request_duration_seconds_count", **by_id) == 3
    assert grown("underline_login_failures_total") == 1
    assert grown("underline_problems_total", type="event-not-found") == 3
    assert grown("underline_http_requests_total", method="OTHER", route="(none)") == 1
    assert grown("underline_store_command_duration_seconds_count", command="find") >= 3
    assert sample(after, "underline_store_connections") >= 1
    assert sample(after, "underline_http_requests_in_flight") == 1


@pytest.mark.parametrize(
    ("environment", "token", "shown", "status"),
    [
        (Environment.LOCAL, None, "", 200),
        (Environment.STAGING, None, "", 404),
        (Environment.STAGING, "let me see", "", 401),
        (Environment.STAGING, "let me see", "Bearer let me sea", 401),
        (Environment.STAGING, "let me see", "Bearer let me see", 200),
    ],
)
async def test_a_deployment_shows_its_metrics_to_the_holder_of_the_token_alone(
    api: AsyncClient,
    monkeypatch: pytest.MonkeyPatch,
    environment: Environment,
    token: str | None,
    shown: str,
    status: int,
) -> None:
    chosen = {"environment": environment, "metrics_token": SecretStr(token) if token else None}
    monkeypatch.setattr(health, "settings", settings.model_copy(update=chosen))

    answer = await api.get("/metrics", headers={"Authorization": shown} if shown else {})

    assert answer.status_code == status


@pytest.mark.slow
def test_the_metrics_are_those_of_all_workers_also_after_one_has_gone(service: None) -> None:
    environment = {**os.environ, "PORT": "0", "WEB_CONCURRENCY": "2", "CHORES_EVERY_S": "0"}
    command = [str(Path(sys.executable).with_name("gunicorn")), "app:app"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as master:
        try:
            assert master.stdout is not None
            address = next(found[0] for line in master.stdout if (found := re.search(r"http://localhost:\d+", line)))
            for _ in range(40):  # each on a connection of its own, so that both workers get some
                assert get(f"{address}/livez").status_code == 200
            os.kill(min(int(pid) for pid in subprocess.check_output(["pgrep", "-P", str(master.pid)]).split()), SIGTERM)
            for _ in range(10):
                get(f"{address}/livez")
            text = get(f"{address}/metrics").text
        finally:
            master.terminate()

    assert sample(text, "underline_http_requests_total", route="/livez") == 50
    assert sample(text, "underline_http_requests_in_flight") == 1


def test_the_dashboard_asks_only_for_metrics_that_there_are() -> None:
    there = set(re.findall(r"^# TYPE (\w+)", metrics.rendered().decode(), re.MULTILINE))

    queries = [target["expr"] for panel in BOARD["panels"] for target in panel.get("targets", ())]
    asked = {
        re.sub(r"_(bucket|sum|count)$", "", name) for query in queries for name in re.findall(r"underline_\w+", query)
    }
    shown = {name for name in there if name.startswith("underline_") and not name.endswith("_created")}
    assert asked <= there
    assert shown <= asked
    assert len({panel["id"] for panel in BOARD["panels"]}) == len(BOARD["panels"])
    assert all(panel["title"] and panel["gridPos"] for panel in BOARD["panels"])


def labels_of(sample_name: str) -> set[str]:
    """The labels of what /metrics shows under a name."""
    found = REGISTRY._names_to_collectors[sample_name]
    assert isinstance(found, MetricWrapperBase)
    return {*found._labelnames, *(["le"] if sample_name.endswith("_bucket") else [])}


@pytest.mark.parametrize(
    ("query", "legend"),
    [(target["expr"], target["legendFormat"]) for panel in BOARD["panels"] for target in panel.get("targets", ())],
)
def test_the_queries_of_the_dashboard_are_promql_with_labels_that_there_are(query: str, legend: str) -> None:
    selected: set[str] = set()
    wanted: set[str] = set()
    shown: set[str] = set()

    def look(part: promql_parser.Expr) -> None:
        if isinstance(part, promql_parser.VectorSelector):
            selected.add(str(part.name))
            wanted.update(matcher.name for matcher in part.matchers.matchers)
        elif isinstance(part, promql_parser.AggregateExpr) and part.modifier is not None:
            assert part.modifier.type == promql_parser.AggModifierType.By
            wanted.update(part.modifier.labels)
            shown.update(part.modifier.labels)

    promql_parser.walk(promql_parser.parse(query.replace("$__rate_interval", "5m")), pre_visit=look)

    for name in selected:
        assert wanted <= labels_of(name)
    assert selected
    assert set(re.findall(r"{{(\w+)}}", legend)) == shown - {"le"}
