"""People: how they are stored, how they see themselves and how others see them."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, NewType

from pydantic import AfterValidator, EmailStr, Field, SecretStr, StrictBool

from models.commons import OMITTED, ExtendedBaseModel, Input, Links, Output, PersonName, StoredDatetime

UserId = NewType("UserId", str)


class Role(StrEnum):
    """What a person may do beside what everybody may."""

    USER = "user"
    MODERATOR = "moderator"
    ADMIN = "admin"


class Language(StrEnum):
    """The languages that messages to people come in."""

    ENGLISH = "en"
    SPANISH = "es"


PASSWORD_LENGTHS = range(8, 129)


def _password_length(password: SecretStr) -> SecretStr:
    if len(password.get_secret_value()) not in PASSWORD_LENGTHS:
        raise ValueError("a password has 8 to 128 characters")
    return password


Password = Annotated[SecretStr, AfterValidator(_password_length)]
Email = Annotated[EmailStr, Field(max_length=254)]


def fold_email(email: str) -> str:
    """The form in which addresses are compared: without case."""
    return email.casefold()


class LiveSession(Output):
    """A signed-in device as the account itself remembers it; the rest is in `sessions`."""

    id: str
    expires_at: StoredDatetime


class User(ExtendedBaseModel):
    """One document of `users`."""

    first_name: str
    last_name: str
    email: str
    email_folded: str = ""
    email_verified: bool = False
    password_hash: str
    role: Role = Role.USER
    suspended: bool = False
    image_id: str | None = None
    links: list[str] = []
    language: Language = Language.ENGLISH
    sessions: list[LiveSession] = []  # bounded; what is not in it is over
    signed_in_at: StoredDatetime | None = None
    erasing_at: StoredDatetime | None = None  # the account is emptied, and goes when all that hangs on it is gone

    @property
    def is_staff(self) -> bool:
        """Whether this person moderates or administers."""
        return self.role in (Role.MODERATOR, Role.ADMIN)

    def has_session(self, session_id: str, moment: datetime) -> bool:
        """Whether this session was neither ended nor has expired at `moment`."""
        return any(session.id == session_id and session.expires_at > moment for session in self.sessions)


class UserCreate(Input):
    """What a person gives to register."""

    first_name: PersonName = Field(examples=["Ada"])
    last_name: PersonName = Field(examples=["Lovelace"])
    email: Email = Field(examples=["ada@example.org"])
    password: Password = Field(examples=["correct horse battery"], description="8 to 128 characters, any of them.")
    language: Language = Language.ENGLISH


class UserUpdate(Input):
    """A merge patch of one's own profile."""

    first_name: PersonName = OMITTED
    last_name: PersonName = OMITTED
    image_id: Annotated[str, Field(max_length=64)] | None = OMITTED
    links: Links = OMITTED
    language: Language = OMITTED


class UserRead(Output):
    """A person, to himself and to admins."""

    id: UserId
    first_name: str
    last_name: str
    email: str
    email_verified: bool
    role: Role
    suspended: bool
    image_id: str | None
    links: list[str]
    language: Language
    created_at: StoredDatetime
    updated_at: StoredDatetime
    version: int


class ProfileRead(Output):
    """A person, to others."""

    id: UserId
    first_name: str
    last_name: str
    image_id: str | None
    links: list[str]


class UserPage(Output):
    """A stretch of the list of people."""

    items: list[UserRead]
    next_cursor: str | None


class UserAdminUpdate(Input):
    """What an admin changes about somebody."""

    role: Role = OMITTED
    suspended: StrictBool = OMITTED
