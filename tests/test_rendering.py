"""Answers are the same bytes whether the quick way renders them or Pydantic does."""

from datetime import UTC, datetime
from enum import StrEnum
from types import NoneType, SimpleNamespace, UnionType
from typing import Any, NewType, Union, get_args, get_origin

import orjson
import pytest
from fastapi.routing import iter_route_contexts
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import AwareDatetime, BaseModel

from app import app
from models.commons import Output
from models.events import EventPage, EventRead
from routes._rendering import _reader, to_json

MODELS = sorted(
    {
        route.response_model
        for route in iter_route_contexts(app.routes)
        if isinstance(getattr(route, "response_model", None), type) and issubclass(route.response_model, Output)
    },
    key=lambda model: model.__name__,
)
MOMENTS = st.integers(0, 4 * 10**12).map(lambda milliseconds: datetime.fromtimestamp(milliseconds / 1000, UTC))


def values(kind: Any) -> st.SearchStrategy[Any]:
    """Values of a field of an output."""
    if isinstance(kind, NewType):
        return values(kind.__supertype__)
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return st.one_of(*map(values, inner))
    if origin is list:
        return st.lists(values(inner[0]), max_size=3)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return instances(kind)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return st.sampled_from(list(kind))
    plain: dict[Any, st.SearchStrategy[Any]] = {
        str: st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
        int: st.integers(-(2**53), 2**53),
        float: st.floats(-1e6, 1e6),
        bool: st.booleans(),
        NoneType: st.none(),
        datetime: MOMENTS,
        AwareDatetime: MOMENTS,
    }
    return plain[kind] if kind in plain else st.sampled_from(inner)


def instances(model: type[BaseModel]) -> st.SearchStrategy[SimpleNamespace]:
    """Results as an interface might give them: objects with the attributes that an output reads."""
    fields = {
        field.validation_alias if isinstance(field.validation_alias, str) else name: values(field.annotation)
        for name, field in model.model_fields.items()
    }
    return st.fixed_dictionaries(fields).map(lambda made: SimpleNamespace(**made))


@pytest.mark.parametrize("model", [model for model in MODELS if _reader(model)], ids=lambda model: model.__name__)
@settings(max_examples=10)
@given(data=st.data())
def test_the_quick_way_and_pydantic_agree(model: type[BaseModel], data: st.DataObject) -> None:
    made = data.draw(instances(model))

    quick = to_json(model, made)

    checked = model.model_validate(made, from_attributes=True)
    assert orjson.loads(quick) == orjson.loads(checked.model_dump_json(by_alias=True))


def test_what_is_read_most_goes_the_quick_way() -> None:
    assert _reader(EventRead) is not None
    assert _reader(EventPage) is not None
