"""A service of its own for a measurement: gunicorn on a free port, with production's hashing and a store of its own."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import orjson

PASSWORD = "a long enough pass phrase"
_GUNICORN = str(Path(sys.executable).parent / "gunicorn")


@contextmanager
def running(workers: int = 1, further: Mapping[str, str] | None = None) -> Iterator[tuple[int, int]]:
    """Serve until the block ends, with further settings; gives the port and the id of gunicorn's master process."""
    with socket.create_server(("127.0.0.1", 0)) as chosen:
        port: int = chosen.getsockname()[1]
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("ARGON2_", "MONGO_", "DYNO"))}
    with tempfile.TemporaryDirectory() as folder:
        own = {"PORT": str(port), "WEB_CONCURRENCY": str(workers), "DATA_DIR": folder, "MAIL_URL": f"file:{folder}"}
        command = [_GUNICORN, "app:app", "--log-level", "error"]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, env=kept | own | dict(further or {})) as process:
            try:
                while ask(port, "GET", "/readyz") != 200:
                    if process.poll() is not None:
                        raise RuntimeError("The service does not start.")
                    time.sleep(0.05)
                yield port, process.pid
            finally:
                process.send_signal(signal.SIGTERM)
                process.wait(40)


def ask(port: int, method: str, path: str, body: object = None) -> int:
    """The status of one request on a connection of its own, 0 without an answer."""
    connection = HTTPConnection("127.0.0.1", port, timeout=120)
    try:
        content = None if body is None else orjson.dumps(body)
        connection.request(method, path, content, {"Content-Type": "application/json"})
        return connection.getresponse().status
    except (OSError, HTTPException):
        return 0
    finally:
        connection.close()


def register(port: int, email: str, password: str = PASSWORD) -> None:
    """Make an account."""
    form = {"first_name": "Ada", "last_name": "Lovelace", "email": email, "password": password}
    if ask(port, "POST", "/v1/users", form) != 201:
        raise RuntimeError(f"{email} could not register")


def peak_mib(master: int) -> list[int]:
    """The most memory that each worker ever had."""
    children = Path(f"/proc/{master}/task/{master}/children").read_text("ascii").split()
    statuses = [Path(f"/proc/{child}/status").read_text("ascii") for child in children]
    lines = [next(line for line in status.splitlines() if line.startswith("VmHWM")) for status in statuses]
    return [int(line.split()[1]) // 1024 for line in lines]
