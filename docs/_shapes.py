"""How an operation is documented; misspelt keys are found by the type checker."""

from typing import Any, NotRequired, TypedDict


class Operation(TypedDict):
    """What the API pages say of one operation."""

    summary: str
    description: str
    response_description: NotRequired[str]
    request_examples: NotRequired[dict[str, Any]]  # by name; each a whole body
    answer_example: NotRequired[Any]


class Tag(TypedDict):
    """What the API pages say of a group of operations."""

    name: str
    description: str
