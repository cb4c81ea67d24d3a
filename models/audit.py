"""Who did what to what: the records that changes by staff, and to other people's data, leave."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from models.commons import ExtendedBaseModel, Output, StoredDatetime
from models.users import User


class Action(StrEnum):
    """What was done."""

    EVENT_CHANGED = "event.changed"
    EVENT_CANCELLED = "event.cancelled"
    EVENT_DELETED = "event.deleted"
    EVENT_DECIDED = "event.decided"
    FEEDBACK_CHANGED = "feedback.changed"
    FEEDBACK_REMOVED = "feedback.removed"
    IMAGE_DELETED = "image.deleted"
    USER_CREATED = "user.created"
    USER_CHANGED = "user.changed"
    USER_ERASED = "user.erased"


@dataclass(frozen=True, slots=True)
class Deed:
    """One change, before it is recorded: ids and names of fields, never what people wrote."""

    actor_id: str
    action: Action
    target_id: str
    fields: tuple[str, ...] = ()

    @classmethod
    def by(cls, actor: User, action: Action, target_id: str, fields: Iterable[str] = ()) -> Self:
        """What `actor` does to a target."""
        return cls(actor.get_id(), action, target_id, tuple(sorted(fields)))


class AuditRecord(ExtendedBaseModel):
    """One document of `audit_log`.

    The chain covers a mark of each id, SHA-256 over a salt and the id, in place of the id itself: when a person is
    erased, ids and salts go, what is left tells nothing of who it was, and the chain still holds.
    """

    seq: int
    at: StoredDatetime
    actor_id: str
    actor_salt: str | None
    actor_mark: str
    action: Action
    target_id: str
    target_salt: str | None
    target_mark: str
    fields: list[str]
    request_id: str
    previous: str
    hash: str


class AuditRead(Output):
    """One record, to admins."""

    id: str
    seq: int
    at: StoredDatetime
    actor_id: str
    action: Action
    target_id: str
    fields: list[str]
    request_id: str
    hash: str


class AuditPage(Output):
    """A stretch of the log."""

    items: list[AuditRead]
    next_cursor: str | None


class AuditQuery(Output):
    """What the log is narrowed to."""

    actor_id: str | None = None
    action: Action | None = None
    target_id: str | None = None
    since: StoredDatetime | None = None
    until: StoredDatetime | None = None
