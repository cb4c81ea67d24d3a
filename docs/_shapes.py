"""How an operation is documented; misspelt keys are found by the type checker."""

from typing import Any, NotRequired, TypedDict


class Operation(TypedDict):
    """What the API pages say of one operation."""

    summary: str
    description: str
    response_description: NotRequired[str]
    request_examples: NotRequired[dict[str, Any]]  # by name; each a whole body
    request_body: NotRequired[dict[str, Any]]  # as OpenAPI has it, where the body is no JSON
    answer_example: NotRequired[Any]
    answer_content: NotRequired[dict[str, Any]]  # by media type, as OpenAPI has it, where the answer is no JSON


class Tag(TypedDict):
    """What the API pages say of a group of operations."""

    name: str
    description: str


def file_form(**further: dict[str, Any]) -> dict[str, Any]:
    """The schema of a form with a picture in its field `file`."""
    file = {"type": "string", "contentMediaType": "application/octet-stream", "description": "The picture."}
    return {
        "type": "object",
        "required": ["file"],
        "additionalProperties": False,
        "properties": {**further, "file": file},
    }
