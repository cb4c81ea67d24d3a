"""Wrong passwords, counted in the store: the one owner of `login_attempts`.

Counted are the pair of account and source, the source, and the account. Beyond its free failures each makes the next
try wait, ever longer up to a bound. A device that signed in to the account before is counted for itself alone, and a
place that did is spared the count of the account: no stranger shuts an owner out. Names and addresses are kept as
keyed hashes; that an account does not exist changes nothing.
"""

import asyncio
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from pymongo import IndexModel
from pymongo.errors import DuplicateKeyError

from config import db
from models.auth import Caller
from models.commons import now
from models.exceptions import TooManyLogins
from models.users import fold_email
from utils import callers, secrets

COLLECTION = "login_attempts"
INDEXES = (IndexModel([("expires_at", 1)], name="ends", expireAfterSeconds=0),)
FAMILIAR_FOR = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Limit:
    """How many failures cost nothing, how long a wait gets, and how long failures are remembered after the last."""

    free: int
    longest: timedelta
    memory: timedelta


PAIR = Limit(free=5, longest=timedelta(minutes=15), memory=timedelta(days=1))
SOURCE = Limit(free=100, longest=timedelta(minutes=5), memory=timedelta(hours=1))
ACCOUNT = Limit(free=50, longest=timedelta(minutes=1), memory=timedelta(days=1))


@dataclass(frozen=True, slots=True)
class Attempt:
    """One presented password: what is counted if it is wrong, and what is remembered if it is right."""

    counted: Mapping[str, Limit]
    marks: tuple[str, ...]
    familiar: bool


def _attempts() -> db.Collection:
    return db.collection(COLLECTION)


async def admit(email: str, caller: Caller) -> Attempt:
    """Let a password be tried.

    Raises:
        TooManyLogins: a count says to wait.
    """
    source, account = callers.source(caller.address), fold_email(email)
    device, place = _key("known device", account, caller.device_key), _key("known place", account, source)
    by_device = {_key("device", account, caller.device_key): PAIR}
    by_pair = {_key("pair", account, source): PAIR, _key("source", source): SOURCE}
    by_account = {_key("account", account): ACCOUNT}
    found = await _read([device, place, *by_device, *by_pair, *by_account])
    if caller.device_key and device in found:
        counted = by_device
    else:
        counted = by_pair if place in found else by_pair | by_account
    _require_open(found, counted)
    marks = (device, place) if caller.device_key else (place,)
    return Attempt(counted, marks, familiar=any(mark in found for mark in marks))


async def failed(attempt: Attempt) -> None:
    """Count a wrong password.

    Raises:
        TooManyLogins: rivals have used up what was free since `admit`, so nothing may be learned from this try.
    """
    for key, limit in attempt.counted.items():
        while not await _count(key, limit):
            _require_open(await _read([key]), [key])  # open: a rival made it a moment ago, so count again


async def succeeded(attempt: Attempt) -> None:
    """Forget the failures of the right person, and remember device and place.

    Raises:
        TooManyLogins: as in `failed`.
    """
    _require_open(await _read(attempt.counted), attempt.counted)
    await _attempts().delete_one({"_id": next(iter(attempt.counted))})
    lasting = {"$set": {"expires_at": now() + FAMILIAR_FOR}}
    await asyncio.gather(*(_attempts().update_one({"_id": mark}, lasting, upsert=True) for mark in attempt.marks))


async def forgive(email: str) -> None:
    """Forget the failures of an account, whoever caused them; for an owner who has proved himself otherwise."""
    await _attempts().delete_one({"_id": _key("account", fold_email(email))})


async def _count(key: str, limit: Limit) -> bool:
    """Count one more failure; False if the count is closed, or was made by a rival at this very moment."""
    moment = now()
    wait_s = {"$min": [limit.longest.total_seconds(), {"$pow": [2, {"$subtract": ["$failures", limit.free]}]}]}
    later = {"$add": [moment, {"$multiply": [1000, wait_s]}]}
    counted = {"$cond": [{"$gt": ["$expires_at", moment]}, {"$add": ["$failures", 1]}, 1]}
    opens = {"$cond": [{"$lt": ["$failures", limit.free]}, moment, later]}
    try:
        await _attempts().update_one(
            {"_id": key, "open_at": {"$lte": moment}},
            [{"$set": {"failures": counted}}, {"$set": {"open_at": opens, "expires_at": moment + limit.memory}}],
            upsert=True,
        )
    except DuplicateKeyError:  # it is there, and the filter did not find it
        return False
    return True


async def _read(keys: Iterable[str]) -> dict[str, Any]:
    living = {"_id": {"$in": list(keys)}, "expires_at": {"$gt": now()}}
    return {document["_id"]: document async for document in _attempts().find(living)}


def _require_open(found: Mapping[str, Any], counted: Iterable[str]) -> None:
    moment = now()
    opens: datetime = max((found[key]["open_at"] for key in counted if key in found), default=moment)
    if opens > moment:
        raise TooManyLogins(ceil((opens - moment).total_seconds()))


def _key(kind: str, *parts: str) -> str:
    named = "\0".join((kind, *parts)).encode()
    return f"{kind}:{hmac.digest(secrets.signing_keys()[0], named, 'sha256').hex()}"
