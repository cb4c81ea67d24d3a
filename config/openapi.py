"""The contract that /openapi.json shows: what FastAPI knows, made complete."""

import pkgutil
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import RouteContext, iter_route_contexts

import docs
from config.main import settings
from docs import service
from models.problems import Problem

Schema = dict[str, Any]
_REF = "#/components/schemas/{model}"
CREATED_AT = "x-created-at"  # where an operation says what the address of its document will be; shown as links
_FRAMEWORKS_OWN = ("HTTPValidationError", "ValidationError")  # refusals are problem documents instead


def describe(app: FastAPI) -> Schema:
    """The OpenAPI description of an application, made at the first call."""
    if app.openapi_schema is None:
        schema = _complete(_as_fastapi_sees_it(app))
        operations = {operation["operationId"]: operation for operation in _operations(schema)}
        for route in iter_route_contexts(app.routes):
            if getattr(route, "include_in_schema", False):
                _keep_nulls(operations[route.operation_id], route)
        app.openapi_schema = schema
    return app.openapi_schema


def _as_fastapi_sees_it(app: FastAPI) -> Schema:
    return get_openapi(
        title=app.title,
        version=app.version,
        openapi_version=app.openapi_version,
        summary=service.SUMMARY,
        description=service.DESCRIPTION,
        routes=app.routes,
        servers=[{"url": "/", "description": "This service"}],
        contact={**service.CONTACT, "url": settings.public_url},
        license_info=service.LICENCE,
    )


def _complete(schema: Schema) -> Schema:
    schema["tags"] = _tags(schema)
    for operation in _operations(schema):
        if operation.get("x-policy") in {"anyone", "session"}:
            operation["security"] = [{}, *operation.get("security", [])]  # where a token is read, it is not needed
    _link(schema)
    components = schema.setdefault("components", {})
    components["schemas"] = _schemas(components.get("schemas", {}))
    components["securitySchemes"]["Bearer"]["description"] = service.BEARER
    return schema


def _link(schema: Schema) -> None:
    """Lead from what was created to all that can be done with it, as OpenAPI links."""
    for operation in _operations(schema):
        template = operation.pop(CREATED_AT, None)
        if template is None:
            continue
        links = operation["responses"]["201"].setdefault("links", {})
        for path, further in schema["paths"].items():
            parameter = path.removeprefix(template.removesuffix("{id}")).partition("/")[0]
            if path.startswith(template.removesuffix("{id}") + "{") and parameter.endswith("}"):
                for following in further.values():
                    name = following["operationId"]
                    links[name] = {"operationId": name, "parameters": {parameter[1:-1]: "$response.body#/id"}}


def _keep_nulls(operation: Schema, route: RouteContext) -> None:
    """Put the examples back as they were declared: FastAPI takes the nulls out of them."""
    declared = [(answer, operation["responses"][str(status)]) for status, answer in route.responses.items()]
    declared.append(((route.openapi_extra or {}).get("requestBody", {}), operation.get("requestBody", {})))
    for given, shown in declared:
        for media_type, content in given.get("content", {}).items():
            kept = {key: value for key, value in content.items() if key in {"example", "examples"}}
            shown["content"][media_type].update(kept)


def _schemas(known: Schema) -> Schema:
    problem = Problem.model_json_schema(ref_template=_REF)
    added = {**problem.pop("$defs"), "Problem": problem}
    return dict(
        sorted({**{name: shape for name, shape in known.items() if name not in _FRAMEWORKS_OWN}, **added}.items())
    )


def _operations(schema: Schema) -> Iterator[Schema]:
    return (operation for path in schema.get("paths", {}).values() for operation in path.values())


def _tags(schema: Schema) -> list[Schema]:
    """The texts on the tags in use, in the order in which the operations come."""
    texts = {tag["name"]: tag for module in _texts() if (tag := getattr(module, "TAG", None))}
    used = dict.fromkeys(name for operation in _operations(schema) for name in operation.get("tags", ()))
    return [dict(texts[name]) for name in used if name in texts]


def _texts() -> list[Any]:
    return [import_module(f"docs.{module.name}") for module in pkgutil.iter_modules(docs.__path__)]
