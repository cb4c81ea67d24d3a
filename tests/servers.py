"""A service of its own process, for what only a real connection shows."""

import asyncio
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import httpx

# No address here is one of https: the certificates of the world, which take 20 ms to read, are left alone.
get = partial(httpx.get, verify=False, timeout=60)


def anew(base: str) -> httpx.AsyncClient:
    """A client whose every request goes over a connection of its own, which any of the workers may take."""
    return httpx.AsyncClient(base_url=base, timeout=30, verify=False, limits=httpx.Limits(max_keepalive_connections=0))


@contextmanager
def serving(**environment: str) -> Iterator[str]:
    """Serve this run's database over HTTP on a free port, with some settings changed; gives the base URL."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        base = f"http://127.0.0.1:{listener.getsockname()[1]}"
        process = subprocess.Popen(
            [sys.executable, "-m", "uvicorn", "app:app", "--fd", str(listener.fileno()), "--log-level", "warning"],
            env=os.environ | environment,
            pass_fds=[listener.fileno()],
        )
    try:  # the port listens since before the start: the first request waits for its answer, and fails if none comes
        get(f"{base}/readyz").raise_for_status()
        yield base
    finally:
        process.terminate()
        process.wait(timeout=20)


@contextmanager
def gunicorn(workers: int, **environment: str) -> Iterator[str]:
    """Serve this run's database as a deployment does, with so many workers; gives the base URL once all listen."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        base = f"http://127.0.0.1:{listener.getsockname()[1]}"
        bind = f"fd://{listener.fileno()}"
        given = {"PUBLIC_URL": base, "WEB_CONCURRENCY": str(workers), **environment}
        with running("gunicorn", "app:app", "--bind", bind, inherits=[listener.fileno()], **given) as master:
            get(f"{base}/readyz").raise_for_status()
            end = time.monotonic() + 60
            while sum(_accepts(child, listener) for child in _children(master.pid)) < workers:
                if time.monotonic() > end:
                    raise TimeoutError("not all workers listen")
                time.sleep(0.02)
            yield base


def _children(process: int) -> list[Path]:
    children = Path(f"/proc/{process}/task/{process}/children").read_text("ascii")
    return [Path("/proc") / child for child in children.split()]


def _accepts(process: Path, listener: socket.socket) -> bool:
    """Whether a process waits for connections to a socket: some copy of it is among what one of its epolls watches."""
    this = f"socket:[{os.fstat(listener.fileno()).st_ino}]"
    with suppress(OSError):  # it has ended meanwhile
        copies = {descriptor.name for descriptor in (process / "fd").iterdir() if _leads_to(descriptor) == this}
        watched = re.findall(r"^tfd:\s*(\d+)", "".join(map(_text, (process / "fdinfo").iterdir())), re.MULTILINE)
        return not copies.isdisjoint(watched)
    return False


def _leads_to(descriptor: Path) -> str:
    with suppress(OSError):  # it was closed meanwhile
        return str(descriptor.readlink())
    return ""


def _text(info: Path) -> str:
    with suppress(OSError):
        return info.read_text("ascii")
    return ""


@contextmanager
def worker(**environment: Any) -> Iterator[subprocess.Popen[bytes]]:
    """A worker process, as the Procfile starts it."""
    with running("manage.py", "worker", **environment) as process:
        yield process


@contextmanager
def running(
    program: str, *arguments: str, inherits: Collection[int] = (), **environment: Any
) -> Iterator[subprocess.Popen[bytes]]:
    """A program of ours, or one installed with it, as a process that is ended afterwards."""
    command = [program] if program.endswith(".py") else ["-m", program]
    process = subprocess.Popen([sys.executable, *command, *arguments], env=os.environ | environment, pass_fds=inherits)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait(timeout=40)


@contextmanager
def redis_server(port: int | None = None) -> Iterator[str]:
    """A Redis of its own, on a free port unless one is named, nothing of it kept; gives its URL."""
    port = port or free_port()
    with tempfile.TemporaryDirectory() as folder:
        options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", folder]
        process = subprocess.Popen([str(shutil.which("redis-server")), *options], stdout=subprocess.DEVNULL)
        try:
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            process.terminate()
            process.wait(timeout=20)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


async def until(condition: Callable[[], Awaitable[bool]], within_s: float = 30) -> None:
    """Wait until something is so.

    Raises:
        TimeoutError: it does not become so in time.
    """
    end = time.monotonic() + within_s
    while not await condition():
        if time.monotonic() > end:
            raise TimeoutError
        await asyncio.sleep(0.05)
