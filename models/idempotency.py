"""Requests that are done once, however often they are sent (draft-ietf-httpapi-idempotency-key-header)."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from pydantic import BaseModel

from models.commons import ExtendedBaseModel, UtcDatetime, new_id

_intended: ContextVar[str | None] = ContextVar("intended_id", default=None)


class Answer(BaseModel):
    """What was answered the first time."""

    status: int
    headers: dict[str, str]
    body: bytes


class Claim(ExtendedBaseModel):
    """One document of `idempotency_keys`: a request that somebody works on, or whose answer is remembered."""

    fingerprint: bytes  # of what was sent; keyed, since that may hold a password
    document_id: str  # of what the request creates, also when it has to be tried again
    attempt: str  # who works on it
    claimed_until: UtcDatetime  # then another may: the worker was lost
    expires_at: UtcDatetime
    owner_id: str | None = None
    answer: Answer | None = None
    tried_before: bool = False


def intended_id() -> str:
    """The identifier for the document that the request in hand creates, the same at each try; else a new one."""
    return _intended.get() or new_id()


@contextmanager
def intending(document_id: str) -> Iterator[None]:
    """Let what is created meanwhile have this identifier."""
    before = _intended.set(document_id)
    try:
        yield
    finally:
        _intended.reset(before)
