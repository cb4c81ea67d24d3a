"""Accounts: the one owner of `users`."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo import IndexModel, ReturnDocument
from pymongo.errors import DuplicateKeyError

from config import db
from models.audit import Action, Deed
from models.commons import Page, now
from models.exceptions import EmailTaken, LastAdmin, LinkNotValid, PreconditionFailed, UserNotFound
from models.idempotency import intended_id
from models.notices import ImagesDeleted, PasswordChanged, UserDeleted, UserSuspended
from models.users import LiveSession, Role, User, UserAdminUpdate, UserCreate, UserUpdate, fold_email
from utils import audit, cursors, hub, passwords
from utils._bulk import insert_missing

COLLECTION = "users"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ERASURE_GRACE = timedelta(minutes=1)
INDEXES = (
    IndexModel([("email_folded", 1)], name="by_email", unique=True),
    IndexModel([("created_at", -1), ("_id", -1)], name="by_age"),
    IndexModel([("role", 1), ("created_at", -1), ("_id", -1)], name="by_role"),
    IndexModel([("erasing_at", 1)], name="erasing", partialFilterExpression={"erasing_at": {"$gt": EPOCH}}),
)
MAX_SESSIONS = 32
_BATCH = 1_000


def _users() -> db.Collection:
    return db.collection(COLLECTION)


async def register(form: UserCreate, role: Role = Role.USER, actor: User | None = None) -> User:
    """Make an account.

    Args:
        form: what the person gave.
        role: what the person may do.
        actor: the admin who makes it for somebody else.

    Raises:
        EmailTaken: another account has this address.
    """
    user = User(
        _id=intended_id(),
        first_name=form.first_name,
        last_name=form.last_name,
        email=form.email,
        email_folded=fold_email(form.email),
        password_hash=await passwords.hash_password(form.password.get_secret_value()),
        language=form.language,
        role=role,
    )

    async def insert(session: db.Transaction | None = None) -> User:
        await _users().insert_one(user.model_dump(), session=session)
        return user

    try:
        if actor is None:
            return await insert()
        return await audit.recorded(Deed.by(actor, Action.USER_CREATED, user.get_id(), ["role"]), insert)
    except DuplicateKeyError as error:
        raise EmailTaken("Another account has this e-mail address.") from error


async def add_missing(people: Sequence[User]) -> set[str]:
    """Store accounts made elsewhere as they are, unless they are there; answers the ids of those that were not."""
    return await insert_missing(_users(), [each.model_dump() for each in people])


async def find(user_id: str) -> User | None:
    """The account with this id, if there is one."""
    document = await _users().find_one({"_id": user_id, "erasing_at": None})
    return User.from_document(document) if document else None


async def get(user_id: str) -> User:
    """The account with this id.

    Raises:
        UserNotFound: there is none.
    """
    user = await find(user_id)
    if user is None:
        raise UserNotFound("There is no user with this id.")
    return user


async def find_many(user_ids: Collection[str]) -> dict[str, User]:
    """Those of these accounts that there are, by id."""
    found = _users().find({"_id": {"$in": list(user_ids)}})
    return {document["_id"]: User.from_document(document) async for document in found}


async def missing(user_ids: Collection[str]) -> set[str]:
    """Those of these ids that no account has; for repairs."""
    gone, wanted = set(user_ids), list(user_ids)
    for start in range(0, len(wanted), _BATCH):
        async for document in _users().find({"_id": {"$in": wanted[start : start + _BATCH]}}, {"_id": 1}):
            gone.discard(document["_id"])
    return gone


async def reread(user_id: str, _viewer: User | None) -> User:
    """The account that was just made.

    Raises:
        UserNotFound: it was not.
    """
    return await get(user_id)


async def find_by_email(email: str) -> User | None:
    """The account with this address, compared without case, if there is one."""
    document = await _users().find_one({"email_folded": fold_email(email)})
    return User.from_document(document) if document else None


async def change(user_id: str, changes: UserUpdate, versions: tuple[int, ...] | None = None) -> User:
    """Change one's own profile.

    Raises:
        UserNotFound: the account is gone.
        PreconditionFailed: it is at none of `versions`.
    """
    return await _set(user_id, changes.model_dump(exclude_unset=True), versions)


async def change_as_admin(
    user_id: str, changes: UserAdminUpdate, versions: tuple[int, ...] | None = None, actor: User | None = None
) -> User:
    """Change somebody's role or suspension.

    Args:
        user_id: whose.
        changes: a merge patch.
        versions: the states that `If-Match` names.
        actor: the admin who does it; None: a command of the operator's.

    Raises:
        UserNotFound: there is no such account.
        PreconditionFailed: it is at none of `versions`.
        LastAdmin: nobody would be left to administer.
    """
    values = changes.model_dump(exclude_unset=True)
    if changes.suspended:
        values["sessions"] = []
    weakens = bool(changes.suspended) or changes.role not in (None, Role.ADMIN)
    deed = Deed.by(actor, Action.USER_CHANGED, user_id, changes.model_fields_set) if actor else None
    user = await _set_guarded(user_id, values, versions, deed, weakens=weakens)
    if changes.suspended:
        await hub.publish(UserSuspended(user_id))
    return user


async def set_password(user_id: str, password_hash: str, keep: str | None = None, known: str | None = None) -> None:
    """Give an account another password, and end all its sessions, but one to `keep`, in the same write.

    Args:
        user_id: the account.
        password_hash: of the new password.
        keep: the session that goes on.
        known: the hash that is replaced, if no other may be.

    Raises:
        UserNotFound: there is no such account, or its hash is not `known`.
    """
    result = await _users().update_one(
        {"_id": user_id, **({"password_hash": known} if known else {})},
        {
            "$set": {"password_hash": password_hash, "updated_at": now()},
            "$inc": {"version": 1},
            "$pull": {"sessions": {"id": {"$ne": keep}}},
        },
    )
    if result.matched_count == 0:
        raise UserNotFound("There is no such user any more.")
    await hub.publish(PasswordChanged(user_id, keep))


async def prove_address(user_id: str, address: str) -> None:
    """Note that the owner of the account reads this address.

    Raises:
        LinkNotValid: the account has another address by now, or is gone.
    """
    result = await _users().update_one({"_id": user_id, "email": address}, _change({"email_verified": True}))
    if result.matched_count == 0:
        raise LinkNotValid


async def change_address(user_id: str, address: str) -> User:
    """Give an account an address that its owner has proved to read; returns the account as it was.

    Raises:
        LinkNotValid: the account is gone.
        EmailTaken: another account has this address.
    """
    values = {"email": address, "email_folded": fold_email(address), "email_verified": True}
    try:
        before = await _users().find_one_and_update({"_id": user_id, "erasing_at": None}, _change(values))
    except DuplicateKeyError as error:
        raise EmailTaken("Another account has this e-mail address.") from error
    if before is None:
        raise LinkNotValid
    return User.from_document(before)


async def renew_password_hash(user_id: str, password_hash: str, known: str) -> None:
    """Replace a hash by one of the current kind, unless it was changed meanwhile."""
    await _users().update_one({"_id": user_id, "password_hash": known}, {"$set": {"password_hash": password_hash}})


async def add_session(user_id: str, session: LiveSession, password_hash: str) -> bool:
    """Let a session in, and those unused for longest out beyond `MAX_SESSIONS`.

    Returns:
        False if the account may not sign in, or its hash is not the one that the password was compared with.
    """
    newest = {"$each": [session.model_dump()], "$sort": {"expires_at": 1}, "$slice": -MAX_SESSIONS}
    result = await _users().update_one(
        {"_id": user_id, "suspended": False, "password_hash": password_hash},
        {"$push": {"sessions": newest}, "$set": {"signed_in_at": now()}},
    )
    return result.matched_count == 1


async def extend_session(user_id: str, session: LiveSession) -> User | None:
    """Let a session live longer; None if it is over, or the account gone or suspended."""
    document = await _users().find_one_and_update(
        {"_id": user_id, "suspended": False, "sessions.id": session.id},
        {"$set": {"sessions.$[it].expires_at": session.expires_at}},
        array_filters=[{"it.id": session.id}],
        return_document=ReturnDocument.AFTER,
    )
    return User.from_document(document) if document else None


async def end_session(user_id: str, session_id: str) -> bool:
    """End one session, at once and everywhere; False if it was over."""
    result = await _users().update_one(
        {"_id": user_id, "sessions.id": session_id}, {"$pull": {"sessions": {"id": session_id}}}
    )
    return result.matched_count == 1


async def end_sessions(user_id: str, keep: str | None = None) -> None:
    """End all sessions, but one to `keep`, at once and everywhere."""
    await _users().update_one({"_id": user_id}, {"$pull": {"sessions": {"id": {"$ne": keep}}}})


async def delete(user_id: str, versions: tuple[int, ...] | None = None, actor: User | None = None) -> None:
    """Erase an account; what hangs on it follows through the hub.

    The account is emptied first: from then on nobody finds it or signs in to it, and its address is free. Its document
    goes last: if the process dies in between, `finish_erasures` goes on.

    Args:
        user_id: whose.
        versions: the states that `If-Match` names.
        actor: the person, or an admin; None: a command of the operator's.

    Raises:
        UserNotFound: there is no such account.
        PreconditionFailed: it is at none of `versions`.
        LastAdmin: nobody would be left to administer.
    """
    blank = dict.fromkeys(("first_name", "last_name", "email", "password_hash"), "")
    empty: dict[str, Any] = {
        **blank,
        "email_folded": user_id,
        "links": [],
        "image_id": None,
        "sessions": [],
        "suspended": True,
    }

    async def work(transaction: db.Transaction) -> bool:
        before = await _users().find_one_and_update(
            {"_id": user_id, "erasing_at": None, **_at(versions)},
            _change({**blank, **empty, "erasing_at": now()}),
            session=transaction,
        )
        if before is None:
            raise await _refusal(user_id)
        await _require_another_admin(before, transaction)
        return True

    if actor is None:
        await db.in_transaction(work)
    else:
        await audit.recorded(Deed.by(actor, Action.USER_ERASED, user_id), work)
    await _finish_erasure(user_id)


async def finish_erasures(grace: timedelta = ERASURE_GRACE) -> int:
    """Go on with erasures whose process died; how many there were.

    Args:
        grace: how long an erasure is left to the process that began it.
    """
    left = {"erasing_at": {"$gt": EPOCH, "$lte": now() - grace}}
    found = await _users().find(left, {"_id": 1}).limit(_BATCH).to_list()
    for document in found:
        await _finish_erasure(document["_id"])
    return len(found)


async def _finish_erasure(user_id: str) -> None:
    await hub.publish(UserDeleted(user_id))
    await _users().delete_one({"_id": user_id, "erasing_at": {"$gt": EPOCH}})


async def on_images_deleted(notice: ImagesDeleted) -> None:
    """Show the picture no longer; a profile only ever has one that its owner uploaded."""
    await _users().update_one(
        {"_id": notice.owner_id, "image_id": {"$in": list(notice.image_ids)}},
        {"$set": {"image_id": None, "updated_at": now()}, "$inc": {"version": 1}},
    )


async def listing(role: Role | None, limit: int, cursor: str | None) -> Page[User]:
    """The accounts, newest first.

    Raises:
        InvalidCursor: the cursor is not of this list.
    """
    binding = ["users", role]
    order = [("created_at", -1), ("_id", -1)]
    narrowed: dict[str, Any] = {"erasing_at": None, **({"role": role} if role else {})}
    if cursor:
        narrowed |= cursors.after(cursors.decode(cursor, binding), order)
    found = await _users().find(narrowed).sort(order).limit(limit + 1).to_list()
    return cursors.page(
        [User.from_document(document) for document in found],
        limit,
        binding,
        lambda user: [user.created_at, user.get_id()],
    )


async def count_admins() -> int:
    """How many admins there are that could sign in."""
    return await _users().count_documents({"role": Role.ADMIN, "suspended": False})


async def promote(user_id: str, role: Role) -> User:
    """Give a role, by the operator's hand.

    Raises:
        UserNotFound: there is no such account.
        LastAdmin: nobody would be left to administer.
    """
    return await _set_guarded(user_id, {"role": role}, None, None, weakens=role is not Role.ADMIN)


async def _set_guarded(
    user_id: str, values: Mapping[str, Any], versions: tuple[int, ...] | None, deed: Deed | None, *, weakens: bool
) -> User:
    """Like `_set`, for what is recorded, or may take an admin away."""

    async def work(transaction: db.Transaction) -> User:
        before = await _users().find_one_and_update(
            {"_id": user_id, "erasing_at": None, **_at(versions)}, _change(values), session=transaction
        )
        if before is None:
            raise await _refusal(user_id)
        if weakens:
            await _require_another_admin(before, transaction)
        after = await _users().find_one({"_id": user_id}, session=transaction)
        return User.model_validate(after)

    return await (audit.recorded(deed, work) if deed else db.in_transaction(work))


async def _require_another_admin(before: Mapping[str, Any], transaction: db.Transaction) -> None:
    """Write to one of the admins who stay: rivals who take that one away conflict, and see what is left afterwards."""
    if before["role"] != Role.ADMIN or before["suspended"]:
        return
    another = {"_id": {"$ne": before["_id"]}, "role": Role.ADMIN, "suspended": False}
    result = await _users().update_one(another, {"$inc": {"stayed_admin": 1}}, session=transaction)
    if result.matched_count == 0:
        raise LastAdmin


async def _set(user_id: str, values: Mapping[str, Any], versions: tuple[int, ...] | None) -> User:
    document = await _users().find_one_and_update(
        {"_id": user_id, "erasing_at": None, **_at(versions)},
        _change(values),
        return_document=ReturnDocument.AFTER,
    )
    if document is None:
        raise await _refusal(user_id)
    return User.from_document(document)


def _change(values: Mapping[str, Any]) -> dict[str, Any]:
    return {"$set": {**values, "updated_at": now()}, "$inc": {"version": 1}}


def _at(versions: tuple[int, ...] | None) -> dict[str, Any]:
    return {} if versions is None else {"version": {"$in": list(versions)}}


async def _refusal(user_id: str) -> UserNotFound | PreconditionFailed:
    """Name the reason why nothing matched; decides nothing."""
    if await find(user_id) is None:
        return UserNotFound("There is no user with this id.")
    return PreconditionFailed("The account has changed since the state that If-Match names.")
