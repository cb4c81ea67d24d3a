"""Commands on what is stored."""

from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from commands._running import REFUSED, refuse, run
from config.main import settings
from utils import attendance, checks, demo, feedback, images

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
        with Progress(console=Console(stderr=True)) as progress:
            task = progress.add_task("Events", total=events)
            made = await demo.populate(wanted, lambda done: progress.advance(task, done))
        summary = ", ".join(f"{count} {kind}" for kind, count in made.items())
        return f"New: {summary}. Sign in as person0.{seed}@demo.example.org, password: {demo.PASSWORD}"

    run(work)


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

    run(work)
