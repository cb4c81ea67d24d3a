"""The operator's commands: `python manage.py --help`."""

import typer

from commands import contract, data, migrate, people, processes

commands = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

for group in (processes, people, data, contract):
    commands.add_typer(group.commands)
commands.add_typer(migrate.commands, name="migrate")


@commands.callback()
def main() -> None:
    """Look after an Underline API.

    Exit status: 0 done, 1 refused, with the reason on standard error, 2 misused.
    """


if __name__ == "__main__":
    commands()
