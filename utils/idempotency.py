"""Requests that are done once: the one owner of `idempotency_keys`.

Only what was done is remembered: a refused request may be corrected and sent again under its key. When it is not known
whether the work was done (a lost worker, a store that went away), the next try looks for the document that the work
would have made, under an identifier that was fixed at the first try.
"""

import hashlib
from contextlib import suppress
from datetime import timedelta

from pymongo import IndexModel
from pymongo.errors import DuplicateKeyError

from config import db
from models.commons import new_id, now
from models.exceptions import IdempotencyInProgress, IdempotencyKeyReused
from models.idempotency import Answer, Claim
from models.notices import UserDeleted
from utils import secrets

COLLECTION = "idempotency_keys"
INDEXES = (
    IndexModel([("expires_at", 1)], name="ends", expireAfterSeconds=0),
    IndexModel([("owner_id", 1)], name="by_owner", sparse=True),
)
KEPT = timedelta(hours=24)
CLAIMED = timedelta(seconds=30)  # longer than any request lasts


def _keys() -> db.Collection:
    return db.collection(COLLECTION)


async def claim(caller: str, operation: str, key: str, sent: bytes, owner_id: str | None = None) -> Claim:
    """Start on a request, or learn its answer: a claim that has an `answer` is not to be worked on.

    Args:
        caller: whose key it is; keys of different callers have nothing to do with each other.
        operation: what is asked for; nor have those of different operations.
        key: the client's name for the request.
        sent: what was sent with it.
        owner_id: the account that the answer belongs to.

    Raises:
        IdempotencyKeyReused: something else was sent under this key.
        IdempotencyInProgress: the first request under this key is being worked on.
    """
    moment = now()
    wanted = Claim(
        _id=_digest(caller.encode(), operation.encode(), key.encode()).hex(),
        fingerprint=_digest(sent),
        document_id=new_id(),
        attempt=new_id(),
        claimed_until=moment + CLAIMED,
        expires_at=moment + KEPT,
        owner_id=owner_id,
    )
    try:
        await _keys().insert_one(wanted.model_dump(exclude_none=True))
    except DuplicateKeyError:
        return await _existing(wanted)
    return wanted


async def settle(claimed: Claim, answer: Answer, owner_id: str) -> None:
    """Remember the answer to what was done, for `owner_id`."""
    await _keys().update_one(
        {"_id": claimed.get_id(), "attempt": claimed.attempt},
        {"$set": {"answer": answer.model_dump(), "owner_id": owner_id, "expires_at": now() + KEPT}},
    )


async def withdraw(claimed: Claim) -> None:
    """Forget a request that was refused: nothing was done."""
    await _keys().delete_one({"_id": claimed.get_id(), "attempt": claimed.attempt})


async def release(claimed: Claim) -> None:
    """Let the next try begin at once, after one of which nobody knows what it did; with the store away it waits."""
    with suppress(*db.STORE_AWAY):
        await _keys().update_one(
            {"_id": claimed.get_id(), "attempt": claimed.attempt}, {"$set": {"claimed_until": now()}}
        )


async def on_user_deleted(notice: UserDeleted) -> None:
    """Forget the answers that a person got who is gone."""
    await _keys().delete_many({"owner_id": notice.user_id})


async def _existing(wanted: Claim) -> Claim:
    """What is known of a request that was sent before; taken over where its worker was lost."""
    same = {"_id": wanted.get_id(), "fingerprint": wanted.fingerprint}
    taken = await _keys().find_one_and_update(
        {**same, "answer": None, "claimed_until": {"$lte": now()}},
        {"$set": {"attempt": wanted.attempt, "claimed_until": wanted.claimed_until, "tried_before": True}},
    )
    if taken is not None:
        return Claim.from_document(taken).model_copy(update={"attempt": wanted.attempt, "tried_before": True})
    document = await _keys().find_one({"_id": wanted.get_id()})
    held = Claim.from_document(document) if document else None
    if held is not None and held.fingerprint != wanted.fingerprint:
        raise IdempotencyKeyReused("This key came with another body before.", pointer="#/header/Idempotency-Key")
    if held is None or held.answer is None:
        raise IdempotencyInProgress(headers={"Retry-After": "1"})
    return held


def _digest(*parts: bytes) -> bytes:
    secret = hashlib.blake2b(secrets.signing_keys()[-1], person=b"idempotency").digest()
    digest = hashlib.blake2b(key=secret, digest_size=24)
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.digest()
