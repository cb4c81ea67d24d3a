"""Taking over the accounts of the older service: one line of its export each (MongoDB Extended JSON)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from json import JSONDecodeError

from bson import json_util
from bson.binary import UuidRepresentation
from bson.errors import BSONError
from pydantic import ValidationError

from models.older_accounts import OlderAccount
from utils import users

_OPTIONS = json_util.DEFAULT_JSON_OPTIONS.with_options(tz_aware=True, uuid_representation=UuidRepresentation.STANDARD)


@dataclass(slots=True)
class Takeover:
    """What became of an export."""

    taken: int = 0
    left_out: int = 0
    admins: list[str] = field(default_factory=list)  # their ids: they are ordinary people here


async def take_over(lines: Iterable[str], complain: Callable[[int, str], None]) -> Takeover:
    """Make an account of each line; they sign in with the password that they have.

    Args:
        lines: of the export.
        complain: is told the number of each line that is left out, and why: never what stands in it.
    """
    outcome = Takeover()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            account = _read(line)
        except (ValueError, TypeError, BSONError) as error:
            outcome.left_out += 1
            complain(number, _reason(error))
            continue
        if not await users.add_missing([account.to_user()]):
            outcome.left_out += 1
            complain(number, "an account with this id or e-mail address is here already")
            continue
        outcome.taken += 1
        if account.administered:
            outcome.admins.append(account.id)
    return outcome


def _read(line: str) -> OlderAccount:
    document = json_util.loads(line, json_options=_OPTIONS)
    if isinstance(document, dict):
        document = {name: value for name, value in document.items() if value is not None}
    return OlderAccount.model_validate(document)


def _reason(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
    return "this is not JSON" if isinstance(error, JSONDecodeError) else "this is not a document of MongoDB"
