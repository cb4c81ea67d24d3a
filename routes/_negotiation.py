"""What is settled before an operation reads its body: how fast the caller is, and which media types pass in and out."""

from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from copy import copy
from functools import lru_cache
from typing import Any

import orjson
from fastapi import Request, Response
from fastapi.params import Form
from fastapi.routing import APIRoute
from starlette.datastructures import Headers

from config import limits
from config.main import settings
from models.exceptions import MalformedBody, NotAcceptable, TooManyRequests, UnsupportedMediaType
from routes._query import giving, known, refuse_unknown
from utils import callers, subjects

JSON = "application/json"
MERGE_PATCH = "application/merge-patch+json"
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
PROBLEM = "application/problem+json"

MAX_SHAPES = 32  # of one operation: combinations of query parameters whose handling is kept
Handler = Callable[[Request], Coroutine[Any, Any, Response]]

limiter = limits.of(settings)


@asynccontextmanager
async def counting() -> AsyncIterator[None]:
    """Let go of what counts requests, at the end."""
    try:
        yield
    finally:
        if limiter is not None:
            await limiter.close()


class StrictRequest(Request):
    """A request whose JSON is read by the letter of RFC 8259: no NaN, no lone surrogates, no bottomless nesting."""

    async def json(self) -> Any:
        """The body, parsed."""
        if not hasattr(self, "_json"):
            try:
                self._json = orjson.loads(await self.body())  # pylint: disable=attribute-defined-outside-init  # as Starlette
            except ValueError as error:
                raise MalformedBody("The body is not JSON (RFC 8259).", pointer="") from error
        return self._json


class NegotiatingRoute(APIRoute):
    """A route that refuses who is too fast (429), and what it cannot read (415) or write (406), before any body."""

    produces: tuple[str, ...] = ()  # none: whatever the function returns
    strict: bool = False  # whether query parameters that it does not know are refused

    def get_route_handler(self) -> Handler:
        """The function that serves the route."""
        takes, parameters = self._takes(), known(self)
        name = f"{next(iter(self.methods or ('GET',)))} {self.path_format}"
        handling = lru_cache(maxsize=MAX_SHAPES)(self._handling)

        async def negotiate(plain: Request) -> Response:
            request = StrictRequest(plain.scope, plain.receive)
            headers, given = request.headers, frozenset(request.query_params)
            if limiter is not None:
                await hold_back(limiter, name, request)
            check_content_type(headers, takes)
            if self.strict and given:
                refuse_unknown(given, parameters)
            if self.produces:
                check_accept(headers.get("accept"), self.produces)
            return await handling(given & parameters)(request)

        return negotiate

    def _handling(self, given: frozenset[str]) -> Handler:
        """What FastAPI makes of the operation, for requests with these query parameters alone."""
        route = copy(self)
        route.dependant = giving(self.dependant, given)
        return APIRoute.get_route_handler(route)

    def _takes(self) -> tuple[str, ...]:
        if self.body_field is None:
            return ()
        if isinstance(self.body_field.field_info, Form):
            return FORMS
        return (JSON, MERGE_PATCH) if "PATCH" in (self.methods or ()) else (JSON,)


async def hold_back(limiter_: limits.Limiter, route: str, request: Request) -> None:
    """Count a request for whoever sends it: an account, by its token's signature, or else an address.

    Raises:
        TooManyRequests: there were too many.
    """
    verdict = await limiter_.hit(route, _caller(request))
    if verdict is None:
        return
    request.state.headers = verdict.headers()
    if not verdict.allowed:
        request.state.rejected_by = verdict.bucket.name
        raise TooManyRequests(verdict.reset_s, f"{verdict.bucket.amount} in {verdict.bucket.seconds} s is the limit.")


def _caller(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    given = token if scheme.lower() == "bearer" else request.headers.get("token")
    subject = subjects.named_by(given) if given else None
    return subject or callers.source(request.client.host if request.client else "")


def check_content_type(headers: Headers, takes: tuple[str, ...]) -> None:
    """See that a body is of a type that is taken, in UTF-8 and not compressed.

    Raises:
        UnsupportedMediaType: it is not.
    """
    if not takes or (headers.get("content-length", "0") == "0" and "transfer-encoding" not in headers):
        return
    essence, _, parameters = headers.get("content-type", "").lower().partition(";")
    charset = parameters.partition("charset=")[2].strip(' "')
    if essence.strip() not in takes or charset not in ("", "utf-8", "utf8") or "content-encoding" in headers:
        named = {"Accept-Patch" if MERGE_PATCH in takes else "Accept": ", ".join(takes)}
        raise UnsupportedMediaType(
            f"The body is {' or '.join(takes)} here, in UTF-8 and not compressed.", headers=named
        )


def check_accept(accept: str | None, produces: tuple[str, ...]) -> None:
    """See that the client takes (RFC 9110, section 12.5.1) one of the types that the operation answers with.

    Raises:
        NotAcceptable: it takes none of them.
    """
    if not accept or accept == "*/*" or not accept.isascii():
        return
    weights = dict(_choices(accept))
    if not any(_accepted(weights, media_type) for media_type in (*produces, PROBLEM)):
        raise NotAcceptable(f"This is answered as {' or '.join(produces)}.", produces=list(produces))


def _choices(accept: str) -> list[tuple[str, bool]]:
    """Media ranges, and whether their weight is above nought."""
    parts = [[piece.strip() for piece in choice.lower().split(";")] for choice in accept.split(",")]
    refused = {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return [(media_range, not refused.intersection(parameters)) for media_range, *parameters in parts]


def _accepted(weights: dict[str, bool], media_type: str) -> bool:
    """What the most specific range that covers a media type says of it."""
    ranges = (media_type, media_type.partition("/")[0] + "/*", "*/*")
    return next((weights[name] for name in ranges if name in weights), False)
