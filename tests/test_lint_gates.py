"""Each gate of lint.sh lets the sources pass, and stops a file that breaks its rule."""

import re
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from tests.ownership import faults

CODE = Path(__file__).parents[1]
PACKAGES = ("commands", "config", "docs", "migrations", "models", "routes", "utils")
BIN = Path(sys.executable).parent


def run(folder: Path, *command: str) -> tuple[int, str]:
    """Run a tool on a folder; its exit status and all that it says."""
    program = [str(BIN / command[0]), *command[1:]]
    environment = {"PATH": str(BIN), "PYTHONPATH": str(folder), "COLUMNS": "200"}
    done = subprocess.run(program, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, " ".join((done.stdout + done.stderr).split())


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the sources and the tools' settings."""
    for name in PACKAGES:
        shutil.copytree(CODE / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("app.py", "pyproject.toml", "pylintrc"):
        shutil.copy(CODE / name, tmp_path)
    return tmp_path


def test_ruff_stops_a_public_function_without_a_docstring(tree: Path) -> None:
    (tree / "utils" / "bad.py").write_text('"""Bad."""\n\n\ndef undocumented() -> None:\n    return None\n')

    status, said = run(tree, "ruff", "check", "utils/bad.py")

    assert status == 1
    assert "D103" in said


def test_ruff_stops_a_file_that_is_not_formatted(tree: Path) -> None:
    (tree / "utils" / "bad.py").write_text("name   = 'x'\n")

    assert run(tree, "ruff", "format", "--check", "utils/bad.py")[0] == 1


def test_mypy_stops_a_value_of_the_wrong_type(tree: Path) -> None:
    (tree / "bad.py").write_text('"""Bad."""\n\nNAME: int = "x"\n\n\ndef untyped(x):\n    return x\n')

    status, said = run(tree, "mypy", "--config-file", "pyproject.toml", "bad.py")

    assert status == 1
    assert "[assignment]" in said
    assert "[no-untyped-def]" in said


def test_pylint_stops_a_docstring_that_tells_half_of_the_arguments(tree: Path) -> None:
    (tree / "bad.py").write_text(
        '"""Bad."""\n\n\ndef add(one: int, two: int) -> int:\n    """Add.\n\n    Args:\n'
        '        one: the first.\n        three: not there.\n    """\n    return one + two\n'
    )

    status, said = run(tree, "python", "-m", "pylint", "--jobs=1", "bad.py")

    assert status != 0
    assert "differing-param-doc" in said


def test_import_linter_stops_every_import_against_the_arrow(tree: Path) -> None:
    bad = [
        ("models/bad.py", "config.main", "app, routes, utils, config, models: imports go one way"),
        ("utils/bad.py", "routes.health", "app, routes, utils, config, models: imports go one way"),
        ("config/bad.py", "utils.users", "app, routes, utils, config, models: imports go one way"),
        ("routes/bad.py", "app", "nobody imports what assembles them"),
        ("docs/bad.py", "models.commons", "docs imports nothing of ours, and only routes and config read it"),
        ("utils/bad.py", "fastapi", "only app, config and routes know HTTP"),
        ("models/bad.py", "bson", "only utils and config know the driver"),
        ("routes/bad.py", "pymongo", "only utils and config know the driver"),
        ("routes/bad.py", "config.db", "routes reach the store through utils alone"),
        (
            "utils/users.py",
            "utils.events",
            "domains call one way: users, sessions, images, events, then what hangs on them",
        ),
    ]
    for place, imported, _ in bad:
        with (tree / place).open("a") as source:
            source.write(f"\nimport {imported}\n")

    status, said = run(tree, "lint-imports", "--no-cache")

    parts = re.split(r" -{5,} ", said.partition("Broken contracts")[2])
    broken = list(pairwise(parts))  # the heading of a contract ends one part, its illegal imports begin the next
    assert status == 1
    for place, imported, contract in bad:
        arrow = f"{place.removesuffix('.py').replace('/', '.')} -> {imported} "
        assert [heading for heading, imports in broken if heading.endswith(contract) and arrow in imports], arrow


def test_the_sources_bypass_no_owner() -> None:
    assert faults(CODE) == []


def test_bypassing_the_owner_of_a_collection_is_stopped(tree: Path) -> None:
    bad = [
        ("utils/za.py", 'db.collection("events")', "events belongs to"),
        ("utils/zb.py", 'db.bucket("images")', "images belongs to"),
        ("utils/zc.py", 'db.collection("images.chunks")', "images.chunks belongs to"),
        ("utils/zebra.py", 'COLLECTION = "users"\ndb.collection(COLLECTION)', "users belongs to utils/users.py"),
        ("utils/zd.py", 'db.collection("ev" + "ents")', "not a constant"),
        ("utils/ze.py", 'db.database()["events"]', "not a constant"),
        ("utils/zf.py", "from utils import events\nevents._events()", "_events is private to utils.events"),
        ("utils/zg.py", "from utils.events import _events", "_events is private to utils.events"),
        ("routes/bad.py", 'db.collection("events")', "outside utils"),
        ("app.py", 'db.collection("events")', "outside utils"),
    ]
    for place, code, _ in bad:
        (tree / place).write_text(code + "\n")

    found = faults(tree)

    for place, _, says in bad:
        assert [fault for fault in found if fault.startswith(f"{place}:") and says in fault], place


def test_importing_the_service_touches_no_network_no_process_and_no_file_but_to_read() -> None:
    watch = """
import sys
def refuse(event, args):
    writes = event == "open" and isinstance(args[1], str) and set(args[1]) & set("wax+")
    pyc = event in ("os.mkdir", "os.rename") and "__pycache__" in str(args[0])
    acts = event in ("socket.connect", "socket.bind", "subprocess.Popen", "os.mkdir", "os.remove", "os.fork")
    if writes or acts and not pyc:
        raise SystemExit(f"{event} {args}")
sys.dont_write_bytecode = True
import asyncio, email_validator, pydantic_settings, rich, uvloop  # others may do what they like
sys.addaudithook(refuse)
import app
"""
    done = subprocess.run(
        [sys.executable, "-c", watch], cwd=CODE, env={"PATH": ""}, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")
