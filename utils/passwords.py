"""Hashing passwords off the event loop: Argon2id (RFC 9106), with older bcrypt hashes still verified.

A worker hashes a few at a time, on threads of their own that yield to the event loop; a bounded number waits.
"""

import asyncio
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib import resources
from typing import TypeVar

from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError
from pwdlib.hashers.argon2 import Argon2Hasher
from pwdlib.hashers.bcrypt import BcryptHasher

from config.main import settings
from models.exceptions import Busy, CommonPassword

Result = TypeVar("Result")
BCRYPT_BYTES = 72
BACKGROUND = 10  # the niceness of the threads, which the lanes of Argon2 inherit


class _Queue:
    """How many passwords wait or are being hashed."""

    length = 0


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(settings.hashes_at_once, "passwords", initializer=_step_back)


def _step_back() -> None:
    """Let the event loop go first; Linux has a niceness for each thread."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), BACKGROUND)


@cache
def _hasher() -> PasswordHash:
    argon2 = Argon2Hasher(
        time_cost=settings.argon2_time_cost, memory_cost=settings.argon2_memory_kib, parallelism=settings.argon2_lanes
    )
    return PasswordHash((argon2,))


@cache
def _decoy() -> str:
    """A hash of nobody's password, so that an unknown account costs what a known one costs."""
    return _hasher().hash("nobody's password")


@cache
def common() -> frozenset[str]:
    """The passwords that are tried first, casefolded."""
    text = resources.files("utils").joinpath("common_passwords.txt").read_text("utf-8")
    return frozenset(line for line in text.splitlines() if not line.startswith("# "))


async def hash_password(password: str, pointer: str = "/password") -> str:
    """The Argon2id hash of a new password, in PHC string format.

    Raises:
        CommonPassword: it is among the commonest; `pointer` names its field.
        Busy: too many others wait.
    """
    if password.casefold() in common():
        raise CommonPassword(pointer)
    return await _off_the_loop(lambda: _hasher().hash(password))


async def verify(password: str, known: str | None) -> tuple[bool, str | None]:
    """Compare a password with a stored hash, in the same time whether there is one or not.

    Returns:
        Whether they belong together, and the hash to store from now on if the stored one is of an older kind.

    Raises:
        Busy: too many others wait.
    """
    return await _off_the_loop(lambda: _verify(password, known))


async def _off_the_loop(work: Callable[[], Result]) -> Result:
    if _Queue.length >= settings.hashes_at_once + settings.hashes_waiting:
        raise Busy
    _Queue.length += 1
    try:
        return await asyncio.get_running_loop().run_in_executor(_threads(), work)
    finally:
        _Queue.length -= 1


def _verify(password: str, known: str | None) -> tuple[bool, str | None]:
    if known and known.startswith("$2"):
        return _verify_older(password, known)
    try:
        matches, renewed = _hasher().verify_and_update(password, known or _decoy())
    except UnknownHashError:
        return False, None
    return (matches, renewed) if known else (False, None)


def _verify_older(password: str, known: str) -> tuple[bool, str | None]:
    """Compare with a bcrypt hash: it was made of the first bytes alone, and today's library takes no more."""
    matches = BcryptHasher().verify(password.encode()[:BCRYPT_BYTES], known)
    return matches, _hasher().hash(password) if matches else None
