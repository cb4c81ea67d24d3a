"""Measures whether the time of a refusal tells who has an account: `python -m bench.login_timing`.

Four cases in turns, with production's hashing: an unknown address, a wrong password, the right password of a suspended
account, and a wrong password for an account with an older bcrypt hash. Prints the distributions with the steps of
refusals and without them, and fails if, with them, the medians differ by more than a tenth.
"""

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time

import bcrypt

from app import opened
from config.main import settings
from models.auth import Caller, Login
from models.exceptions import WrongCredentials
from models.users import UserAdminUpdate, UserCreate
from utils import sessions, users

TURNS, ALLOWED = 20, 0.1
PASSWORD = "a long enough pass phrase"
CASES = {
    "unknown address": ("nobody@example.org", PASSWORD),
    "wrong password": ("ada@example.org", "not the password"),
    "suspended": ("suspended@example.org", PASSWORD),
    "wrong password, bcrypt": ("older@example.org", "not the password"),
}


async def prepare() -> None:
    """Make the accounts."""
    for name in ("ada", "suspended", "older"):
        form = {"first_name": "Ada", "last_name": "Lovelace", "email": f"{name}@example.org", "password": PASSWORD}
        user = await users.register(UserCreate.model_validate(form))
        if name == "suspended":
            await users.change_as_admin(user.get_id(), UserAdminUpdate(suspended=True))
        if name == "older":
            hashed = await asyncio.to_thread(bcrypt.hashpw, PASSWORD.encode(), bcrypt.gensalt(12))
            await users.set_password(user.get_id(), hashed.decode())


async def refused_in(email: str, password: str, turn: int) -> float:
    """The milliseconds until a login is refused; each turn from another address, as nobody waits then."""
    form = Login.model_validate({"email": email, "password": password})
    began = time.perf_counter()
    try:
        await sessions.log_in(form, Caller(address=f"198.51.100.{turn}"))
    except WrongCredentials:
        return (time.perf_counter() - began) * 1000
    raise RuntimeError(f"{email} was let in")


async def measure() -> float:
    """Print the distributions; gives how far the medians lie apart, as a part of the smallest."""
    times: dict[str, list[float]] = {case: [] for case in CASES}
    async with opened():
        await prepare()
        for turn in range(TURNS + 1):
            for case, (email, password) in CASES.items():
                took = await refused_in(email, password, turn)
                if turn:  # the first one makes the decoy
                    times[case].append(took)
    for case, found in times.items():
        low, median, high = statistics.quantiles(found, n=4)
        print(
            f"  {case:24} median {median:6.0f} ms, quartiles {low:6.0f} and {high:6.0f} ms, most {max(found):6.0f} ms"
        )
    medians = [statistics.median(found) for found in times.values()]
    return max(medians) / min(medians) - 1


def main() -> int:
    """Measure in processes of their own, since settings are read once; the exit status is of the one with steps."""
    verdict = 0
    for step in (0, type(settings).model_fields["refusal_step_ms"].default):
        print(f"refusals in steps of {step} ms, {TURNS} turns:", flush=True)
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("ARGON2_", "MONGO_", "DYNO"))}
        with tempfile.TemporaryDirectory() as folder:
            own = {"DATA_DIR": folder, "MAIL_URL": f"file:{folder}", "REFUSAL_STEP_MS": str(step)}
            command = [sys.executable, "-m", "bench.login_timing", "once"]
            verdict = subprocess.run(command, env=kept | own, check=False).returncode
    return verdict


def once() -> int:
    """Measure here."""
    apart = asyncio.run(measure())
    print(f"  the medians lie {apart:.0%} apart; allowed are {ALLOWED:.0%}")
    return int(apart > ALLOWED)


if __name__ == "__main__":
    sys.exit(once() if sys.argv[1:] == ["once"] else main())
