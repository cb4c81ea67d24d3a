"""A deployment with missing or weak settings does not start, and says which they are."""

import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from config.main import Settings

CODE = Path(__file__).parents[1]
GOOD = {
    "ENVIRONMENT": "production",
    "MONGO_DB_URI": "mongodb://db.example.org",
    "JWT_SECRET_KEY": "s" * 32,
    "CORS_ORIGINS": "https://underline.example",
    "ALLOWED_HOSTS": "api.underline.example",
}
PROGRAMS = {"gunicorn": ["gunicorn", "app:app"], "uvicorn": ["uvicorn", "app:app"], "check": ["python", "manage.py"]}


def start(command: list[str], **given: str) -> subprocess.CompletedProcess[str]:
    """Start a program of this environment with these settings alone, and wait for it to end."""
    program = str(Path(sys.executable).parent / command[0])
    environment = {"PATH": os.environ["PATH"], **given}
    return subprocess.run(
        [program, *command[1:]], cwd=CODE, env=environment, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_a_deployment_without_settings_names_each_that_is_missing(program: list[str]) -> None:
    ended = start(program, DYNO="web.1")

    assert ended.returncode == 1
    assert ended.stdout == ""
    assert ended.stderr.splitlines() == [
        "The service does not start:",
        "- MONGO_DB_URI is missing",
        "- JWT_SECRET_KEY is missing",
        "- CORS_ORIGINS is missing",
        "- ALLOWED_HOSTS is missing",
    ]


def test_each_weak_setting_is_named_and_its_value_is_not_shown() -> None:
    weak = {
        "JWT_SECRET_KEY": ("hush-hush", "JWT_SECRET_KEY is shorter than 32 bytes"),
        "JWT_SECRET_KEY_PREVIOUS": ("hush-hush", "JWT_SECRET_KEY_PREVIOUS is shorter than 32 bytes"),
        "CORS_ORIGINS": ("*", "CORS_ORIGINS must name origins, not *"),
        "ALLOWED_HOSTS": ("*", "ALLOWED_HOSTS must name hosts, not *"),
        "MONGO_DB_URI": ("", "MONGO_DB_URI is missing"),
    }

    ended = start(["python", "-c", "import config.main"], **GOOD | {name: value for name, (value, _) in weak.items()})

    assert ended.returncode == 1
    assert sorted(ended.stderr.splitlines()[1:]) == sorted(f"- {says}" for _, says in weak.values())
    assert ended.stderr.startswith("The service does not start:\n")


def test_a_setting_that_cannot_be_read_is_named() -> None:
    ended = start(["python", "-c", "import config.main"], **GOOD | {"MONGO_DB_NAME": "a b"})

    says = "- MONGO_DB_NAME: String should match pattern '^[A-Za-z0-9_-]{1,38}$'"
    assert (ended.returncode, ended.stderr.splitlines()) == (1, ["The service does not start:", says])


def test_good_settings_are_taken() -> None:
    ended = start(["python", "-c", "import config.main"], **GOOD)

    assert (ended.returncode, ended.stderr) == (0, "")


def test_the_example_lists_each_setting_with_a_sentence() -> None:
    lines = (CODE / ".env.example").read_text().splitlines()

    told = {line.partition("=")[0]: above for above, line in pairwise(lines) if "=" in line[:40]}

    settings = {line: above for line, above in told.items() if not line.startswith("#")}
    assert set(settings) == {name.upper() for name in Settings.model_fields}
    assert all(above.startswith("# ") for above in settings.values())


def test_the_example_changes_nothing_when_it_is_used_as_it_is() -> None:
    assert Settings(_env_file=CODE / ".env.example") == Settings(_env_file=None)


def test_commands_from_any_folder_have_the_settings_and_the_data_of_this_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("MONGO_DB_NAME=elsewhere\n")
    monkeypatch.delenv("MONGO_DB_NAME")
    monkeypatch.setenv("DATA_DIR", "kept")
    monkeypatch.chdir(tmp_path)

    settings = Settings()

    assert settings.data_dir == CODE / "kept"
    assert settings.mongo_db_name != "elsewhere"
