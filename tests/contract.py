"""The operations that /openapi.json names, for tests that hold of each of them."""

import re
from dataclasses import dataclass
from typing import Any

import pytest

from app import app
from config.openapi import describe

CONTRACT = describe(app)
JSON = "application/json"


@dataclass(frozen=True)
class Case:
    """One operation."""

    method: str
    template: str
    operation: dict[str, Any]

    def path(self, value: str = "nobody") -> str:
        """The path with something in place of each of its parameters."""
        return re.sub(r"\{.+?\}", value, self.template)

    def takes_json(self) -> bool:
        """Whether it has a body of JSON."""
        return JSON in self.operation.get("requestBody", {}).get("content", {})

    def example(self) -> dict[str, Any]:
        """A good body, from the API pages."""
        examples = self.operation["requestBody"]["content"][JSON].get("examples", {})
        return next((example["value"] for example in examples.values()), {})

    def fields(self) -> list[str]:
        """The names of the fields of the body."""
        schema = self.operation["requestBody"]["content"][JSON]["schema"]
        while "$ref" in schema:
            schema = CONTRACT["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        return list(schema.get("properties", {}))


CASES = [
    Case(method.upper(), path, operation)
    for path, operations in CONTRACT["paths"].items()
    for method, operation in operations.items()
]


def each(*, under: str = "/", with_json: bool = False) -> pytest.MarkDecorator:
    """Run a test for each operation below a path, or only for those that take JSON."""
    chosen = [case for case in CASES if case.template.startswith(under) and (case.takes_json() or not with_json)]
    return pytest.mark.parametrize("case", chosen, ids=lambda case: f"{case.method} {case.template}")
