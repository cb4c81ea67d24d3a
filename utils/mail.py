"""Letters to people: the one owner of `outbox`, where a letter stands from its cause until it is sent.

The request that causes a letter writes it here and waits for nothing else. An attempt claims it by moving
`next_attempt_at` ahead in the same conditional update that reads it: nobody else sends it meanwhile, and if the
process dies, it is due again. What a letter tells and where it goes is forgotten once it is sent.
"""

import asyncio
import logging
import random
from collections.abc import AsyncIterable, AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo import IndexModel, ReturnDocument, UpdateOne
from pymongo.errors import DuplicateKeyError

from config import db, mailer, tasks
from config.main import settings
from models.commons import new_id, now
from models.mail import Letter, Purpose, Template
from models.notices import UserDeleted
from models.users import User, UserId, fold_email
from utils import _letters, tokens, users

COLLECTION = "outbox"
INDEXES = (
    IndexModel([("next_attempt_at", 1)], name="due", sparse=True),
    IndexModel([("expires_at", 1)], name="expiry", expireAfterSeconds=0),
    IndexModel([("recipient_id", 1)], name="by_recipient"),
)
LEASE = timedelta(minutes=2)  # longer than an attempt can last: see config.mailer.TIMEOUT_S
FIRST_DELAY = timedelta(seconds=15)
LONGEST_DELAY = timedelta(hours=1)
GIVE_UP_AFTER = timedelta(days=5)  # RFC 5321, section 4.5.4.1: four or five days
REMEMBERED = timedelta(days=30)  # how long a once-key keeps its letter from being sent again
BATCH = 500
AT_ONCE = 4  # letters that one process is sending
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_PURPOSES = {
    Template.VERIFY_ADDRESS: Purpose.VERIFY_ADDRESS,
    Template.CONFIRM_ADDRESS: Purpose.CHANGE_ADDRESS,
    Template.RESET_PASSWORD: Purpose.RESET_PASSWORD,
}
_log = logging.getLogger("underline.mail")
_at_once = asyncio.Semaphore(AT_ONCE)


def _outbox() -> db.Collection:
    return db.collection(COLLECTION)


async def send(
    template: Template,
    recipient_id: str | None,
    context: Mapping[str, Any] | None = None,
    *,
    once_key: str | None = None,
    address: str | None = None,
    session: db.Transaction | None = None,
) -> None:
    """Write a letter into the outbox; it is sent soon, off the request path.

    Args:
        template: what it is about.
        recipient_id: the account that it goes to; None where only the address is known.
        context: what the template tells; plain values and times, nothing secret.
        once_key: the cause of the letter; a second one with the same key changes nothing.
        address: where it goes, if not to the account's own address; without an account, by which one is found.
        session: the transaction that causes it: no letter without the cause, and no cause without the letter.
    """
    letter = _draft(template, recipient_id, context, once_key, address)
    try:
        await _outbox().update_one(*_unless_there(letter), upsert=True, session=session)
    except DuplicateKeyError:
        return  # a rival with the same key was faster
    if session is None:
        tasks.wake(lambda: deliver_soon.kiq(letter.get_id()))


async def send_to_all(
    template: Template, recipient_ids: AsyncIterable[str], context: Mapping[str, Any], *, once_key: str
) -> None:
    """Write the same letter to many people, a bulk at a time; repeating it changes nothing.

    Args:
        template: what it is about.
        recipient_ids: the accounts that it goes to.
        context: what the template tells; plain values and times, nothing secret.
        once_key: the cause of the letters; each person gets one.
    """
    bulk: list[UpdateOne] = []
    async for recipient_id in recipient_ids:
        letter = _draft(template, recipient_id, context, f"{once_key}:{recipient_id}", None)
        bulk.append(UpdateOne(*_unless_there(letter), upsert=True))
        if len(bulk) == BATCH:
            await _outbox().bulk_write(bulk, ordered=False)
            bulk.clear()
    if bulk:
        await _outbox().bulk_write(bulk, ordered=False)
    tasks.wake(sweep_soon.kiq)


async def deliver(letter_id: str) -> None:
    """Send a letter, if it is due and nobody else is at it."""
    async with _at_once:  # before the claim: no lease runs out while its holder waits in line
        letter = await _claim(letter_id)
        if letter is not None:
            await _attempt(letter)


