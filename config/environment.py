"""Makes `.venv` agree with the locks: `python -m config.environment requirements.txt …`, with any Python 3.11+.

Runs before anything is installed: the standard library only.
"""

import fcntl
import hashlib
import re
import subprocess
import sys
import time
import venv
from pathlib import Path

_CODE = Path(__file__).parents[1]
_VENV = _CODE / ".venv"
_PYTHON = _VENV / "bin" / "python"


def main(locks: list[str]) -> int:
    """Install the locks that changed since they were installed last; one process at a time."""
    with (_CODE / "requirements.txt").open("rb") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        changed = [lock for lock in locks if not _installed(lock)]
        return _install(changed) if changed else 0


def _install(locks: list[str]) -> int:
    began = time.monotonic()
    _say(f"Installing {', '.join(locks)} into .venv; this happens when a lock has changed.")
    if not _works():
        venv.create(_VENV, clear=_VENV.exists() and not _VENV.is_symlink(), with_pip=True)
    wanted = [argument for lock in locks for argument in ("-r", lock)]
    if not (_with_uv(wanted) or _with_pip(wanted)):
        _say("The packages could not be installed; see above. Is there a connection?")
        return 1
    for lock in locks:
        _stamp(lock).write_text(_digest(lock))
    _say(f"Installed in {time.monotonic() - began:.0f} s.")
    return 0


def _with_uv(wanted: list[str]) -> bool:
    """Install with uv, in seconds where pip takes a minute; False where it cannot be had or does not know the index."""
    uv = _VENV / "bin" / "uv"
    if not uv.exists():
        pinned = re.search(r"^uv==(?:.*\\\n)*.*$", (_CODE / "requirements-dev.txt").read_text(), re.MULTILINE)
        lock = _VENV / "uv.txt"
        lock.write_text(pinned[0] if pinned else "")
        if not _with_pip(["-r", str(lock)]):
            return False
    return _run(str(uv), "pip", "install", "--quiet", "--python", str(_PYTHON), "--require-hashes", *wanted)


def _with_pip(wanted: list[str]) -> bool:
    quiet = ["--quiet", "--disable-pip-version-check", "--no-input"]
    return _run(str(_PYTHON), "-m", "pip", "install", *quiet, "--require-hashes", *wanted)


def _run(*command: str) -> bool:
    return subprocess.run(command, cwd=_CODE, check=False).returncode == 0  # noqa: S603  # installers, on our own files


def _installed(lock: str) -> bool:
    return _stamp(lock).exists() and _stamp(lock).read_text() == _digest(lock) and _PYTHON.exists()


def _works() -> bool:
    check = [str(_PYTHON), "-c", "import pip, sys; sys.exit(sys.version_info < (3, 11))"]
    return _PYTHON.exists() and subprocess.run(check, check=False).returncode == 0  # noqa: S603  # a fixed command


def _stamp(lock: str) -> Path:
    return _VENV / f".installed-{lock}"


def _digest(lock: str) -> str:
    return hashlib.sha256((_CODE / lock).read_bytes()).hexdigest()


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
