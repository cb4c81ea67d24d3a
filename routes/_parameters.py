"""Parameters that several operations share."""

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from fastapi import Path, Query
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from starlette.convertors import StringConvertor, register_url_convertor

from models.events import EventId
from models.feedback import FeedbackId
from models.users import UserId

_ID = r"^[A-Za-z0-9_-]+$"  # ours are UUIDs; what came from elsewhere has no more than these
Limit = Annotated[int, Query(ge=1, le=100, description="How many at most.")]
Cursor = Annotated[str | None, Query(max_length=600, description="Where to go on: `next_cursor` of the answer before.")]
PathEventId = Annotated[EventId, Path(alias="id", max_length=64, pattern=_ID, description="The event.")]
PathUserId = Annotated[UserId, Path(alias="id", max_length=64, pattern=_ID, description="The person.")]
PathFeedbackId = Annotated[FeedbackId, Path(alias="id", max_length=64, pattern=_ID, description="The feedback.")]
EVENT = "/{id:event}"  # not an id with an ending: its calendar and the like are paths of their own
Filters = TypeVar("Filters", bound=BaseModel)


class EventConvertor(StringConvertor):
    """What stands for an event in a path; the length and the letters of an id are looked at later."""

    regex = "[^/.]+"


register_url_convertor("event", EventConvertor())


def checked(model: type[Filters], given: Mapping[str, Any]) -> Filters:
    """Parameters together, as a model.

    Raises:
        RequestValidationError: they do not fit together.
    """
    try:
        return model.model_validate(given)
    except ValidationError as error:
        faults = [{**fault, "loc": ("query", *fault["loc"])} for fault in error.errors(include_url=False)]
        raise RequestValidationError(faults) from error
