"""What goes wrong, turned into problem documents: the error handlers of the application."""

from collections.abc import Callable
from functools import cache
from http import HTTPStatus
from re import Pattern
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import compile_path

from models.exceptions import (
    DomainError,
    Invalid,
    MalformedBody,
    MethodNotAllowed,
    RouteNotFound,
    StoreAway,
    TooLarge,
    UnsupportedMediaType,
)
from routes._problems import render

MAX_FAULTS = 20


def install(app: FastAPI, driver_error: type[Exception], is_away: Callable[[Any], bool]) -> None:
    """Give an application its error handlers.

    Args:
        app: the application.
        driver_error: what the driver raises.
        is_away: whether one of these says that the store is away; the others are bugs.
    """

    def store_error(request: Request, error: Exception) -> Response:
        if not is_away(error):
            raise error
        return render(request, StoreAway())

    app.exception_handler(DomainError)(_domain_error)
    app.exception_handler(RequestValidationError)(_validation_error)
    app.exception_handler(HTTPException)(_http_error)
    app.exception_handler(driver_error)(store_error)


def _domain_error(request: Request, error: DomainError) -> Response:
    return render(request, error)


def _validation_error(request: Request, error: RequestValidationError) -> Response:
    """Say where the input is wrong, without repeating it: it may be a secret."""
    found = error.errors()
    if any(fault["type"] == "json_invalid" for fault in found):
        return render(request, MalformedBody("The body is not JSON (RFC 8259).", pointer=""))
    faults = [{"pointer": _pointer(fault["loc"]), "message": fault["msg"]} for fault in found[:MAX_FAULTS]]
    return render(request, Invalid(f"{len(found)} fault(s) in the input.", errors=faults))


def _pointer(location: tuple[str | int, ...]) -> str:
    """A JSON pointer (RFC 6901) into the body; for other parts of the request, one below `#/query` and the like."""
    source, *rest = location or ("body",)
    steps = "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in rest)
    return steps if source == "body" else f"#/{source}{steps}"


def _http_error(request: Request, error: HTTPException) -> Response:
    if isinstance(error.__cause__, DomainError):  # raised while FastAPI read the body
        return render(request, error.__cause__)
    if isinstance(error.__cause__, ClientDisconnect):
        raise error.__cause__
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        return _wrong_method(request)
    match error.status_code:
        case HTTPStatus.NOT_FOUND:
            refusal: DomainError = RouteNotFound("No operation has this path.")
        case HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            refusal = TooLarge()
        case HTTPStatus.UNSUPPORTED_MEDIA_TYPE:
            refusal = UnsupportedMediaType()
        case _:
            refusal = MalformedBody("The body cannot be read.", pointer="")
    return render(request, refusal)


def _wrong_method(request: Request) -> Response:
    allowed = {"Allow": _allowed(request)}
    if request.method == "OPTIONS":
        return Response(status_code=204, headers=allowed)
    return render(request, MethodNotAllowed("Allow names the methods.", headers=allowed))


def _allowed(request: Request) -> str:
    """All methods that operations have at this path (RFC 9110, section 10.2.1), by the first template that fits."""
    methods, template = {"OPTIONS"}, None
    for route in iter_route_contexts(request.app.routes):
        if route.path and template in (None, route.path_format) and _pattern(route.path).match(request.url.path):
            template = route.path_format
            methods |= route.methods or set()
    if "GET" in methods:
        methods.add("HEAD")
    return ", ".join(sorted(methods))


@cache
def _pattern(path: str) -> Pattern[str]:
    return compile_path(path)[0]
