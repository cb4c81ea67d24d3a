"""Opaque, signed cursors for keyset pages: a position in one list, of no use in another."""

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import orjson

from models.commons import Item, Page
from models.exceptions import InvalidCursor
from utils import secrets

_SIGNATURE_BYTES = 16
_TICK = timedelta(milliseconds=1)  # the store's times are no finer


def encode(position: list[Any], binding: object) -> str:
    """Make a cursor.

    Args:
        position: the sort key of the last document shown; JSON values and aware datetimes.
        binding: what the list is narrowed to and sorted by; another list refuses the cursor.
    """
    payload = orjson.dumps([{"t": value} if isinstance(value, datetime) else value for value in position])
    return urlsafe_b64encode(_sign(payload, binding) + payload).rstrip(b"=").decode()


def decode(cursor: str, binding: object) -> list[Any]:
    """Read a cursor back.

    Raises:
        InvalidCursor: it was not made by `encode` with this binding.
    """
    try:
        raw = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
    except (Base64Error, ValueError) as error:
        raise InvalidCursor from error
    signature, payload = raw[:_SIGNATURE_BYTES], raw[_SIGNATURE_BYTES:]
    if not any(hmac.compare_digest(signature, made) for made in _signatures(payload, binding)):
        raise InvalidCursor
    values = orjson.loads(payload)
    return [datetime.fromisoformat(value["t"]) if isinstance(value, dict) else value for value in values]


def page(found: list[Item], limit: int, binding: object, key: Callable[[Item], list[Any]]) -> Page[Item]:
    """Cut what was read, one more than asked for, into a page.

    Args:
        found: up to `limit` + 1 items.
        limit: how many go out.
        binding: as in `encode`.
        key: the position of an item.
    """
    items = found[:limit]
    following = encode(key(items[-1]), binding) if len(found) > limit else None
    return Page(items=items, next_cursor=following)


def after(position: list[Any], fields: list[tuple[str, int]]) -> dict[str, Any]:
    """The filter for what comes after a position in the order of `fields` (name, direction).

    Written with a plain range on the first field, which bounds an index scan, and the exact condition beside it.
    """
    first, direction = fields[0]
    branches: list[dict[str, Any]] = []
    for depth, (name, way) in enumerate(fields):
        same = {field: position[index] for index, (field, _) in enumerate(fields[:depth])}
        branches.append({**same, name: {"$gt" if way > 0 else "$lt": position[depth]}})
    return {"$and": [{first: {"$gte": position[0]} if direction > 0 else _up_to(position[0])}, {"$or": branches}]}


def _up_to(bound: Any) -> dict[str, Any]:
    """A plain range; the embedded store, asked for `$lte`, leaves out equals where the index has further fields."""
    return {"$lt": bound + _TICK} if isinstance(bound, datetime) else {"$lte": bound}


def _sign(payload: bytes, binding: object) -> bytes:
    return next(_signatures(payload, binding))


def _signatures(payload: bytes, binding: object) -> Iterator[bytes]:
    bound = orjson.dumps(binding, option=orjson.OPT_SORT_KEYS, default=str)
    for secret in secrets.signing_keys():
        key = hashlib.blake2b(secret, person=b"cursor").digest()
        yield hashlib.blake2b(bound + b"\0" + payload, key=key, digest_size=_SIGNATURE_BYTES).digest()
