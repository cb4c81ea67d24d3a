"""How operations are declared, and the conventions that each of them keeps without saying so."""

import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from enum import StrEnum
from functools import wraps
from hashlib import blake2b
from typing import Any, NotRequired, TypedDict, Unpack, cast
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse

from config import limits
from config.openapi import CREATED_AT
from docs._shapes import Operation
from models.commons import ExtendedBaseModel, Input, Page
from models.exceptions import (
    DomainError,
    Forbidden,
    IdempotencyInProgress,
    IdempotencyKeyReused,
    Invalid,
    InvalidToken,
    MalformedBody,
    NotAcceptable,
    StoreAway,
    TookTooLong,
    TooLarge,
    TooManyRequests,
    Unauthenticated,
    UnsupportedMediaType,
)
from routes import _once
from routes._callers import Viewer, admin, current_user, moderator
from routes._negotiation import JSON, NegotiatingRoute
from routes._problems import problem_responses
from routes._rendering import to_json

Endpoint = Callable[..., Awaitable[Any]]
VARY = "Authorization, Accept-Encoding"
CODINGS = ("br", "gzip")  # config/compression.py adds the coding to the entity tag of what it compresses


_DEFAULTS = {"request": inspect.Parameter.empty, "idempotency_key": None}


class Policy(StrEnum):
    """Who may call an operation; what they may do to which document, the `utils` interface decides."""

    ANYONE = "anyone"
    SESSION = "session"  # whoever holds a token of a live session, a refresh token too: the interface looks at it
    USER = "user"
    MODERATOR = "moderator"
    ADMIN = "admin"


Guards = Mapping[Policy, Callable[..., Any] | None]

BEARER: Guards = {
    Policy.ANYONE: None,
    Policy.SESSION: None,
    Policy.USER: current_user,
    Policy.MODERATOR: moderator,
    Policy.ADMIN: admin,
}


class Declaration(TypedDict):
    """What an operation says of itself beside its path and its function."""

    policy: Policy
    docs: Operation
    answer: NotRequired[Any]  # the model that picks what is public of the result; none: 204
    status: NotRequired[int]  # 200, or 204 without an answer
    produces: NotRequired[Sequence[str]]  # media types beside JSON
    refuses: NotRequired[Sequence[type[DomainError]]]  # beside those that follow from the policy and the body
    location: NotRequired[str]  # with {id}: the address of what was created; done once per Idempotency-Key
    reread: NotRequired[_once.Read]  # finds what was created, for whoever asks; beside `location`
    shared_s: NotRequired[int]  # seconds that anybody may keep the answer to an anonymous GET
    guards: NotRequired[Sequence[Any]]  # dependencies that may refuse, beside the one of the policy
    carries: NotRequired[Callable[[Any, Response], None]]  # puts further headers into the answer


