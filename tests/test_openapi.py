"""The contract at /openapi.json is complete."""

from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema_rs import validator_for
from openapi_spec_validator import validate

from app import app
from config.openapi import describe
from routes._operations import Policy

CONTRACT = describe(app)
OPERATIONS = [
    pytest.param(operation, id=f"{method.upper()} {path}")
    for path, operations in CONTRACT["paths"].items()
    for method, operation in operations.items()
]
JSON = "application/json"
Operation = dict[str, Any]


def test_the_contract_is_valid_openapi() -> None:
    validate(CONTRACT)


def test_every_reference_leads_somewhere() -> None:
    for reference in _references(CONTRACT):
        target: Any = CONTRACT
        for step in reference.removeprefix("#/").split("/"):
            target = target[step]


def test_every_shape_is_used_and_none_is_the_frameworks_own_refusal() -> None:
    shapes = CONTRACT["components"]["schemas"]

    assert {f"#/components/schemas/{name}" for name in shapes} == set(_references(CONTRACT))
    assert "HTTPValidationError" not in shapes


def test_every_shape_says_what_is_in_it() -> None:
    shapes = CONTRACT["components"]["schemas"]

    assert [
        name for name, shape in shapes.items() if shape.get("type") == "object" and not shape.get("properties")
    ] == []


def test_the_whole_is_introduced() -> None:
    info = CONTRACT["info"]

    assert info["title"] == "Underline API"
    assert all(info[part] for part in ("version", "summary", "description", "contact", "license"))
    assert CONTRACT["servers"][0]["url"] == "/"
    assert CONTRACT["components"]["securitySchemes"]["Bearer"]["description"]


def test_every_tag_in_use_is_described_once() -> None:
    used = {name for operation in OPERATIONS for name in operation.values[0]["tags"]}  # type: ignore[index]

    described = [tag["name"] for tag in CONTRACT["tags"]]
    assert sorted(described) == sorted(used)
    assert all(tag["description"] for tag in CONTRACT["tags"])


def test_names_of_operations_are_unique() -> None:
    names = [operation.values[0]["operationId"] for operation in OPERATIONS]  # type: ignore[index]

    assert len(set(names)) == len(names)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_operation_says_what_it_does_and_who_may_call_it(operation: Operation) -> None:
    assert operation["summary"]
    assert operation["description"]
    assert len(operation["tags"]) == 1
    assert operation["operationId"].startswith(f"{operation['tags'][0]}_")
    assert operation["x-policy"] in set(Policy)
    anonymous = operation["x-policy"] in {"anyone", "session"}
    assert ({} in operation.get("security", [{}])) == anonymous


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_parameter_is_described(operation: Operation) -> None:
    undescribed = [one["name"] for one in operation.get("parameters", []) if not one.get("description")]

    assert undescribed == []


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_body_has_examples_that_are_valid(operation: Operation) -> None:
    for media_type, content in operation.get("requestBody", {"content": {}})["content"].items():
        examples = _examples(content)
        assert examples or media_type != JSON
        for example in examples:
            _check(content, example)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_answer_has_examples_that_are_valid(operation: Operation) -> None:
    good = {status: answer for status, answer in operation["responses"].items() if status.startswith("2")}

    assert len(good) >= 1
    for answer in good.values():
        assert answer["description"]
        for media_type, content in answer.get("content", {}).items():
            examples = _examples(content)
            assert examples or media_type != JSON
            for example in examples:
                _check(content, example)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_refusal_is_a_problem_with_an_example_of_each_type(operation: Operation) -> None:
    refusals = {status: answer for status, answer in operation["responses"].items() if status >= "4"}

    expected = {"422", "503"} | ({"401"} if operation["x-policy"] != "anyone" else set())
    assert set(refusals) >= expected
    for status, answer in refusals.items():
        (media_type, content), *more = answer["content"].items()
        assert (media_type, more) == ("application/problem+json", [])
        assert content["schema"] == {"$ref": "#/components/schemas/Problem"}
        assert [example["status"] for example in _examples(content)] == [int(status)] * len(content["examples"])
        for example in _examples(content):
            _check(content, example)


def _examples(content: dict[str, Any]) -> list[Any]:
    return [example["value"] for example in content.get("examples", {}).values()] + (
        [content["example"]] if "example" in content else []
    )


def _check(content: dict[str, Any], example: Any) -> None:
    """Validate an example against its schema, references included."""
    schema = {**content["schema"], "components": CONTRACT["components"]}
    assert [f"{fault.instance_path}: {fault.message}" for fault in validator_for(schema).iter_errors(example)] == []


def _references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        yield from (value for key, value in part.items() if key == "$ref")
        part = list(part.values())
    if isinstance(part, list):
        for inner in part:
            yield from _references(inner)


def test_what_is_created_leads_to_what_can_be_done_with_it() -> None:
    links = CONTRACT["paths"]["/v1/events"]["post"]["responses"]["201"]["links"]

    assert {"events_read", "events_change", "events_delete", "events_leave_feedback"} <= set(links)
    assert links["events_read"]["parameters"] == {"id": "$response.body#/id"}
    assert "x-created-at" not in str(CONTRACT)
