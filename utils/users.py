"""Accounts: the one owner of `users`."""

from collections.abc import Mapping
from typing import Any

from pymongo import IndexModel, ReturnDocument
from pymongo.errors import DuplicateKeyError

from config import db
from models.commons import Page, now
from models.exceptions import EmailTaken, PreconditionFailed, UserNotFound
from models.notices import ImagesDeleted, UserDeleted
from models.users import LiveSession, Role, User, UserAdminUpdate, UserCreate, UserUpdate, fold_email
from utils import cursors, hub, passwords

COLLECTION = "users"
INDEXES = (
    IndexModel([("email_folded", 1)], name="by_email", unique=True),
    IndexModel([("created_at", -1), ("_id", -1)], name="by_age"),
    IndexModel([("role", 1), ("created_at", -1), ("_id", -1)], name="by_role"),
)
MAX_SESSIONS = 32


def _users() -> db.Collection:
    return db.collection(COLLECTION)


async def register(form: UserCreate, role: Role = Role.USER) -> User:
    """Make an account.

    Raises:
        EmailTaken: another account has this address.
    """
    user = User(
        first_name=form.first_name,
        last_name=form.last_name,
        email=form.email,
        email_folded=fold_email(form.email),
        password_hash=await passwords.hash_password(form.password.get_secret_value()),
        language=form.language,
        role=role,
    )
    try:
        await _users().insert_one(user.model_dump())
    except DuplicateKeyError as error:
        raise EmailTaken("Another account has this e-mail address.") from error
    return user


async def find(user_id: str) -> User | None:
    """The account with this id, if there is one."""
    document = await _users().find_one({"_id": user_id})
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


async def change_as_admin(user_id: str, changes: UserAdminUpdate, versions: tuple[int, ...] | None = None) -> User:
    """Change somebody's role or suspension.

    Raises:
        UserNotFound: there is no such account.
        PreconditionFailed: it is at none of `versions`.
    """
    return await _set(user_id, changes.model_dump(exclude_unset=True), versions)


async def set_password_hash(user_id: str, password_hash: str, known: str) -> None:
    """Replace a hash by one of the current kind, unless it was changed meanwhile."""
    await _users().update_one({"_id": user_id, "password_hash": known}, {"$set": {"password_hash": password_hash}})


async def add_session(user_id: str, session: LiveSession) -> bool:
    """Let a session in, and the oldest ones out beyond `MAX_SESSIONS`; False if the account may not sign in."""
    result = await _users().update_one(
        {"_id": user_id, "suspended": False},
        {"$push": {"sessions": {"$each": [session.model_dump()], "$slice": -MAX_SESSIONS}}},
    )
    return result.matched_count == 1


async def delete(user_id: str, versions: tuple[int, ...] | None = None) -> None:
    """Erase an account; what hangs on it follows through the hub.

    Raises:
        UserNotFound: there is no such account.
        PreconditionFailed: it is at none of `versions`.
    """
    result = await _users().delete_one({"_id": user_id, **_at(versions)})
    if result.deleted_count == 0:
        raise await _refusal(user_id)
    await hub.publish(UserDeleted(user_id))


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
    narrowed: dict[str, Any] = {"role": role} if role else {}
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
    """
    return await _set(user_id, {"role": role}, None)


async def _set(user_id: str, values: Mapping[str, Any], versions: tuple[int, ...] | None) -> User:
    document = await _users().find_one_and_update(
        {"_id": user_id, **_at(versions)},
        {"$set": {**values, "updated_at": now()}, "$inc": {"version": 1}},
        return_document=ReturnDocument.AFTER,
    )
    if document is None:
        raise await _refusal(user_id)
    return User.from_document(document)


def _at(versions: tuple[int, ...] | None) -> dict[str, Any]:
    return {} if versions is None else {"version": {"$in": list(versions)}}


async def _refusal(user_id: str) -> UserNotFound | PreconditionFailed:
    """Name the reason why nothing matched; decides nothing."""
    if await find(user_id) is None:
        return UserNotFound("There is no user with this id.")
    return PreconditionFailed("The account has changed since the state that If-Match names.")
