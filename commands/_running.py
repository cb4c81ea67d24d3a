"""How a command runs: with the store open, its refusals in one line, its last word on standard output."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import typer
from pydantic import ValidationError
from pydantic_core import ErrorDetails
from rich.console import Console
from rich.progress import Progress, ProgressColumn

import app as service
from config import db
from models.exceptions import DomainError

REFUSED = 1

Work = Callable[[], Coroutine[Any, Any, str]]


def run(work: Work, *, as_it_is: bool = False) -> None:
    """Do `work` with the store open and the hub wired, and say what it answers.

    Args:
        work: what to do.
        as_it_is: open the store without bringing it in line with this version first.
    """

    async def opened() -> str:
        async with service.opened(as_it_is=as_it_is):
            return await work()

    with reporting_refusals():
        typer.echo(asyncio.run(opened()))


@contextmanager
def reporting_refusals() -> Iterator[None]:
    """Turn a refusal into one line on standard error and exit status 1."""
    try:
        yield
    except DomainError as error:
        refuse(error.detail)
    except ValidationError as error:
        refuse("; ".join(_explained(fault) for fault in error.errors()))
    except db.STORE_AWAY:
        refuse("The document store does not answer.")
    except OSError as error:
        refuse(f"{error.filename}: {error.strerror}" if error.filename else str(error))


def _explained(fault: ErrorDetails) -> str:
    return f"{'.'.join(map(str, fault['loc']))}: {fault['msg'].removeprefix('Value error, ')}"


def progress(*columns: ProgressColumn) -> Progress:
    """What shows how far long work has come, on standard error and only where there is a terminal."""
    console = Console(stderr=True)
    return Progress(*columns, console=console, disable=not console.is_terminal, transient=True)


def refuse(reason: str) -> NoReturn:
    """End with exit status 1."""
    typer.echo(reason, err=True)
    raise typer.Exit(REFUSED)
