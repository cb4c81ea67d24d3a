"""The gate that keeps each collection to one owner: `python -m tests.ownership [FOLDER]`, part of lint.sh."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

OPENERS = {"collection", "bucket", "get_collection"}
WIDE = {"client", "database"}  # a way around the owners; health and index checks need no collection of anybody's


def faults(tree: Path) -> list[str]:
    """What bypasses an owner in the sources under a folder, one line each."""
    owners: dict[str, str] = {}
    found: list[str] = []
    folders = ("commands", "migrations", "routes", "utils")
    for path in sorted([*tree.glob("*.py"), *(path for name in folders for path in tree.glob(f"{name}/**/*.py"))]):
        place, module = str(path.relative_to(tree)), ast.parse(path.read_text())
        for line, name in _opened(module):
            if not place.startswith("utils/"):
                found.append(f"{place}:{line}: a collection is opened outside utils")
            elif name is None:
                found.append(f"{place}:{line}: the collection's name is not a constant of this module")
            elif owners.setdefault(name.partition(".")[0], place) != place:
                found.append(f"{place}:{line}: {name} belongs to {owners[name.partition('.')[0]]}")
        found += [f"{place}:{line}: {what}" for line, what in _private(module)]
    return found


def _opened(module: ast.Module) -> Iterator[tuple[int, str | None]]:
    """Where collections are opened, and which, None if that cannot be read from the module."""
    constants = {
        target.id: statement.value.value
        for statement in module.body
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Constant)
        for target in statement.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(module):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        if node.func.attr in WIDE and isinstance(node.func.value, ast.Name) and node.func.value.id == "db":
            yield node.lineno, None
        elif node.func.attr in OPENERS and node.args:
            argument = node.args[0]
            value = argument.value if isinstance(argument, ast.Constant) else None
            name = constants.get(argument.id) if isinstance(argument, ast.Name) else value
            yield node.lineno, name if isinstance(name, str) else None


def _private(module: ast.Module) -> Iterator[tuple[int, str]]:
    """Where a private name of another domain is reached for, its accessor for one."""
    domains = {
        alias.asname or alias.name
        for node in ast.walk(module)
        if isinstance(node, ast.ImportFrom) and node.module == "utils"
        for alias in node.names
    }
    for node in ast.walk(module):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("utils."):
            yield from ((node.lineno, f"{a.name} is private to {node.module}") for a in node.names if a.name[0] == "_")
        elif isinstance(node, ast.Attribute) and node.attr.startswith("_") and ast.unparse(node.value) in domains:
            yield node.lineno, f"{node.attr} is private to utils.{ast.unparse(node.value)}"


if __name__ == "__main__":
    complaints = faults(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
    sys.exit("\n".join(complaints) or 0)
