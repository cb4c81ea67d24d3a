"""Answers as JSON: an `Output` model names what is public, and the stored model, valid already, is not validated again.

Where an output is made of plain values its fields are read off the stored model and written by orjson; where one
serialises in a way of its own, Pydantic does it. A test holds the two to the same bytes.
"""

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, NewType, Union, get_args, get_origin

import orjson
from pydantic import AwareDatetime, BaseModel
from pydantic.fields import FieldInfo

Read = Callable[[Any], Any]
_PLAIN = (str, int, float, bool, NoneType, datetime, AwareDatetime)


def to_json(model: type[BaseModel], result: Any) -> bytes:
    """What `model` shows of `result`, as JSON.

    Args:
        model: an `Output`.
        result: has the attributes that the output's fields name.
    """
    read = _reader(model)
    if read is not None:
        return orjson.dumps(read(result), option=orjson.OPT_UTC_Z)
    shown = model.__pydantic_validator__.validate_python(result, from_attributes=True)
    return model.__pydantic_serializer__.to_json(shown, by_alias=True)


@cache
def _reader(model: type[BaseModel]) -> Read | None:
    """Reads the fields of an output off a result; None if that is not all there is to it."""
    made = model.__pydantic_decorators__
    if made.model_serializers or made.field_serializers or made.computed_fields:
        return None
    fields: list[tuple[str, str, Read | None]] = []
    leaves_out: list[tuple[str, Callable[[Any], bool]]] = []
    for name, field in model.model_fields.items():
        converts, plain = _value(field.annotation)
        if not plain or not _unadorned(field) or (field.default is not None and not field.is_required()):
            return None
        fields.append((field.serialization_alias or name, _source(name, field), converts))
        if field.exclude_if is not None:
            leaves_out.append((name, field.exclude_if))

    def read(result: Any) -> dict[str, Any]:
        shown = {
            name: getattr(result, source) if convert is None else convert(getattr(result, source))
            for name, source, convert in fields
        }
        for name, unwanted in leaves_out:
            if unwanted(shown[name]):
                del shown[name]
        return shown

    return read


def _unadorned(field: FieldInfo) -> bool:
    return not any(type(mark).__name__.endswith(("Serializer", "Validator")) for mark in field.metadata)


def _source(name: str, field: FieldInfo) -> str:
    return field.validation_alias if isinstance(field.validation_alias, str) else name


def _value(kind: Any) -> tuple[Read | None, bool]:
    """How a value of a kind is read, None for as it is; and whether it can be read at all."""
    if isinstance(kind, NewType):
        return _value(kind.__supertype__)
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        found = [_value(one) for one in inner]
        return None, all(converts is None and plain for converts, plain in found)
    if origin is list:
        converts, plain = _value(inner[0])
        return (None if converts is None else lambda values: [converts(value) for value in values]), plain
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        read = _reader(kind)
        return read, read is not None
    return None, kind in _PLAIN or origin is Literal or (isinstance(kind, type) and issubclass(kind, StrEnum))
