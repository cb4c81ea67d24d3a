"""The keys that tokens and cursors are signed with."""

import secrets
from functools import cache

from config import local_secret
from config.main import settings


@cache
def signing_keys() -> tuple[bytes, ...]:
    """The current key first, then the one before it, which still verifies after a rotation."""
    current = settings.jwt_secret_key.get_secret_value().encode() if settings.jwt_secret_key else local_key()
    previous = settings.jwt_secret_key_previous
    return (current, previous.get_secret_value().encode()) if previous else (current,)


def local_key() -> bytes:
    """The key of a checkout without a configured one: random, kept beside its data, shared by its workers."""
    return local_secret.read_or_make(settings.data_dir / "signing-key", lambda: secrets.token_bytes(48))
