"""Compares gunicorn's own ASGI worker with uvicorn's: `python -m bench.servers` (needs wrk).

Prints requests a second of each and their ratio, on an application that costs nothing and on `/livez` of ours, in
turns so that both meet the same machine; then how each behaves when it is asked to stop, to reload, and is lied to.
"""

import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path

WORKERS = {"gunicorn": "asgi", "uvicorn": "config.worker.Worker"}
ROUNDS, SECONDS = 5, 3
_GUNICORN = str(Path(sys.executable).parent / "gunicorn")


@contextmanager
def served(worker: str, application: str, path: str = "/livez") -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """Gunicorn with one worker of a kind on a free port, until it answers."""
    with socket.create_server(("127.0.0.1", 0)) as chosen:
        port: int = chosen.getsockname()[1]
    command = [_GUNICORN, application, "-k", WORKERS[worker], "-w", "1", "-b", f"127.0.0.1:{port}"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, env=os.environ | {"PORT": str(port)}) as process:
        try:
            while status(port, path) != 200:
                time.sleep(0.05)
            yield port, process
        finally:
            process.send_signal(signal.SIGTERM)


def status(port: int, path: str) -> int:
    """The status of a GET, 0 without an answer."""
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, HTTPException):
        return 0
    finally:
        connection.close()


def rate(port: int, path: str) -> float:
    """Requests a second over 32 connections."""
    command = ["wrk", "-t1", "-c32", f"-d{SECONDS}s", f"http://127.0.0.1:{port}{path}"]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = re.search(r"Requests/sec:\s+([\d.]+)", output)
    return float(found[1]) if found else 0.0


def compare(application: str, path: str) -> None:
    """Measure both in turns and print the medians and the median of the ratios."""
    with served("gunicorn", application) as (one, _), served("uvicorn", application) as (two, _):
        pairs = [(rate(one, path), rate(two, path)) for _ in range(ROUNDS)]
    ratios = sorted(uvicorn / gunicorn for gunicorn, uvicorn in pairs)
    medians = [statistics.median(column) for column in zip(*pairs, strict=True)]
    print(
        f"{application} {path}: gunicorn {medians[0]:.0f}/s, uvicorn {medians[1]:.0f}/s, "
        f"uvicorn/gunicorn {statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"
    )


def raw(port: int, request: bytes, after: bytes = b"") -> str:
    """The first line of the answer to hand-made bytes; `after` follows once the first part was sent."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(request)
        if after:
            time.sleep(0.2)
            connection.sendall(after)
        try:
            return connection.recv(4096).decode("latin-1").partition("\r\n")[0] or "closed without an answer"
        except TimeoutError:
            return "no answer in 5 s"


def behaviour(worker: str) -> None:
    """Print what a worker does in the cases that matter beside speed."""
    with served(worker, "bench.trivial:app", "/") as (port, process):
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            head = connection.recv(4096).decode("latin-1").lower()
        print(f"{worker}: names itself in the Server header: {'server:' in head}")
        both = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        print(f"{worker}: Content-Length beside chunked: {raw(port, both)}")
        two = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"
        print(f"{worker}: two Content-Lengths: {raw(port, two)}")
        negative = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n"
        print(f"{worker}: negative Content-Length: {raw(port, negative)}")
        lost = during(port, lambda: process.send_signal(signal.SIGHUP))
        print(f"{worker}: requests lost over a SIGHUP: {lost[0]} of {lost[1]}")
        idle = socket.create_connection(("127.0.0.1", port))
        idle.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        idle.recv(4096)
        answers: list[int] = []
        slow = threading.Thread(target=lambda: answers.append(status(port, "/slow")))
        slow.start()
        time.sleep(0.5)
        began = time.monotonic()
        process.terminate()
        process.wait(60)
        slow.join()
        print(
            f"{worker}: stops in {time.monotonic() - began:.1f} s beside an idle connection; "
            f"a request of 2 s under way got {answers[0]}"
        )
        idle.close()


def during(port: int, act: Callable[[], object]) -> tuple[int, int]:
    """How many of the requests sent, each on a new connection, fail around an act."""
    answers: list[int] = []
    stop = threading.Event()

    def ask() -> None:
        while not stop.is_set():
            answers.append(status(port, "/"))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    act()
    time.sleep(8)
    stop.set()
    for thread in threads:
        thread.join()
    return sum(answer != 200 for answer in answers), len(answers)


if __name__ == "__main__":
    compare("bench.trivial:app", "/")
    compare("app:app", "/livez")
    for kind in WORKERS:
        behaviour(kind)
