"""Refresh tokens: opaque to clients, and chained so that an answer that was lost can be given once more.

A token is `SESSION.SECRET.SEAL`. The seal tells our own tokens from made-up ones without asking the store, so that
only a token that was once given out can revoke a session. Each token's successor follows from it and the signing key:
whoever repeats a refresh gets the same successor, and the store needs no more than hashes.
"""

import hashlib
import hmac
import secrets as random
from base64 import urlsafe_b64encode

from utils import secrets

_SECRET_BYTES = 32
_SEAL_BYTES = 16


def first(session_id: str) -> str:
    """The first token of a session."""
    return _make(session_id, random.token_bytes(_SECRET_BYTES), secrets.signing_keys()[0])


def successors(token: str) -> list[str]:
    """What follows a token: by the current signing key, then by the one before it."""
    session_id = token.partition(".")[0]
    return [_make(session_id, _mac(key, "successor", token), key) for key in secrets.signing_keys()]


def session_of(token: str) -> str | None:
    """The session that a token was made for; None if it is not one of ours."""
    payload, _, seal = token.rpartition(".")
    made = [_seal(payload, key) for key in secrets.signing_keys()]
    genuine = any(hmac.compare_digest(seal.encode(), candidate.encode()) for candidate in made)
    return payload.partition(".")[0] if genuine else None


def digest(token: str) -> str:
    """What the store keeps of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def _make(session_id: str, secret: bytes, key: bytes) -> str:
    payload = f"{session_id}.{_text(secret)}"
    return f"{payload}.{_seal(payload, key)}"


def _seal(payload: str, key: bytes) -> str:
    return _text(_mac(key, "seal", payload)[:_SEAL_BYTES])


def _mac(key: bytes, purpose: str, text: str) -> bytes:
    return hmac.digest(key, f"refresh token {purpose}:{text}".encode(), "sha256")


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()
