"""What every stored and every exchanged document shares."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, Self, TypeVar
from uuid import uuid4

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    HttpUrl,
    SerializationInfo,
    SerializerFunctionWrapHandler,
    StringConstraints,
    TypeAdapter,
    WithJsonSchema,
    model_serializer,
)

Item = TypeVar("Item")

# C0 and C1 controls, and the marks that reorder text (Unicode Standard Annex #9): both disguise what a name says.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_NUMBER = re.compile(r"\s*[+-]?[\d._]+(e[+-]?\d+)?\s*", re.IGNORECASE)
_DISGUISE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069<>]")

_PLAIN_URL = re.compile(r"https://[A-Za-z0-9\[][A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]*")
_URL: TypeAdapter[HttpUrl] = TypeAdapter(HttpUrl)


def now() -> datetime:
    """The time in UTC, in whole milliseconds: BSON keeps no more."""
    return _whole_milliseconds(datetime.now(UTC))


def new_id() -> str:
    """A random identifier (RFC 9562 UUID, version 4)."""
    return str(uuid4())


def _whole_milliseconds(moment: datetime) -> datetime:
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _to_utc(moment: datetime) -> datetime:
    try:
        return _whole_milliseconds(moment.astimezone(UTC))
    except OverflowError as error:
        raise ValueError("the time is out of range") from error


def _no_number(value: object) -> object:
    """Refuse bare numbers, which would pass as seconds since 1970."""
    if isinstance(value, datetime) or (isinstance(value, str) and not _NUMBER.fullmatch(value)):
        return value
    raise ValueError("a time is text such as 2027-05-01T18:00:00+02:00")


def _no_disguise(text: str) -> str:
    if _DISGUISE.search(text):
        raise ValueError("control characters, direction marks, < and > are not allowed here")
    return text


def _no_controls(text: str) -> str:
    if _CONTROL.search(text):
        raise ValueError("control characters are not allowed here")
    return text


def _composed(text: object) -> object:
    return unicodedata.normalize("NFC", text) if isinstance(text, str) else text


def _person_name(text: str) -> str:
    letters = all(
        unicodedata.category(character)[0] in "LM" or character in " '\u2019-.\u200c\u200d" for character in text
    )
    if not letters or not any(unicodedata.category(character)[0] == "L" for character in text):
        raise ValueError("a name is made of letters, marks, spaces, ', - and .")
    return text


def _https(text: str) -> str:
    """Check a link by the rules of a URL parser; it is kept as it was written where no reader can mistake it."""
    url = _URL.validate_python(text)
    if url.scheme != "https" or url.username or url.password:
        raise ValueError("a link starts with https:// and carries no user name or password")
    return text if _PLAIN_URL.fullmatch(text) else _no_disguise(str(url))


def _without_default(schema: dict[str, Any]) -> None:
    schema.pop("default", None)


UtcDatetime = Annotated[AwareDatetime, BeforeValidator(_no_number), AfterValidator(_to_utc)]
StoredDatetime = AwareDatetime
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1), AfterValidator(_no_disguise)]
Prose = Annotated[str, StringConstraints(strip_whitespace=True), AfterValidator(_no_controls)]
PersonName = Annotated[
    str,
    BeforeValidator(_composed),
    StringConstraints(strip_whitespace=True, min_length=1, max_length=64),
    AfterValidator(_person_name),
]
HttpsUrl = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=2_000),
    AfterValidator(_https),
    WithJsonSchema({"type": "string", "format": "uri", "pattern": "^https://", "maxLength": 2_000}),
]
Links = Annotated[list[HttpsUrl], Field(max_length=20)]

# For the fields of a merge patch (RFC 7396): absent means unchanged, and null is refused where it means nothing.
OMITTED: Any = Field(default=None, json_schema_extra=_without_default)


class Input(BaseModel):
    """The base of every body: a field that it does not know is refused."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class Output(BaseModel):
    """The base of every answer: made from a stored model, with nothing made up on the way."""

    model_config = ConfigDict(from_attributes=True, serialize_by_alias=True)


class ExtendedBaseModel(BaseModel):
    """The base of everything that is stored as it is.

    Alone knows `_id`: a random one is set on instantiation, `get_id()` reads it, dumping gives the document with
    `_id`, JSON gives `id`.
    """

    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True, serialize_by_alias=True)

    id: str = Field(default_factory=new_id, alias="_id")
    created_at: StoredDatetime = Field(default_factory=now)
    updated_at: StoredDatetime = Field(default_factory=now)
    version: int = 1

    def get_id(self) -> str:
        """The identifier."""
        return self.id

    def etag(self) -> str:
        """The entity tag (RFC 9110, section 8.8.3) of the state that this model holds."""
        return f'"{self.version}"'

    def is_shared(self) -> bool:
        """Whether anybody may see it, so that caches may keep it."""
        return True

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """Read what the store holds."""
        return cls.model_validate(document)

    @model_serializer(mode="wrap")
    def _id_by_reader(self, dump: SerializerFunctionWrapHandler, info: SerializationInfo) -> dict[str, Any]:
        """Name the identifier `id` in JSON, for clients, and `_id` in Python, for the store."""
        data: dict[str, Any] = dump(self)
        if info.mode == "json" and "_id" in data:
            return {"id": data.pop("_id"), **data}
        return data

    def dict(self, **options: Any) -> dict[str, Any]:
        """The document, for callers of the older habit; the same as `model_dump`."""
        return self.model_dump(**options)


class Page(BaseModel, Generic[Item]):
    """A stretch of a list and where it goes on; `next_cursor` is null at the end."""

    items: Sequence[Item]
    next_cursor: str | None = None
