"""Commands on what is stored."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import TextColumn, TimeElapsedColumn

from commands._running import REFUSED, progress, refuse, run
from config.main import settings
from utils import archives, attendance, checks, demo, feedback, images, privacy

commands = typer.Typer()


@commands.command("check")
def check(
    follow_audit: Annotated[bool, typer.Option("--audit", help="Follow the chain of the audit log, too.")] = False,
) -> None:
    """Look at settings, store, migrations and indexes, and say what is wrong."""

    async def work() -> str:
        findings = await checks.findings()
        if follow_audit:
            findings.append(await checks.audit_log())
        for finding in findings:
            typer.echo(("ok       " if finding.good else "WRONG    ") + finding.text)
        if not all(finding.good for finding in findings):
            raise typer.Exit(REFUSED)
        return "All is well."

    run(work)


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
        refuse("The accounts of the demonstration have a password that everybody knows: not on a deployment.")
    try:
        wanted = demo.plan(city, events, seed)
    except KeyError:
        refuse(f"There is no demonstration of {city}.")

    async def work() -> str:
        with progress() as shown:
            task = shown.add_task("Events", total=events)
            made = await demo.populate(wanted, lambda done: shown.advance(task, done))
        summary = ", ".join(f"{count} {kind}" for kind, count in made.items())
        return f"New: {summary}. Sign in as person0.{seed}@demo.example.org, password: {demo.PASSWORD}"

    run(work)


@commands.command("repair")
def repair() -> None:
    """Mend what a crash may have left: counters that disagree with their documents, unfinished images."""

    async def work() -> str:
        mended = {
            "erasures": await privacy.repair(),
            "feedback counters": await feedback.repair(),
            "attendance counters": await attendance.repair(),
            "unfinished images": await images.repair(),
        }
        return "Mended: " + ", ".join(f"{count} {name}" for name, count in mended.items()) + "."

    run(work)


@commands.command("export")
def export(folder: Annotated[Path, typer.Argument(help="New, or that of an export that was broken off.")]) -> None:
    """Write the whole instance, images included, into a folder of JSON lines with their hashes.

    Keep it like the database itself: it holds password hashes and everything that people wrote.
    """

    async def work() -> str:
        with _counted("Documents") as tell:
            manifest, digest = await archives.export(folder, tell)
        return f"{manifest.documents()} documents are in {folder}; the SHA-256 of its manifest: {digest}"

    run(work, as_it_is=True)


@commands.command("import")
def restore(
    folder: Annotated[Path, typer.Argument(help="What export wrote.")],
    onto_existing: Annotated[
        bool, typer.Option("--onto-existing", help="Replace what has the same identifiers, in a database in use.")
    ] = False,
    verify: Annotated[bool, typer.Option("--verify", help="Only compare the files with their hashes.")] = False,
) -> None:
    """Store what export wrote, in an empty database, and bring it in line; one that was broken off goes on."""

    async def work() -> str:
        if verify:
            return f"{archives.verify(folder).documents()} documents, all as they were exported."
        with _counted("Documents") as tell:
            manifest = await archives.restore(folder, onto_existing=onto_existing, tell=tell)
        return f"{manifest.documents()} documents of {manifest.started_at:%Y-%m-%d %H:%M} UTC are stored."

    run(work, as_it_is=True)


@contextmanager
def _counted(what: str) -> Iterator[archives.Tell]:
    """Show a growing number, where there is a terminal."""
    columns = TextColumn("{task.description}"), TextColumn("{task.completed:.0f}"), TimeElapsedColumn()
    with progress(*columns) as shown:
        task = shown.add_task(what, total=None)
        yield lambda name, count: shown.update(task, advance=count, description=name)