async def sweep() -> int:
    """Send whatever is due, the oldest first; how many letters were tried."""
    tried = 0
    while (
        due := await _outbox()
        .find({"next_attempt_at": {"$lte": now()}}, {"_id": 1})
        .sort("next_attempt_at", 1)
        .limit(BATCH)
        .to_list()
    ):
        results = await asyncio.gather(*(deliver(document["_id"]) for document in due), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                _log.error("a letter could not be written", exc_info=result)
        tried += len(due)
    return tried


async def count_waiting(limit: int) -> int:
    """How many letters wait to be sent, counted up to `limit`."""
    return await _outbox().count_documents({"next_attempt_at": {"$gt": EPOCH}}, limit=limit)


async def held_on(user_id: str) -> AsyncIterator[dict[str, Any]]:
    """The letters of a person, for himself: those that wait, and what is remembered of those that were sent."""
    shown = {"_id": 0, "template": 1, "context": 1, "address": 1, "created_at": 1, "outcome": 1}
    async for document in _outbox().find({"recipient_id": user_id}, shown):
        yield document


async def on_user_deleted(notice: UserDeleted) -> None:
    """Drop the letters to a person who is gone."""
    await _outbox().delete_many({"recipient_id": notice.user_id})


@tasks.broker.task("mail.deliver")
async def deliver_soon(letter_id: str) -> None:
    """The queued form of `deliver`."""
    await deliver(letter_id)


@tasks.broker.task("mail.sweep")
async def sweep_soon() -> None:
    """The queued form of `sweep`."""
    await sweep()


def _draft(
    template: Template,
    recipient_id: str | None,
    context: Mapping[str, Any] | None,
    once_key: str | None,
    address: str | None,
) -> Letter:
    return Letter(
        id=once_key or new_id(),
        template=template,
        recipient_id=UserId(recipient_id) if recipient_id else None,
        context=dict(context or {}),
        address=address,
        next_attempt_at=now(),
    )


def _unless_there(letter: Letter) -> tuple[dict[str, Any], dict[str, Any]]:
    """The filter and the update that put a letter into the outbox unless one with its key is there."""
    document = {name: value for name, value in letter.model_dump().items() if value is not None}
    return {"_id": document.pop("_id")}, {"$setOnInsert": document}


async def _claim(letter_id: str) -> Letter | None:
    moment = now()
    document = await _outbox().find_one_and_update(
        {"_id": letter_id, "next_attempt_at": {"$lte": moment}},
        {
            "$set": {"next_attempt_at": moment + LEASE, "claim": new_id(), "updated_at": moment},
            "$inc": {"attempts": 1, "version": 1},
        },
        return_document=ReturnDocument.AFTER,
    )
    return Letter.from_document(document) if document else None


async def _attempt(letter: Letter) -> None:
    """Send a claimed letter and note how it went; one whose reader is gone is done with."""
    if letter.attempts > 1 and now() - letter.created_at > GIVE_UP_AFTER:
        _log.error("letter %s is given up after %d attempts", letter.get_id(), letter.attempts - 1)
        await _finish(letter, "given up")
        return
    reader = await _reader(letter)
    if reader is None:
        await _finish(letter, "nobody to read it")
        return
    address = (letter.address if letter.recipient_id else None) or reader.email
    message = _letters.write(letter, address, reader.language, await _facts(letter, reader, address))
    try:
        await mailer.post(message)
    except mailer.NotDelivered as error:
        if error.for_good:
            _log.error("letter %s is refused for good: %s", letter.get_id(), error)
            await _finish(letter, "refused")
        else:
            await _postpone(letter, reader, error)
        return
    await _finish(letter, "sent")


async def _reader(letter: Letter) -> User | None:
    """The account that a letter is for; a confirmation that came meanwhile leaves nobody to ask for it."""
    if letter.recipient_id is not None:
        user = await users.find(letter.recipient_id)
    else:
        user = await users.find_by_email(letter.address or "")
    if user and user.email_verified and letter.template is Template.VERIFY_ADDRESS:
        return None
    return user


async def _facts(letter: Letter, reader: User, address: str) -> dict[str, Any]:
    """What the text tells; a link is made only now, so that no token waits in the store.

    An address that nobody confirmed is not told the name that somebody typed in beside it.
    """
    proven = reader.email_verified and fold_email(address) == fold_email(reader.email)
    facts: dict[str, Any] = {"name": reader.first_name if proven else "", **letter.context}
    purpose = _PURPOSES.get(letter.template)
    if purpose is not None:
        token = await tokens.issue(purpose, reader, address)
        facts["link"] = f"{settings.public_url.rstrip('/')}{purpose.path}?token={token}"
        facts["hours"] = int(purpose.lifetime / timedelta(hours=1))
    return facts


async def _postpone(letter: Letter, reader: User, reason: Exception) -> None:
    """Let a letter wait, under the account that it is for: it goes when the account goes."""
    delay = min(LONGEST_DELAY, FIRST_DELAY * 2 ** min(letter.attempts - 1, 16))
    delay *= random.uniform(0.8, 1.2)  # noqa: S311  # spreads the attempts, guards nothing
    _log.warning(
        "letter %s did not leave (attempt %d, next in %d s): %s",
        letter.get_id(),
        letter.attempts,
        delay.total_seconds(),
        reason,
    )
    await _outbox().update_one(
        {"_id": letter.get_id(), "claim": letter.claim},
        {
            "$set": {"next_attempt_at": now() + delay, "recipient_id": reader.get_id()},
            "$unset": {"claim": ""} if letter.recipient_id else {"claim": "", "address": ""},
            "$inc": {"version": 1},
        },
    )


async def _finish(letter: Letter, outcome: str) -> None:
    """Keep the key, so that the letter is not sent again, and how it ended; forget what it told and where it went."""
    remembered = REMEMBERED if letter.recipient_id else timedelta(hours=1)
    await _outbox().update_one(
        {"_id": letter.get_id(), "claim": letter.claim},
        {
            "$set": {"outcome": outcome, "expires_at": now() + remembered, "updated_at": now()},
            "$unset": {"next_attempt_at": "", "claim": "", "context": "", "address": ""},
            "$inc": {"version": 1},
        },
    )
