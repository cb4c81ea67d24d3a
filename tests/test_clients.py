"""The committed contract is the service's, and the clients that are generated from it work."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from commands.contract import SNAPSHOT, contract
from config.main import settings
from tests.servers import serving

CLIENTS = Path(__file__).parents[1] / "clients"
INSTALLED = (CLIENTS / "node_modules" / ".installed").exists() and (CLIENTS / ".venv" / ".installed").exists()
needs_tools = pytest.mark.skipif(
    shutil.which("node") is None or not INSTALLED,
    reason="clients/generate.sh has not been run here, or there is no node",
)
DONE = {"title": "Sunset yoga", "status": "active", "refused": "/problems/event-not-found"}


def test_the_committed_contract_is_the_one_that_is_served() -> None:
    if settings.public_url != "http://localhost:8000":
        pytest.skip("PUBLIC_URL is set")

    assert SNAPSHOT.read_text() == contract(), "The contract has changed. Refresh it: python manage.py openapi"


def test_no_lock_names_a_host_to_fetch_from() -> None:
    assert '"resolved"' not in (CLIENTS / "package-lock.json").read_text()
    assert "://" not in (CLIENTS / "requirements.txt").read_text()


@pytest.fixture(scope="module")
def base(service: None) -> Iterator[str]:
    """A running service and freshly generated clients of it."""
    subprocess.run([CLIENTS / "generate.sh"], check=True, capture_output=True)
    with serving() as url:
        yield url


@pytest.mark.slow
@needs_tools
@pytest.mark.usefixtures("api")  # which empties the database afterwards
@pytest.mark.parametrize(
    "command",
    [["node", "generated/js/smoke.js"], [".venv/bin/python", "smoke.py"]],
    ids=["typescript", "python"],
)
def test_a_generated_client_publishes_and_reads_an_event(base: str, command: list[str]) -> None:
    done = subprocess.run([*command, base], cwd=CLIENTS, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == DONE