class Operations:
    """The operations of one area; `router` goes into the application.

    The functions return stored models: here they become answers, with entity tag, caching, `Location` and `Link`.
    """

    def __init__(
        self,
        tag: str,
        prefix: str = "",
        guards: Guards = BEARER,
        headers: Mapping[str, str] | None = None,
        *,
        deprecated: bool = False,
    ) -> None:
        """Start an area.

        Args:
            tag: its name in the API pages, and the first part of each operationId.
            prefix: the path that all its operations share.
            guards: the dependency that enforces each policy.
            headers: header fields that all its answers carry.
            deprecated: whether the API pages advise against all of it.
        """
        self.tag = tag
        self._guards, self._headers = guards, dict(headers or {})
        self.router = APIRouter(prefix=prefix, tags=[tag], deprecated=deprecated or None, route_class=NegotiatingRoute)

    def get(self, path: str, **declared: Unpack[Declaration]) -> Callable[[Endpoint], Endpoint]:
        """Declare a GET (and HEAD) operation."""
        return self._declare("GET", path, declared)

    def post(self, path: str, **declared: Unpack[Declaration]) -> Callable[[Endpoint], Endpoint]:
        """Declare a POST operation."""
        return self._declare("POST", path, declared)

    def put(self, path: str, **declared: Unpack[Declaration]) -> Callable[[Endpoint], Endpoint]:
        """Declare a PUT operation."""
        return self._declare("PUT", path, declared)

    def patch(self, path: str, **declared: Unpack[Declaration]) -> Callable[[Endpoint], Endpoint]:
        """Declare a PATCH operation."""
        return self._declare("PATCH", path, declared)

    def delete(self, path: str, **declared: Unpack[Declaration]) -> Callable[[Endpoint], Endpoint]:
        """Declare a DELETE operation."""
        return self._declare("DELETE", path, declared)

    def _declare(self, method: str, path: str, declared: Declaration) -> Callable[[Endpoint], Endpoint]:
        def register(endpoint: Endpoint) -> Endpoint:
            text, answer = declared["docs"], declared.get("answer")
            guard = self._guards[declared["policy"]]
            self.router.add_api_route(
                path,
                _answering(endpoint, declared, self._headers),
                methods=[method],
                response_model=answer,
                response_class=JSONResponse if answer else Response,
                status_code=declared.get("status", 200 if answer else 204),
                summary=text["summary"],
                description=text["description"],
                response_description=text.get("response_description", "Done."),
                responses=_responses(endpoint, declared, f"{method} {self.router.prefix}{path}"),
                dependencies=[*([Depends(guard)] if guard else []), *declared.get("guards", ())],
                operation_id=f"{self.tag}_{endpoint.__name__}",
                openapi_extra=_extra(text, declared),
            )
            if self.router.prefix.startswith("/v1"):  # not the older paths
                route = cast("NegotiatingRoute", self.router.routes[-1])
                route.strict = True
                route.produces = (JSON, *declared.get("produces", ())) if answer else ()
            return endpoint

        return register


def _answering(endpoint: Endpoint, declared: Declaration, further: Mapping[str, str]) -> Endpoint:
    """The function that FastAPI calls: the endpoint, then its result made into an answer."""
    signature = inspect.signature(endpoint)
    own = {"request": Request} | ({"idempotency_key": _once.Key} if "location" in declared else {})
    added = {name: kind for name, kind in own.items() if name not in signature.parameters}
    operation = f"{endpoint.__module__}.{endpoint.__qualname__}"

    @wraps(endpoint)
    async def answering(*, request: Request, idempotency_key: str | None = None, **values: Any) -> Response:
        if "request" not in added:
            values["request"] = request

        async def work() -> Response:
            return _finish(request, await endpoint(**values), declared, further)

        def found(document_id: str) -> _once.Work:
            async def reread() -> Response:
                made = await declared["reread"](document_id, values.get("user"))
                return _finish(request, made, declared, further)

            return reread

        if idempotency_key is None:
            return await work()
        return await _once.once(request, operation, idempotency_key, work, found)

    further_parameters = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=kind, default=_DEFAULTS[name])
        for name, kind in added.items()
    ]
    parameters = [*signature.parameters.values(), *further_parameters]
    answering.__signature__ = signature.replace(  # type: ignore[attr-defined]  # FastAPI reads it
        parameters=parameters, return_annotation=Response
    )
    return answering


def _finish(request: Request, result: Any, declared: Declaration, further: Mapping[str, str]) -> Response:
    answer = _answer(request, result, declared)
    answer.headers.update(further)
    if "carries" in declared:
        declared["carries"](result, answer)
    return answer


def _answer(request: Request, result: Any, declared: Declaration) -> Response:
    """Make the answer to `request` out of what the interface returned."""
    if isinstance(result, Response):
        return result
    headers = {"Cache-Control": _caching(request, result, declared), "Vary": VARY}
    model = declared.get("answer")
    if model is None:
        return Response(status_code=declared.get("status", 204), headers=headers)
    status = declared.get("status", 200)
    body: bytes | None = None
    if isinstance(result, ExtendedBaseModel):
        headers["ETag"] = result.etag()
        if "location" in declared:
            headers["Location"] = declared["location"].format(id=result.get_id())
    elif request.method == "GET":
        body = to_json(model, result)
        headers["ETag"] = f'"{blake2b(body, digest_size=12).hexdigest()}"'
    if isinstance(result, Page) and result.next_cursor:
        headers["Link"] = f'<{request.scope["path"]}?{_following(request, result.next_cursor)}>; rel="next"'
    if request.method == "GET" and (held := fresh(request, headers.get("ETag", ""))):
        return Response(status_code=304, headers={**headers, "ETag": held})
    return Response(body or to_json(model, result), status, headers, media_type=JSON)


