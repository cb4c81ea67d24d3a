"""Commands that run until they are stopped."""

import asyncio
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

import app as service
from commands import _console
from commands._running import run
from config import tasks
from config.main import CODE, settings
from utils import chores

commands = typer.Typer()


@commands.command("serve")
def serve(
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Where to listen.")] = settings.port,
    workers: Annotated[int, typer.Option(min=1, help="How many processes answer.")] = settings.web_concurrency,
) -> None:
    """Answer requests, as run.sh does, without looking at what is installed."""
    os.environ |= {"PORT": str(port), "WEB_CONCURRENCY": str(workers)}
    os.chdir(CODE)  # where gunicorn looks for its configuration and the service
    gunicorn = str(Path(sys.executable).parent / "gunicorn")
    os.execv(gunicorn, [gunicorn, "app:app"])  # noqa: S606  # our own server, in place of this process


@commands.command("worker")
def worker() -> None:
    """Do what the service queues, and its chores, until stopped; with REDIS_URL the service needs one of these."""

    async def work() -> str:
        working = asyncio.create_task(tasks.work())
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, working.cancel)
        async with chores.kept(service.CHORES):
            with suppress(asyncio.CancelledError):
                await working
        return "The worker has stopped."

    run(work)


@commands.command("shell")
def shell() -> None:
    """Try the interfaces by hand: Python with `await`, the store open and the modules of utils at hand."""

    async def work() -> str:
        await _console.interact()
        return "The store is closed."

    run(work)
