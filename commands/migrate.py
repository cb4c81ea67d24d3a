"""Commands on migrations: `migrate` alone applies what is pending."""

import re
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from commands._running import REFUSED, refuse, run
from utils import migrations

commands = typer.Typer(help="Bring the stored data and its indexes in line with this version; alone: up.")

DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")]
_TEMPLATE = '''"""What this changes in the stored data, and why."""


async def up(position: str | None) -> str | None:
    """Change one batch after `position`; where to go on, None at the end. Doing it twice does no harm."""
'''
_console = Console(stderr=True)


@commands.callback(invoke_without_command=True)
def migrate(context: typer.Context, dry_run: DryRun = False) -> None:
    """Bring the stored data and its indexes in line with this version; alone: up."""
    if context.invoked_subcommand is None:
        up(dry_run)


@commands.command("up")
def up(dry_run: DryRun = False) -> None:
    """Apply what is pending, each once, and build the indexes; another process that is at it is waited for."""

    async def work() -> str:
        if dry_run:
            return "Would apply: " + (", ".join(await migrations.pending()) or "nothing") + "."
        return "Applied: " + (", ".join(await migrations.up(_tell)) or "nothing was pending") + "."

    run(work, as_it_is=True)


@commands.command("down")
def down(dry_run: DryRun = False) -> None:
    """Undo the last migration that was applied, if it can be."""

    async def work() -> str:
        if dry_run:
            return f"Would undo: {await migrations.last() or 'nothing'}."
        return f"Undone: {await migrations.down(_tell) or 'nothing was applied'}."

    run(work, as_it_is=True)


@commands.command("status")
def status() -> None:
    """List the migrations; exit status 1 unless all are applied as they are now."""

    async def work() -> str:
        found = await migrations.statuses()
        for each in found:
            when = each.applied_at.isoformat(" ", "seconds") if each.applied_at else ""
            typer.echo(f"{each.state:<10}{each.name}  {when}".rstrip())
        if any(each.state is not migrations.State.APPLIED for each in found):
            raise typer.Exit(REFUSED)
        return "All are applied."

    run(work, as_it_is=True)


@commands.command("new")
def new(
    name: Annotated[str, typer.Argument(help="What it does: small letters, digits and _.")],
    folder: Annotated[Path, typer.Option(help="Where the modules are.", show_default="migrations")] = migrations.FOLDER,
) -> None:
    """Start a module with the next number."""
    if not re.fullmatch(r"[a-z0-9_]+", name):
        refuse("A name is made of small letters, digits and _.")
    last = max((int(path.name[:4]) for path in folder.glob("[0-9][0-9][0-9][0-9]_*.py")), default=0)
    path = folder / f"{last + 1:04}_{name}.py"
    path.write_text(_TEMPLATE)
    typer.echo(path)


def _tell(name: str, batches: int) -> None:
    _console.print(f"{name}: {batches} batches", end="\r")
