"""Tokens that travel in letters: the one owner of `mail_tokens`, which holds no token, only its hash."""

import secrets
from collections.abc import AsyncIterator, Iterable
from hashlib import sha256
from typing import Any

from pymongo import IndexModel

from config import db
from models.commons import now
from models.exceptions import LinkNotValid
from models.mail import Purpose, Token
from models.notices import UserDeleted
from models.users import User, UserId

COLLECTION = "mail_tokens"
INDEXES = (
    IndexModel([("expires_at", 1)], name="expiry", expireAfterSeconds=0),
    IndexModel([("user_id", 1), ("purpose", 1)], name="by_user"),
)


def _tokens() -> db.Collection:
    return db.collection(COLLECTION)


async def issue(purpose: Purpose, user: User, address: str) -> str:
    """Make a token and remember its hash.

    Args:
        purpose: what it is good for.
        user: whose it is.
        address: the address that it proves the reading of.
    """
    token = secrets.token_urlsafe(32)
    held = Token(
        id=_hash(token),
        purpose=purpose,
        user_id=UserId(user.get_id()),
        address=address,
        expires_at=now() + purpose.lifetime,
    )
    await _tokens().insert_one(held.model_dump())
    return token


async def get(token: str, *purposes: Purpose) -> Token:
    """What a token stands for, without using it up.

    Raises:
        LinkNotValid: it was used, has expired, is good for something else, or never was.
    """
    document = await _tokens().find_one(_good(token, purposes))
    if document is None:
        raise LinkNotValid
    return Token.from_document(document)


async def redeem(token: str, *purposes: Purpose) -> Token:
    """Use a token up.

    Raises:
        LinkNotValid: it was used, has expired, is good for something else, or never was.
    """
    document = await _tokens().find_one_and_delete(_good(token, purposes))
    if document is None:
        raise LinkNotValid
    return Token.from_document(document)


async def revoke(user_id: str, *purposes: Purpose) -> None:
    """Make all tokens of some purposes useless."""
    await _tokens().delete_many({"user_id": user_id, "purpose": {"$in": list(purposes)}})


async def held_on(user_id: str) -> AsyncIterator[dict[str, Any]]:
    """The links that a person could open at present, for himself."""
    async for document in _tokens().find({"user_id": user_id}, {"_id": 0, "purpose": 1, "address": 1, "expires_at": 1}):
        yield document


async def on_user_deleted(notice: UserDeleted) -> None:
    """Forget the tokens of a person who is gone."""
    await _tokens().delete_many({"user_id": notice.user_id})


def _good(token: str, purposes: Iterable[Purpose]) -> dict[str, Any]:
    return {"_id": _hash(token), "purpose": {"$in": list(purposes)}, "expires_at": {"$gt": now()}}


def _hash(token: str) -> str:
    return sha256(token.encode()).hexdigest()
