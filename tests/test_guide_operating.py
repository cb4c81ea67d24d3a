"""The commands of docs/guide/operating.md work as they stand, in their order."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from config.embedded import Use
from tests.guides import blocks

CODE = Path(__file__).parents[1]


@pytest.mark.slow
def test_an_operator_looks_backs_up_and_restores(tmp_path: Path) -> None:
    commands = "\n".join(block.text for block in blocks("operating.md") if block.language == "bash")
    commands = commands.replace("manage.py", str(CODE / "manage.py"))
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = os.environ | {"PATH": path, "DATA_DIR": str(tmp_path / "data"), "MONGO_DB_NAME": "underline"}

    with Use(tmp_path / "data"):  # as a service would, so that not each command starts the store anew
        done = subprocess.run(
            [str(shutil.which("bash")), "-euc", commands],
            cwd=tmp_path,
            env=environment | {"PYTHONPATH": str(CODE)},
            capture_output=True,
            text=True,
            check=False,
        )

    assert (done.returncode, done.stdout.count("All is well.")) == (0, 2), done.stdout + done.stderr
    assert "all as they were exported" in done.stdout
