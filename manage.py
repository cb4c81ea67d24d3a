"""The operator's commands: `python manage.py --help`."""

import asyncio
import signal
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from getpass import getpass
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.progress import Progress

import app as service
from config import db, tasks
from config.main import settings
from models.exceptions import DomainError
from models.users import Role, UserCreate
from utils import attendance, checks, chores, demo, feedback, images, older_accounts, users

commands = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__, pretty_exceptions_enable=False)

REFUSED = 1


@commands.callback()
def main() -> None:
    """Look after an Underline API: exit status 0 done, 1 refused, 2 misused."""


@commands.command("create-admin")
def create_admin(
    email: Annotated[str, typer.Option(help="Who becomes an admin.")],
    first_name: Annotated[str, typer.Option(help="For a new account.")] = "Underline",
    last_name: Annotated[str, typer.Option(help="For a new account.")] = "Admin",
) -> None:
    """Make an admin account, or promote one, which keeps its password.

    The password of a new account comes from a prompt, or as one line on standard input.
    """

    async def work() -> str:
        known = await users.find_by_email(email)
        if known is not None:
            await users.promote(known.get_id(), Role.ADMIN)
            return f"{email} was here already and is an admin now; the password is what it was."
        form = UserCreate.model_validate(
            {"first_name": first_name, "last_name": last_name, "email": email, "password": _read_password()}
        )
        await users.register(form, Role.ADMIN)
        return f"{email} is an admin now."

    _run(work)


@commands.command("check")
def check(
    follow_audit: Annotated[bool, typer.Option("--audit", help="Follow the chain of the audit log, too.")] = False,
) -> None:
    """Look at settings, store and indexes, and say what is wrong."""

    async def work() -> str:
        findings = await checks.findings()
        if follow_audit:
            findings.append(await checks.audit_log())
        for finding in findings:
            typer.echo(("ok       " if finding.good else "WRONG    ") + finding.text)
        if not all(finding.good for finding in findings):
            raise typer.Exit(REFUSED)
        return "All is well."

    _run(work)


@commands.command("demo")
def fill_with_demo(
    events: Annotated[int, typer.Option(min=1, max=100_000, help="How many events.")] = 3000,
    city: Annotated[str, typer.Option(help="miami or madrid.")] = "miami",
    seed: Annotated[int, typer.Option(help="The same one makes the same people and events.")] = 1,
) -> None:
    """Fill the store with people, events of the coming months, feedback and pictures around a real city.

    What is there already stays as it is, so that running it twice changes nothing.
    """
    if settings.hosted:
        _refuse("The accounts of the demonstration have a password that everybody knows: not on a deployment.")
    try:
        wanted = demo.plan(city, events, seed)
    except KeyError:
        _refuse(f"There is no demonstration of {city}.")

    async def work() -> str:
        with Progress(console=Console(stderr=True)) as progress:
            task = progress.add_task("Events", total=events)
            made = await demo.populate(wanted, lambda done: progress.advance(task, done))
        summary = ", ".join(f"{count} {kind}" for kind, count in made.items())
        return f"New: {summary}. Sign in as person0.{seed}@demo.example.org, password: {demo.PASSWORD}"

    _run(work)


@commands.command("import-users")
def import_users(
    file: Annotated[Path, typer.Argument(help="The users of the older service, one JSON document a line.")],
) -> None:
    """Take over the accounts of the older service; what cannot be taken over is named by its line.

    People sign in with the password that they have. Nobody becomes an admin by this: see create-admin.
    """

    async def work() -> str:
        with _opened_text(file) as lines:
            outcome = await older_accounts.take_over(
                lines, lambda number, reason: typer.echo(f"line {number}: {reason}", err=True)
            )
        for user_id in outcome.admins:
            typer.echo(f"{user_id} was an admin there and is an ordinary user here.", err=True)
        return f"Took over {outcome.taken} accounts, left out {outcome.left_out}."

    _run(work)


@commands.command("repair")
def repair() -> None:
    """Mend what a crash may have left: counters that disagree with their documents, unfinished images."""

    async def work() -> str:
        mended = {
            "feedback counters": await feedback.repair(),
            "attendance counters": await attendance.repair(),
            "unfinished images": await images.repair(),
        }
        return "Mended: " + ", ".join(f"{count} {name}" for name, count in mended.items()) + "."

    _run(work)


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

    _run(work)


def _run(work: Callable[[], Coroutine[Any, Any, str]]) -> None:
    """Do `work` with the store open and the hub wired; its last word goes to standard output."""

    async def opened() -> str:
        async with service.opened():
            return await work()

    with _reporting_refusals():
        typer.echo(asyncio.run(opened()))


@contextmanager
def _reporting_refusals() -> Iterator[None]:
    """Turn a refusal into one line on standard error and exit status 1."""
    try:
        yield
    except DomainError as error:
        _refuse(error.detail)
    except ValidationError as error:
        _refuse("; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()))
    except db.STORE_AWAY:
        _refuse("The document store does not answer.")


@contextmanager
def _opened_text(file: Path) -> Iterator[Iterator[str]]:
    """The lines of a file, with progress where there is a terminal."""
    try:
        with (
            Progress(console=Console(stderr=True)) as progress,
            progress.open(file, "r", encoding="utf-8-sig") as lines,
        ):
            yield iter(lines)
    except OSError as error:
        _refuse(f"{file}: {error.strerror}")
    except UnicodeDecodeError:
        _refuse(f"{file} is not UTF-8.")


def _refuse(reason: str) -> NoReturn:
    typer.echo(reason, err=True)
    raise typer.Exit(REFUSED)


def _read_password() -> str:
    """One line, prompted for where there is a terminal."""
    if sys.stdin.isatty():
        return getpass("Password: ")
    return sys.stdin.readline().rstrip("\n")


if __name__ == "__main__":
    commands()
