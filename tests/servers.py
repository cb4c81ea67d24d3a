"""A service of its own process, for what only a real connection shows."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import httpx


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
        httpx.get(f"{base}/readyz", timeout=60).raise_for_status()
        yield base
    finally:
        process.terminate()
        process.wait(timeout=20)
