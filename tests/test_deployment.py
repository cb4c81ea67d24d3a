"""The files of a deployment agree with each other and with the service."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from config.main import Settings

CODE = Path(__file__).parents[1]
COMPOSE: dict[str, Any] = yaml.safe_load((CODE / "docker-compose.yml").read_text())
WORKFLOW = (CODE / ".github" / "workflows" / "checks.yml").read_text()


def test_both_files_name_the_same_python() -> None:
    runtime = (CODE / "runtime.txt").read_text().strip()
    chosen = (CODE / ".python-version").read_text().strip()

    assert runtime.startswith(f"python-{chosen}.")
    assert f"python:{chosen}-slim" in (CODE / "deploy" / "Dockerfile").read_text()


def test_a_button_asks_for_what_a_deployment_does_not_start_without() -> None:
    asked = json.loads((CODE / "app.json").read_text())["env"]

    assert {"MONGO_DB_URI", "JWT_SECRET_KEY", "CORS_ORIGINS", "ALLOWED_HOSTS"} <= asked.keys()
    assert {name.lower() for name in asked} <= Settings.model_fields.keys()
    assert asked["JWT_SECRET_KEY"]["generator"] == "secret"


def test_compose_sets_only_what_the_service_reads() -> None:
    services = COMPOSE["services"]
    given = services["api-1"]["environment"]

    assert {name.lower() for name in given} <= Settings.model_fields.keys()
    assert {"api-1", "api-2", "worker", "mongo", "redis", "nginx", "mail", "migrate"} == services.keys()
    assert all(f"server {name}:8000" in (CODE / "deploy/nginx.conf").read_text() for name in ("api-1", "api-2"))
    assert COMPOSE["networks"]["default"]["ipam"]["config"][0]["subnet"] == given["FORWARDED_ALLOW_IPS"]


def test_the_image_holds_everything_that_the_service_imports() -> None:
    dockerfile = (CODE / "deploy" / "Dockerfile").read_text()
    ignored = (CODE / ".dockerignore").read_text().splitlines()
    needed = ["commands", "config", "docs", "migrations", "models", "routes", "utils", "app.py", "gunicorn.conf.py"]

    assert all(re.search(rf"^COPY .*\b{re.escape(name)}\b", dockerfile, re.MULTILINE) for name in needed)
    assert all(f"!{name}" in ignored for name in needed)
    assert "USER 10001" in dockerfile


def test_every_action_is_pinned_by_its_commit() -> None:
    used = re.findall(r"uses: (\S+)(.*)", WORKFLOW)

    assert used
    assert all(re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", action) for action, _ in used)
    assert all(re.fullmatch(r" # v\d+\.\d+\.\d+", tag) for _, tag in used)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
@pytest.mark.parametrize("unit", ["underline.service", "underline-worker.service"])
def test_systemd_understands_the_units(unit: str, tmp_path: Path) -> None:
    for name in ("underline.service", unit):
        text = (CODE / "deploy" / name).read_text()
        runnable = re.sub(r"/srv/underline/\.venv/bin/\w+", "/bin/true", text).replace("/srv/underline", "/")
        (tmp_path / name).write_text(runnable)

    command = ["systemd-analyze", "verify", "--man=no", str(tmp_path / unit)]
    said = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (said.returncode, said.stderr) == (0, "")
