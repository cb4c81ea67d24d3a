"""Commands on accounts."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from getpass import getpass
from pathlib import Path
from typing import Annotated

import typer

from commands._running import progress, refuse, run
from models.users import Role, UserCreate
from utils import older_accounts, users

commands = typer.Typer()


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

    run(work)


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

    run(work)


@contextmanager
def _opened_text(file: Path) -> Iterator[Iterator[str]]:
    """The lines of a file, with progress where there is a terminal."""
    try:
        with (
            progress() as shown,
            shown.open(file, "r", encoding="utf-8-sig") as lines,
        ):
            yield iter(lines)
    except UnicodeDecodeError:
        refuse(f"{file} is not UTF-8.")


def _read_password() -> str:
    """One line, prompted for where there is a terminal."""
    if sys.stdin.isatty():
        return getpass("Password: ")
    return sys.stdin.readline().rstrip("\n")
