"""Reports: what Sentry gets of an error, over its real protocol, and what it does not get."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from httpx import ASGITransport, AsyncClient
from pydantic import SecretStr, ValidationError

from app import app
from config.main import Settings, settings
from config.middleware import Guard, RequestContext
from config.observation import Observer
from routes._problems import render
from tests.conftest import PASSWORD, Bearer
from tests.receivers import Receiver, receiving
from utils import events

WRONG = "dup key: { first_name: 'Adalbertine' } adalbertine@example.org eyJhbGciOi.eyJzdWIi.c2ln"


@pytest.fixture
def sentry() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@asynccontextmanager
async def reporting(sentry: Receiver) -> AsyncIterator[AsyncClient]:
    """A client of the service, which reports its errors; all of them have arrived afterwards."""
    observer = Observer()
    dsn = sentry.url.replace("http://", "http://0123456789abcdef0123456789abcdef@") + "/42"
    async with observer.sending(settings.model_copy(update={"sentry_dsn": SecretStr(dsn)})):
        transport = ASGITransport(RequestContext(Guard(app, render), observer), client=("203.0.113.7", 1))
        async with AsyncClient(transport=transport, base_url="http://test") as client:
            yield client


def reports(sentry: Receiver) -> list[dict[str, Any]]:
    """The events in the envelopes that were sent."""
    items = [body.split(b"\n") for body in sentry.at("/api/42/envelope/")]
    return [json.loads(lines[2]) for lines in items if json.loads(lines[1])["type"] == "event"]


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """The list of events has a bug that tells names."""

    async def search(*_given: object, **_named: object) -> None:
        raise ValueError(WRONG) from KeyError(WRONG)

    monkeypatch.setattr(events, "search", search)


async def test_a_bug_is_reported_with_what_finds_it_in_the_log(
    api: AsyncClient, sentry: Receiver, broken: None, written: Callable[[], str]
) -> None:
    async with reporting(sentry) as client:
        answer = await client.get("/v1/events", headers={"X-Request-ID": "a-name-of-mine"})

    assert answer.status_code == 500
    (report,) = reports(sentry)
    assert report["tags"] == {"request_id": "a-name-of-mine", "method": "GET", "route": "/v1/events"}
    assert (report["release"], report["environment"]) == ("underline-api@1.0.0", "test")
    assert (report["level"], report["logentry"]) == ("error", {"message": "unhandled error"})
    cause, error = report["exception"]["values"]
    assert (cause["type"], error["type"]) == ("KeyError", "ValueError")
    assert error["stacktrace"]["frames"][-1]["function"] == "search"


async def test_a_report_has_nothing_of_a_person(
    api: AsyncClient, sentry: Receiver, bearer: Bearer, broken: None, written: Callable[[], str]
) -> None:
    headers = await bearer("adalbertine")
    token = headers["Authorization"].removeprefix("Bearer ")
    cookie = {"Cookie": "refresh_token=a-secret-of-hers", "User-Agent": "Analytical/1"}

    async with reporting(sentry) as client:
        await client.post("/v1/auth/login", json={"email": "adalbertine@example.org", "password": PASSWORD})
        await client.get("/v1/events", params={"q": "lovelace"}, headers={**headers, **cookie})
        logging.getLogger("underline").error("no letter to %s", "adalbertine@example.org")
        logging.getLogger("asyncio").error("never retrieved: %r", WRONG)

    sent = b"".join(body for _, body in sentry.bodies).lower()
    assert [report["logentry"]["message"] for report in reports(sentry)] == ["unhandled error", "no letter to %s"]
    for telltale in (
        "adalbertine",
        "lovelace",
        PASSWORD,
        token,
        "eyjh",
        "a-secret-of-hers",
        "203.0.113.7",
        "analytical",
    ):
        assert telltale.lower().encode() not in sent, telltale
    assert not {"request", "user", "breadcrumbs", "extra", "server_name"} & set(reports(sentry)[0])


async def test_refusals_are_not_reported(api: AsyncClient, sentry: Receiver) -> None:
    async with reporting(sentry) as client:
        assert (await client.get("/v1/events/none")).status_code == 404
        assert (await client.post("/v1/events", json={})).status_code == 401

    assert not sentry.bodies


async def test_after_the_service_has_ended_nothing_is_reported(
    api: AsyncClient, sentry: Receiver, written: Callable[[], str]
) -> None:
    async with reporting(sentry):
        pass

    logging.getLogger("underline").error("too late")
    await asyncio.sleep(0)

    assert not sentry.bodies


@pytest.mark.parametrize(
    "dsn", ["sentry.example.org", "https://sentry.example.org/1", "https://key@host/", "ftp://k@h/1"]
)
def test_an_address_that_is_none_is_refused(dsn: str) -> None:
    with pytest.raises(ValidationError, match="SENTRY_DSN is https://KEY@HOST/PROJECT"):
        Settings(sentry_dsn=SecretStr(dsn))
