"""Two servers behind nginx, one of them killed under load: `python -m bench.nginx` (needs nginx).

It runs deploy/nginx.conf, in which only addresses and folders are replaced. Prints how many reads there were, how many
failed, and how long they took.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from bench._servers import free_port

CONFIGURATION = Path(__file__).parents[1] / "deploy" / "nginx.conf"
READERS = 8


@dataclass
class Site:
    """Two servers and the nginx in front of them."""

    port: int
    servers: list[subprocess.Popen[bytes]]
    ports: list[int]

    def kill(self, which: int) -> None:
        """Kill a server and its workers at once, as a machine that dies does."""
        os.killpg(self.servers[which].pid, signal.SIGKILL)
        self.servers[which].wait()


@dataclass
class Reads:
    """What readers saw."""

    took_s: list[float] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def quantile_ms(self, part: float) -> float:
        """How long that part of the reads took at most."""
        return sorted(self.took_s)[min(int(len(self.took_s) * part), len(self.took_s) - 1)] * 1000


def rendered(folder: str, port: int, upstreams: list[int]) -> str:
    """The configuration with addresses of this machine, and its files in a folder."""
    text = CONFIGURATION.read_text().replace("/tmp/", f"{folder}/").replace("listen 8080", f"listen 127.0.0.1:{port}")
    found = iter(upstreams)
    return re.sub(r"server api-\d:8000", lambda _: f"server 127.0.0.1:{next(found)}", text)


@contextmanager
def site(**environment: str) -> Iterator[Site]:
    """Run both servers and nginx until all of them answer."""
    ports, front = [free_port(), free_port()], free_port()
    with tempfile.TemporaryDirectory() as folder:
        configuration = Path(folder, "nginx.conf")
        configuration.write_text(rendered(folder, front, ports), encoding="utf-8")
        servers = [_server(port, environment) for port in ports]
        nginx = subprocess.Popen([str(shutil.which("nginx")), "-p", folder, "-c", configuration, "-g", "daemon off;"])
        try:
            for port in (*ports, front):
                _until_ready(port)
            yield Site(front, servers, ports)
        finally:
            for process in (nginx, *servers):
                process.terminate()
            for process in (nginx, *servers):
                process.wait(60)


def _server(port: int, environment: dict[str, str]) -> "subprocess.Popen[bytes]":
    given = os.environ | environment | {"PORT": str(port), "WEB_CONCURRENCY": "1", "FORWARDED_ALLOW_IPS": "127.0.0.1"}
    command = [sys.executable, "-m", "gunicorn", "app:app"]
    return subprocess.Popen(command, env=given, stdout=subprocess.DEVNULL, start_new_session=True)


def _until_ready(port: int) -> None:
    end = time.monotonic() + 90
    while read(port, "/readyz") != 200:
        if time.monotonic() > end:
            raise TimeoutError(f"Nothing answers on port {port}.")
        time.sleep(0.1)


def read(port: int, path: str) -> int:
    """The status of a GET on a connection of its own; 0 without a whole answer."""
    connection = HTTPConnection("127.0.0.1", port, timeout=15)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
    except (OSError, HTTPException):
        return 0
    else:
        return answer.status
    finally:
        connection.close()


def during(port: int, path: str, seconds: float, act: "threading.Timer | None" = None) -> Reads:
    """Read from several connections for a while, and do something in the midst of it."""
    reads, end = Reads(), time.monotonic() + seconds

    def ask() -> None:
        while time.monotonic() < end:
            began = time.monotonic()
            status = read(port, path)
            reads.took_s.append(time.monotonic() - began)
            if status != 200:
                reads.failed.append(f"{status or 'no answer'} after {reads.took_s[-1]:.2f} s")

    threads = [threading.Thread(target=ask) for _ in range(READERS)]
    for thread in (*threads, *([act] if act else [])):
        thread.start()
    for thread in threads:
        thread.join()
    return reads


def main(seconds: float = 10) -> None:
    """Measure with both servers, through the death of one, and with one."""
    with tempfile.TemporaryDirectory() as data, site(DATA_DIR=data, ENVIRONMENT="test") as running:
        path = "/v1/events?limit=20"
        for name, act in {
            "both servers": None,
            "one killed in the midst": threading.Timer(seconds / 2, running.kill, [0]),
            "the other alone": None,
        }.items():
            reads = during(running.port, path, seconds, act)
            print(
                f"{name}: {len(reads.took_s)} reads in {seconds:.0f} s over {READERS} connections, "
                f"{len(reads.failed)} failed; half took up to {reads.quantile_ms(0.5):.0f} ms, "
                f"99 % up to {reads.quantile_ms(0.99):.0f} ms, the slowest {reads.quantile_ms(1):.0f} ms"
            )


if __name__ == "__main__":
    if shutil.which("nginx") is None:
        sys.exit("nginx is not installed: apt install nginx-light")
    main()
