"""Letters to people: what they are about, and how they wait to be sent."""

from datetime import timedelta
from enum import StrEnum
from typing import Any

from models.commons import ExtendedBaseModel, StoredDatetime
from models.users import UserId


class Template(StrEnum):
    """What a letter is about; each has its text in `utils/letters`, in every language."""

    VERIFY_ADDRESS = "verify_address"
    CONFIRM_ADDRESS = "confirm_address"
    ADDRESS_CHANGING = "address_changing"
    ADDRESS_CHANGED = "address_changed"
    RESET_PASSWORD = "reset_password"  # noqa: S105  # because it names a letter and is no secret
    PASSWORD_CHANGED = "password_changed"  # noqa: S105  # because it names a letter and is no secret
    SIGNED_IN = "signed_in"
    EVENT_CANCELLED = "event_cancelled"
    EVENT_MOVED = "event_moved"
    SEAT_GIVEN = "seat_given"


class Purpose(StrEnum):
    """What a link in a letter is good for; a token of one purpose opens nothing else."""

    VERIFY_ADDRESS = "verify_address"
    CHANGE_ADDRESS = "change_address"
    RESET_PASSWORD = "reset_password"  # noqa: S105  # because it names a purpose and is no secret

    @property
    def lifetime(self) -> timedelta:
        """How long such a link opens."""
        return timedelta(hours=1) if self is Purpose.RESET_PASSWORD else timedelta(days=1)

    @property
    def path(self) -> str:
        """The page that such a link leads to."""
        return "/reset-password" if self is Purpose.RESET_PASSWORD else "/verify-email"


class Letter(ExtendedBaseModel):
    """One document of `outbox`; its id is what makes it unique.

    Attributes:
        recipient_id: whose letter it is; None where only the address is known.
        address: where it goes, if not to the account's own address; without a recipient, by which one is found.
            Forgotten once sent.
        context: what the text tells; forgotten once sent.
        attempts: how often it was claimed.
        next_attempt_at: when it is due, also if the process that claimed it dies; None once it is done with.
        claim: the mark of the attempt that is on its way.
    """

    template: Template
    recipient_id: UserId | None = None
    address: str | None = None
    context: dict[str, Any] = {}
    attempts: int = 0
    next_attempt_at: StoredDatetime | None = None
    claim: str | None = None


class Token(ExtendedBaseModel):
    """One document of `mail_tokens`; its id is the SHA-256 of what the link carries."""

    purpose: Purpose
    user_id: UserId
    address: str
    expires_at: StoredDatetime
