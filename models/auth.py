"""Signing in, and the sessions that it opens."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field, SecretStr, StrictBool

from models.commons import ExtendedBaseModel, Input, Output, StoredDatetime
from models.users import Email, Password

PresentedPassword = Annotated[SecretStr, Field(max_length=1_000, examples=["correct horse battery"])]


@dataclass(frozen=True, slots=True)
class Caller:
    """Where a request comes from, as far as signing in cares."""

    address: str = ""
    agent: str = ""  # what the User-Agent header says
    device_key: str = ""  # from a cookie that a browser keeps after its first login
    device_is_new: bool = False


class Login(Input):
    """Who one says one is, and the proof."""

    email: Email = Field(examples=["ada@example.org"])
    password: PresentedPassword
    refresh_token_in_body: StrictBool = Field(
        default=False, description="For clients without cookies: the refresh token comes in the body instead."
    )


class Refresh(Input):
    """The refresh token of a client that keeps no cookies."""

    refresh_token: Annotated[SecretStr, Field(max_length=300)]


class PasswordChange(Input):
    """A new password, and the proof that the account is one's own."""

    current_password: PresentedPassword
    new_password: Password = Field(examples=["staple battery horse"], description="8 to 128 characters, any of them.")


@dataclass(frozen=True, slots=True)
class Tokens:
    """What opens a session and keeps it open; the refresh token is in one of two places."""

    access_token: str
    expires_in: int
    refresh_token: str | None = None
    cookie: str | None = None
    device_key: str | None = None  # for the cookie by which a browser is known again


class AccessToken(Output):
    """The answer to a login, as OAuth 2 (RFC 6749, section 5.1) has it."""

    access_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105  # the name of a scheme, not a secret
    expires_in: int = Field(description="Seconds.")
    refresh_token: str | None = Field(
        default=None, exclude_if=lambda token: token is None, description="Only for clients that asked for it."
    )


class Session(ExtendedBaseModel):
    """One document of `sessions`: a signed-in device, and the hashes of its refresh tokens."""

    user_id: str
    device: str
    address_prefix: str
    last_used_at: StoredDatetime
    expires_at: StoredDatetime
    token_hash: str | None = None  # None: it cannot be refreshed
    previous_hash: str | None = None
    rotated_at: StoredDatetime | None = None


class SessionRead(Output):
    """A signed-in device, to its owner."""

    id: str
    device: str = Field(description="Browser and system, as far as they tell.")
    address_prefix: str = Field(description="The network that it was last used from.")
    created_at: StoredDatetime
    last_used_at: StoredDatetime
    expires_at: StoredDatetime
    current: bool = Field(description="Whether this request belongs to it.")


class SessionPage(Output):
    """All sessions of a person."""

    items: list[SessionRead]
    next_cursor: str | None
