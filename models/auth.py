"""Signing in."""

from typing import Annotated, Literal

from pydantic import Field, SecretStr

from models.commons import Input, Output
from models.users import Email


class Login(Input):
    """Who one says one is, and the proof."""

    email: Email = Field(examples=["ada@example.org"])
    password: Annotated[SecretStr, Field(max_length=1_000, examples=["correct horse battery"])]


class AccessToken(Output):
    """The answer to a login, as OAuth 2 (RFC 6749, section 5.1) has it."""

    access_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105  # the name of a scheme, not a secret
    expires_in: int = Field(description="Seconds.")
