"""deploy/nginx.conf, run by a real nginx in front of two servers."""

import json
import shutil
import threading
from collections.abc import Iterator
from http.client import HTTPConnection

import httpx
import pytest

from bench import nginx
from tests.conftest import PASSWORD
from tests.pictures import picture

pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("api"),  # which empties the database afterwards
    pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed"),
    pytest.mark.xdist_group("nginx"),
]


@pytest.fixture(scope="module")
def site(service: None) -> Iterator[nginx.Site]:
    """Two servers on this run's database, and nginx."""
    with nginx.site(RATE_LIMIT_ENABLED="true") as running:
        yield running


def client(site: nginx.Site, address: str = "127.0.0.1") -> httpx.Client:
    """Somebody who comes from an address."""
    transport = httpx.HTTPTransport(local_address=address)
    return httpx.Client(base_url=f"http://127.0.0.1:{site.port}", transport=transport, timeout=60)


def left(answer: httpx.Response) -> int:
    """How many requests the caller has left."""
    return int(answer.headers["ratelimit"].partition("r=")[2].partition(";")[0])


def sign_in(caller: httpx.Client, name: str) -> dict[str, str]:
    person = {"email": f"{name}@example.org", "password": PASSWORD}
    caller.post("/v1/users", json=person | {"first_name": "Ada", "last_name": "Lovelace"}).raise_for_status()
    token = caller.post("/v1/auth/login", json=person).raise_for_status().json()["access_token"]
    return {"Authorization": f"Bearer {token}"}


def test_large_pictures_pass_both_ways_whole(site: nginx.Site) -> None:
    with client(site) as ada:
        headers = sign_in(ada, "uploads")
        sent = picture("PNG", (1600, 1600), compress_level=0)

        made = ada.post("/v1/images", files={"file": sent}, headers=headers)
        got = ada.get(made.json()["url"])

    assert len(sent) > 7_000_000
    assert (made.status_code, got.status_code) == (201, 200)
    assert len(got.content) == made.json()["bytes"]


def test_what_is_too_large_is_refused_by_the_service_before_it_has_arrived(site: nginx.Site) -> None:
    with client(site) as ada:
        headers = sign_in(ada, "too-large") | {"Content-Type": "multipart/form-data; boundary=x"}
    connection = HTTPConnection("127.0.0.1", site.port, timeout=20)
    connection.putrequest("POST", "/v1/images")
    for name, value in (headers | {"Content-Length": "15000000"}).items():
        connection.putheader(name, value)
    connection.endheaders()  # and not one byte of the body

    answer = connection.getresponse()

    assert (answer.status, json.load(answer)["type"]) == (413, "/problems/too-large")
    connection.close()


def test_the_service_sees_the_clients_address_and_not_what_the_client_claims(site: nginx.Site) -> None:
    with client(site, "127.0.0.8") as one, client(site, "127.0.0.9") as another:
        before = [left(one.get("/v1/events")) for _ in range(10)]
        claimed = [left(one.get("/v1/events", headers={"X-Forwarded-For": f"203.0.113.{n}"})) for n in range(4)]
        fresh = left(another.get("/v1/events"))

    assert max(claimed) < max(before)
    assert fresh == max(before)


def test_names_of_requests_pass_both_ways(site: nginx.Site) -> None:
    with client(site) as caller:
        answer = caller.get("/livez", headers={"X-Request-ID": "a-name-of-mine.1"})

    assert answer.headers["x-request-id"] == "a-name-of-mine.1"
    assert "nginx/" not in answer.headers.get("server", "")


def test_no_read_fails_when_a_server_is_killed_under_load(site: nginx.Site) -> None:
    reads = nginx.during(site.port, "/v1/events", 4, threading.Timer(2, site.kill, [0]))

    assert site.servers[0].poll() is not None
    assert len(reads.took_s) > 20
    assert reads.failed == []
