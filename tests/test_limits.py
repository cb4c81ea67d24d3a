"""Rate limits: who is counted, how, and what happens when Redis is away."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
import time_machine
from httpx import ASGITransport, AsyncClient
from redis.asyncio import Redis
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

import app as assembly
from app import app
from config import limits
from config.limits import Bucket, Limiter
from config.main import Environment, Settings
from config.observation import Observer
from routes import _negotiation
from tests.conftest import Bearer
from tests.contract import CASES
from tests.servers import until

LOGIN = "POST /v1/auth/login"
NOBODY = {"email": "nobody@example.org", "password": "wrong"}


@pytest.fixture
def limited(monkeypatch: pytest.MonkeyPatch) -> Limiter:
    """The application with limits, nothing counted yet."""
    limiter = Limiter()
    monkeypatch.setattr(_negotiation, "limiter", limiter)
    return limiter


def shrink(limiter: Limiter, name: str, amount: int) -> None:
    """Let a bucket hold less."""
    limiter.buckets[name] = Bucket(name, amount, limiter.buckets[name].seconds)


def test_the_table_names_routes_and_buckets_that_exist() -> None:
    routes = {f"{case.method} {case.template}" for case in CASES} | {"GET /metrics"}

    assert set(limits.ROUTES) <= routes
    assert {name for name in limits.ROUTES.values() if name} <= {bucket.name for bucket in limits.BUCKETS}


async def test_every_answer_tells_the_limit_and_what_is_left(api: AsyncClient, limited: Limiter) -> None:
    first, second = await api.get("/v1/events"), await api.get("/v1/events")

    assert first.headers["ratelimit-policy"] == '"reads";q=1200;w=60'
    assert first.headers["ratelimit"].startswith('"reads";r=1199;t=')
    assert second.headers["ratelimit"].startswith('"reads";r=1198;t=')
    assert "ratelimit" not in (await api.get("/livez")).headers


async def test_who_is_too_fast_is_told_when_to_come_back(api: AsyncClient, limited: Limiter) -> None:
    shrink(limited, "login", 3)

    answers = [await api.post("/v1/auth/login", json=NOBODY) for _ in range(4)]

    assert [answer.status_code for answer in answers] == [401, 401, 401, 429]
    refused = answers[-1]
    assert refused.json()["type"] == "/problems/too-many-requests"
    assert 1 <= int(refused.headers["retry-after"]) <= 120
    assert refused.headers["ratelimit"].startswith('"login";r=0;t=')
    assert (await api.get("/v1/events")).status_code == 200


async def test_accounts_are_counted_apart_also_behind_one_address(
    api: AsyncClient, bearer: Bearer, limited: Limiter
) -> None:
    ada, bob = await bearer("ada"), await bearer("bob")
    shrink(limited, "reads", 2)

    by_ada = [(await api.get("/v1/users/me", headers=ada)).status_code for _ in range(3)]
    by_bob = (await api.get("/v1/users/me", headers=bob)).status_code
    forged = [(await api.get("/v1/users/me", headers={"Authorization": f"Bearer {n}"})).status_code for n in range(3)]

    assert (by_ada, by_bob, forged) == ([200, 200, 429], 200, [401, 401, 429])


async def test_what_a_client_writes_into_forwarded_headers_does_not_change_whom_it_counts_for(limited: Limiter) -> None:
    shrink(limited, "reads", 2)
    asgi: Any = app
    heroku = ProxyHeadersMiddleware(asgi, trusted_hosts=_hosted(dyno="web.1").trusted_proxies)

    async def ask(made_up: str, true: str, router: str = "10.1.2.3") -> int:
        transport = ASGITransport(heroku, client=(router, 1))  # type: ignore[arg-type]  # as above
        async with AsyncClient(transport=transport, base_url="http://test") as client:
            answer = await client.get("/problems/invalid-input/x/y", headers={"X-Forwarded-For": f"{made_up}, {true}"})
            assert answer.status_code == 404
            answer = await client.get("/v1/users/me", headers={"X-Forwarded-For": f"{made_up}, {true}"})
        return answer.status_code

    spoofed = [await ask(f"1.1.1.{n}", "203.0.113.7") for n in range(3)]
    another = await ask("1.1.1.1", "203.0.113.8")
    direct = [await ask(f"1.1.1.{n}", f"2.2.2.{n}", router="198.51.100.1") for n in range(3)]

    assert (spoofed, another, direct) == ([401, 401, 429], 401, [401, 401, 429])


def _hosted(**given: Any) -> Settings:
    """Settings of a deployment."""
    needed = {
        "mongo_db_uri": "mongodb://db",
        "jwt_secret_key": "x" * 32,
        "cors_origins": "https://example.org",
        "allowed_hosts": "example.org",
        "rate_limit_enabled": True,
    }
    return Settings.model_validate({**needed, **given})


async def test_neighbours_within_one_ipv6_network_count_together(limited: Limiter) -> None:
    shrink(limited, "reads", 1)

    async def ask(address: str) -> int:
        transport = ASGITransport(app, client=(address, 1))
        async with AsyncClient(transport=transport, base_url="http://test") as client:
            return (await client.get("/v1/users/me")).status_code

    assert [await ask("2001:db8::1"), await ask("2001:db8::2"), await ask("2001:db8:0:1::1")] == [401, 429, 401]


async def test_the_window_slides(limited: Limiter) -> None:
    shrink(limited, "login", 10)

    with time_machine.travel(6_000_000, tick=False) as clock:
        first = [await limited.hit(LOGIN, "a") for _ in range(11)]
        clock.shift(90)  # half of the window before still counts
        later = [await limited.hit(LOGIN, "a") for _ in range(6)]
        clock.shift(120)
        rested = await limited.hit(LOGIN, "a")

    assert [verdict.allowed for verdict in first if verdict] == [True] * 10 + [False]
    assert [verdict.allowed for verdict in later if verdict] == [True] * 5 + [False]
    assert rested is not None
    assert (rested.allowed, rested.remaining) == (True, 9)


async def test_memory_stays_bounded_and_fast_with_many_callers(
    limited: Limiter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MAX_CALLERS", 100)

    for caller in range(500):
        await limited.hit(LOGIN, str(caller))

    counted = limited.memory._counts
    assert len(counted) == 100


def test_limits_are_off_on_demand_and_loose_locally() -> None:
    local = limits.of(Settings(environment=Environment.LOCAL, rate_limit_enabled=True))
    hosted = limits.of(_hosted(environment=Environment.STAGING))

    assert limits.of(Settings(rate_limit_enabled=False)) is None
    assert local is not None
    assert hosted is not None
    assert (hosted.buckets["login"].amount, local.buckets["login"].amount) == (60, 6_000)


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    """A Redis server of this test, on a socket of its own."""
    if shutil.which("redis-server") is None:
        pytest.skip("redis-server is not installed")
    socket = tmp_path / "redis.sock"
    command = ["redis-server", "--port", "0", "--unixsocket", str(socket), "--save", "", "--dir", str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    while not socket.exists():
        time.sleep(0.01)
    yield f"redis+unix://{socket}", process
    process.kill()
    process.wait()


async def test_with_redis_all_workers_count_together_and_its_death_stops_nobody(
    redis: tuple[str, "subprocess.Popen[bytes]"],
) -> None:
    url, process = redis
    one, other = Limiter(url), Limiter(url)
    for limiter in (one, other):
        shrink(limiter, "login", 4)

    together = [await limiter.hit(LOGIN, "a") for limiter in (one, other, one, other, one)]
    process.kill()
    process.wait()
    begun = time.monotonic()
    alone = [await one.hit(LOGIN, "a") for _ in range(5)]

    assert [verdict.allowed for verdict in together if verdict] == [True, True, True, True, False]
    assert [verdict.allowed for verdict in alone if verdict] == [True, True, True, True, False]
    assert time.monotonic() - begun < 2
    await one.close()
    await other.close()


async def test_a_service_that_ends_leaves_no_connection_to_redis(
    service: None, redis: tuple[str, "subprocess.Popen[bytes]"], monkeypatch: pytest.MonkeyPatch, written: object
) -> None:
    url, _ = redis
    monkeypatch.setattr(_negotiation, "limiter", Limiter(url))
    monkeypatch.setattr(assembly, "observer", Observer())  # that of the tests goes on
    monkeypatch.setattr(assembly, "opened", lambda **_: nullcontext())  # so does their store
    async with Redis.from_url(url.replace("redis+unix", "unix")) as asking:
        async with (
            assembly.lifespan(app),
            AsyncClient(transport=ASGITransport(app), base_url="http://test") as client,
        ):
            assert "ratelimit" in (await client.get("/v1/events")).headers
            during = len(await asking.client_list())

        async def is_alone() -> bool:  # the server hears of a connection that was closed when it gets round to it
            return len(await asking.client_list()) == 1

        await until(is_alone)

    assert during == 2
