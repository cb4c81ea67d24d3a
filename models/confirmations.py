"""What people send when they prove that an address or an account is theirs."""

from typing import Annotated

from pydantic import Field, SecretStr

from models.auth import PresentedPassword
from models.commons import Input
from models.users import Email, Password

LinkToken = Annotated[
    SecretStr, Field(min_length=1, max_length=100, description="What the link in the letter carries as `?token=`.")
]


class Confirmation(Input):
    """The token of a link that confirms an address."""

    token: LinkToken


class ResetRequest(Input):
    """The address of an account whose password is lost."""

    email: Email = Field(examples=["ada@example.org"])


class PasswordReset(Input):
    """A new password, and the token of the link that allows it."""

    token: LinkToken
    password: Password = Field(examples=["staple battery horse"], description="8 to 128 characters, any of them.")


class AddressChange(Input):
    """Another address, and the proof that the account is one's own."""

    email: Email = Field(examples=["lovelace@example.org"])
    password: PresentedPassword


class Erasure(Input):
    """The proof that the account is one's own."""

    password: PresentedPassword
