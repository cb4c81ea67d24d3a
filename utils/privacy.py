"""A person's own data, in full: handing it out, and erasing it."""

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Mapping
from datetime import timedelta
from typing import Any

import orjson

from models.auth import Caller
from models.commons import now
from models.confirmations import Erasure
from models.exceptions import ReauthenticationNeeded
from models.notices import UserDeleted
from models.users import User
from utils import _archive, attendance, audit, events, feedback, hub, images, mail, sessions, tokens, users

RECENT = timedelta(minutes=10)
_SECRET = {"password_hash", "email_folded", "sessions", "erasing_at"}


async def export(user: User) -> AsyncIterator[bytes]:
    """All that the service holds on a person: a ZIP archive of JSON files, and the images as they are kept.

    What can only be looked up from the outside is not in it: hashes of tokens, and of names and addresses whose wrong
    passwords are counted.
    """
    return _archive.zipped(_entries(user))


async def erase(
    user: User, proof: Erasure | None, session_id: str, caller: Caller, versions: tuple[int, ...] | None
) -> None:
    """Erase an account and all that hangs on it; see `users.delete`.

    Args:
        user: who wants it.
        proof: the password; a session that was opened a moment ago does as well.
        session_id: the session that asks.
        caller: where the wish comes from.
        versions: the states that `If-Match` names.

    Raises:
        ReauthenticationNeeded: neither is there.
        WrongPassword: the password is not the account's.
        LastAdmin: nobody would be left to administer.
        PreconditionFailed: the account is at none of `versions`.
        TooManyLogins, Busy: as when signing in.
    """
    if proof is not None:
        await sessions.confirm(user, proof.password.get_secret_value(), caller)
    elif not await sessions.opened_since(session_id, now() - RECENT):
        raise ReauthenticationNeeded
    await users.delete(user.get_id(), versions, user)


async def repair() -> int:
    """Erase what names people who are gone: requests that were under way when they left may have written it.

    Returns:
        How many erasures were taken up or repeated.
    """
    unfinished = await users.finish_erasures()
    named = await events.people() | await feedback.people() | await images.people()
    gone = await users.missing(named)
    for user_id in gone:
        await hub.publish(UserDeleted(user_id))
    return unfinished + len(gone)


async def _entries(user: User) -> AsyncIterator[_archive.Entry]:
    user_id = user.get_id()
    account = user.model_dump(mode="json", exclude=_SECRET)
    lists: Mapping[str, AsyncIterable[Any]] = {
        "sessions": sessions.held_on(user_id),
        "events": events.held_on(user_id),
        "attendance": _each(await attendance.export_of(user_id)),
        "feedback": feedback.held_on(user_id),
        "letters": mail.held_on(user_id),
        "links": tokens.held_on(user_id),
        "audit": audit.held_on(user_id),
    }
    yield "account.json", _each([orjson.dumps(account, option=orjson.OPT_INDENT_2)])
    for name, items in lists.items():
        yield f"{name}.json", _json_array(items)
    held = [image async for image in images.held_on(user_id)]
    yield "images.json", _json_array(_each([image.model_dump(mode="json") for image in held]))
    for image in held:
        _, content = await images.open_variant(image.get_id())
        yield f"images/{image.get_id()}.{image.content_type.partition('/')[2]}", content


async def _json_array(items: AsyncIterable[Any]) -> AsyncIterator[bytes]:
    before = b"[\n"
    async for item in items:
        yield before + orjson.dumps(item)
        before = b",\n"
    yield b"[]\n" if before == b"[\n" else b"\n]\n"


async def _each(items: Iterable[Any]) -> AsyncIterator[Any]:
    for item in items:
        yield item
