"""docs/guide/extending.md works as it stands."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.guides import blocks, follow

CODE = Path(__file__).parents[1]
PACKAGES = ("commands", "config", "docs", "migrations", "models", "routes", "tests", "utils")
ACCESS = "tests/test_access.py"


BIN = Path(sys.executable).parent


def run(tree: Path, program: str, *arguments: str) -> str:
    """Run an installed program in the copy; what it says, if it fails."""
    environment = os.environ | {"PYTHONPATH": str(tree), "MONGO_DB_NAME": "", "DATA_DIR": str(tree / ".data")}
    command = [str(BIN / program), *arguments]
    done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


@pytest.mark.slow
def test_the_ten_steps_make_a_domain_that_passes_lint_and_tests(tmp_path: Path) -> None:
    for name in PACKAGES:
        shutil.copytree(CODE / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("app.py", "manage.py", "pyproject.toml"):
        shutil.copy(CODE / name, tmp_path)

    for block in blocks("extending.md"):
        if block.title:
            follow(block, tmp_path)

    made = [block.title for block in blocks("extending.md") if block.title]
    assert run(tmp_path, "ruff", "check", "--no-cache", "--fix", *made) == ""
    assert run(tmp_path, "ruff", "format", "--no-cache", "--check", *made) == ""
    assert run(tmp_path, "lint-imports") == ""
    assert run(tmp_path, "python", "-m", "tests.ownership") == ""
    assert run(tmp_path, "python", "-m", "tests.access_table", "--missing") == ""
    tests = ["tests/test_announcements.py", "tests/test_openapi.py", "tests/test_access.py"]
    assert run(tmp_path, "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", "-k", "announcement", *tests) == ""
