"""Hashing passwords off the event loop: Argon2id (RFC 9106), with older bcrypt hashes still verified."""

import asyncio
from functools import cache

from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError
from pwdlib.hashers.argon2 import Argon2Hasher
from pwdlib.hashers.bcrypt import BcryptHasher

from config.main import settings

_at_once = asyncio.Semaphore(2)


@cache
def _hasher() -> PasswordHash:
    argon2 = Argon2Hasher(
        time_cost=settings.argon2_time_cost, memory_cost=settings.argon2_memory_kib, parallelism=settings.argon2_lanes
    )
    return PasswordHash((argon2, BcryptHasher()))


@cache
def _decoy() -> str:
    """A hash of nobody's password, so that an unknown account costs what a known one costs."""
    return _hasher().hash("nobody's password")


async def hash_password(password: str) -> str:
    """The Argon2id hash of a password, in PHC string format."""
    async with _at_once:
        return await asyncio.to_thread(_hasher().hash, password)


async def verify(password: str, known: str | None) -> tuple[bool, str | None]:
    """Compare a password with a stored hash, in the same time whether there is one or not.

    Returns:
        Whether they belong together, and the hash to store from now on if the stored one is of an older kind.
    """
    async with _at_once:
        return await asyncio.to_thread(_verify, password, known)


def _verify(password: str, known: str | None) -> tuple[bool, str | None]:
    try:
        matches, renewed = _hasher().verify_and_update(password, known or _decoy())
    except UnknownHashError:
        return False, None
    return (matches, renewed) if known else (False, None)
