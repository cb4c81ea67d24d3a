"""The accounts of the older service, as its exports have them."""

import re
from datetime import datetime
from typing import Annotated, Any

from pydantic import AliasChoices, AliasPath, BaseModel, BeforeValidator, Field

from models.commons import PersonName, UtcDatetime, new_id, now
from models.users import Email, User, fold_email

MAX_COST = 16  # bcrypt of a higher one would hold a thread for seconds at each login

_AS_TEXT = re.compile(r"""^b(['"])(?P<hash>.*)\1$""")
_BCRYPT = re.compile(r"^\$2[abxy]\$(?P<cost>\d\d)\$[./A-Za-z0-9]{53}$")
_ARGON2 = re.compile(r"^\$argon2id\$v=19\$[^$]+\$[^$]+\$[^$]+$")


def _hash(value: object) -> str:
    """A hash as text: some are bytes, some the text of bytes as Python shows them."""
    text = value.decode("ascii", "replace") if isinstance(value, bytes) else str(value)
    shown = _AS_TEXT.match(text.strip())
    text = shown["hash"] if shown else text.strip()
    older = _BCRYPT.match(text)
    if not (_ARGON2.match(text) or (older and int(older["cost"]) <= MAX_COST)):
        raise ValueError("this is no bcrypt hash that can be verified")
    return text


def _text(value: object) -> str:
    return str(value)


def _moment(value: object) -> object:
    """A time; one without an offset is in UTC, as the older service wrote it."""
    if isinstance(value, str) and not re.search(r"(Z|[+-]\d\d:?\d\d)$", value):
        return f"{value}+00:00"
    return value if isinstance(value, str | datetime) else None


def _links(value: object) -> list[str]:
    given = value if isinstance(value, list) else []
    return [link for link in given if isinstance(link, str) and re.fullmatch(r"https://[^\s<>\x00-\x1f]{1,1990}", link)]


class OlderAccount(BaseModel):
    """One line of an export; what the service does not keep is left aside."""

    id: Annotated[str, BeforeValidator(_text), Field(min_length=1, max_length=64)] = Field(
        default_factory=new_id, validation_alias=AliasChoices("_id", "id", "user_id")
    )
    first_name: PersonName = Field(validation_alias=AliasChoices("first_name", "firstName"))
    last_name: PersonName = Field(validation_alias=AliasChoices("last_name", "lastName"))
    email: Email = Field(validation_alias=AliasChoices("email", "email_address", AliasPath("identifier", "email")))
    password_hash: Annotated[str, BeforeValidator(_hash)] = Field(
        validation_alias=AliasChoices("password_hash", "hashed_password", "password")
    )
    links: Annotated[list[str], BeforeValidator(_links)] = Field(
        default=[], validation_alias=AliasChoices("links", "user_links")
    )
    created_at: Annotated[UtcDatetime | None, BeforeValidator(_moment)] = Field(
        default=None, validation_alias=AliasChoices("created_at", "date_created", "creation_time", "creation_date")
    )
    user_type: Any = Field(default=None, validation_alias=AliasChoices("user_type", "role"))

    @property
    def administered(self) -> bool:
        """Whether the older service took this person for an admin."""
        return str(self.user_type).upper().endswith("ADMIN")

    def to_user(self) -> User:
        """The account as it is here: everybody could become an admin there, so nobody is one by that."""
        return User(
            id=self.id,
            first_name=self.first_name,
            last_name=self.last_name,
            email=self.email,
            email_folded=fold_email(self.email),
            password_hash=self.password_hash,
            links=self.links[:20],
            created_at=self.created_at or now(),
        )
