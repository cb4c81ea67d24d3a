"""Servers of this machine, one worker each, and what they cost."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.client import HTTPConnection, HTTPException
from pathlib import Path

SERVER_CORE = "0"
START_S = 30
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Server:
    """A server with one process that does the work."""

    port: int
    pid: int
    started_s: float  # from the start of the process to its first answer
    start_cpu_s: float = 0.0  # processor time until then

    def cpu_s(self) -> float:
        """Processor time so far, in seconds."""
        fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def resident_mb(self) -> float:
        """Memory that is resident now, in megabytes."""
        return int(Path(f"/proc/{self.pid}/statm").read_text(encoding="utf-8").split()[1]) * _PAGE / 1e6


def free_port() -> int:
    """A port of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(
    application: str, environment: Mapping[str, str], ready_path: str = "/livez", folder: Path | None = None
) -> Iterator[Server]:
    """Run an ASGI application under gunicorn with this project's configuration and one worker, pinned to one core.

    Args:
        application: its module and name.
        environment: further variables.
        ready_path: what is asked until it answers.
        folder: another checkout of the project, whose code and configuration are run.
    """
    port = free_port()
    program = [sys.executable, "-m", "gunicorn", application]
    if shutil.which("taskset"):
        program = ["taskset", "-c", SERVER_CORE, *program]
    begun = time.perf_counter()
    process = subprocess.Popen(
        program,
        env={**os.environ, **environment, "PORT": str(port), "WEB_CONCURRENCY": "1"},
        cwd=folder,
        stdout=subprocess.DEVNULL,
    )
    try:
        _await_answer(port, ready_path, process)
        server = Server(port, _worker(process.pid), time.perf_counter() - begun)
        yield replace(server, start_cpu_s=server.cpu_s())
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def _await_answer(port: int, path: str, process: "subprocess.Popen[bytes]") -> None:
    end = time.perf_counter() + START_S
    while time.perf_counter() < end and process.poll() is None:
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", path)
            connection.getresponse().read()
        except (OSError, HTTPException):
            time.sleep(0.02)
        else:
            return
        finally:
            connection.close()
    raise RuntimeError(f"The server does not answer on port {port}.")


def _worker(master: int) -> int:
    """The one child of gunicorn's master."""
    children = Path(f"/proc/{master}/task/{master}/children").read_text(encoding="utf-8").split()
    return int(children[0])