def _following(request: Request, cursor: str) -> str:
    """The query of the next page."""
    given = [(name, value) for name, value in request.query_params.multi_items() if name != "cursor"]
    return urlencode([*given, ("cursor", cursor)])


def fresh(request: Request, etag: str) -> str | None:
    """The tag in `If-None-Match` (RFC 9110, section 13.1.2) that names the current state, by weak comparison."""
    held = request.headers.get("if-none-match")
    if held is None or not etag:
        return None
    if held.strip() == "*":
        return etag
    current = {etag, *(f'{etag[:-1]}-{coding}"' for coding in CODINGS)}
    return next((tag for part in held.split(",") if (tag := part.strip().removeprefix("W/")) in current), None)


def _caching(request: Request, result: Any, declared: Declaration) -> str:
    """Only what an anonymous GET reads, and anybody may see, is ever shared."""
    seconds = declared.get("shared_s")
    if seconds is None or request.method != "GET" or "authorization" in request.headers:
        return "no-store"
    if isinstance(result, ExtendedBaseModel) and not result.is_shared():
        return "no-store"
    return f"public, max-age={seconds}"


def _responses(endpoint: Endpoint, declared: Declaration, route: str) -> dict[int | str, dict[str, Any]]:
    refusals: list[type[DomainError]] = [Invalid, StoreAway, TookTooLong, *declared.get("refuses", ())]
    if limits.bucket_of(route) is not None:
        refusals.append(TooManyRequests)
    if declared.get("answer"):
        refusals.append(NotAcceptable)
    if "location" in declared:
        refusals += [IdempotencyInProgress, IdempotencyKeyReused]
    if _takes_json(endpoint):
        refusals += [MalformedBody, TooLarge, UnsupportedMediaType]
    if declared["policy"] not in (Policy.ANYONE, Policy.SESSION):
        refusals += [Unauthenticated, InvalidToken]
    elif Viewer in [parameter.annotation for parameter in inspect.signature(endpoint).parameters.values()]:
        refusals.append(InvalidToken)
    if declared["policy"] in (Policy.MODERATOR, Policy.ADMIN):
        refusals.append(Forbidden)
    return _with_contents(problem_responses(refusals), declared)


def _with_contents(
    responses: dict[int | str, dict[str, Any]], declared: Declaration
) -> dict[int | str, dict[str, Any]]:
    """Add what a good answer looks like."""
    if "answer_example" in declared["docs"]:
        status = declared.get("status", 200)
        responses[status] = {"content": {JSON: {"example": declared["docs"]["answer_example"]}}}
    for media_type in declared.get("produces", ()):
        content = responses.setdefault(declared.get("status", 200), {}).setdefault("content", {})
        content[media_type] = {"schema": {"type": "string"}}
    if "answer_content" in declared["docs"]:
        responses[declared.get("status", 200)] = {"content": declared["docs"]["answer_content"]}
    return responses


def _takes_json(endpoint: Endpoint) -> bool:
    parameters = inspect.signature(endpoint).parameters.values()
    return any(isinstance(p.annotation, type) and issubclass(p.annotation, Input) for p in parameters)


def _extra(text: Operation, declared: Declaration) -> dict[str, Any]:
    extra: dict[str, Any] = {"x-policy": declared["policy"].value}
    if "location" in declared:
        extra[CREATED_AT] = declared["location"]
    if "request_examples" in text:
        examples = {name: {"value": body} for name, body in text["request_examples"].items()}
        extra["requestBody"] = {"content": {JSON: {"examples": examples}}}
    if "request_body" in text:
        extra["requestBody"] = text["request_body"]
    return extra
