"""Commands that need no store."""

import json
import secrets
from pathlib import Path
from typing import Annotated

import typer

import app as service
from commands._running import reporting_refusals
from config.openapi import describe

commands = typer.Typer()

SNAPSHOT = Path(__file__).parents[1] / "docs" / "openapi.json"


@commands.command("openapi")
def openapi(
    path: Annotated[Path, typer.Argument(help="The file to write.", show_default="docs/openapi.json")] = SNAPSHOT,
) -> None:
    """Write the contract to a file; the committed one shows in review what a change does to clients."""
    with reporting_refusals():
        path.write_text(contract())
    typer.echo(path)


def contract() -> str:
    """The contract as it is committed: one line for each value, always in the same order."""
    return json.dumps(describe(service.app), indent=2, ensure_ascii=False, sort_keys=True) + "\n"


@commands.command("secret")
def secret() -> None:
    """Print a new key, good for JWT_SECRET_KEY."""
    typer.echo(secrets.token_urlsafe(48))
