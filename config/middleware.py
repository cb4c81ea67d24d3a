"""The conventions that hold for every answer, as plain ASGI."""

import asyncio
import logging
import re
import secrets
from collections.abc import Awaitable, Callable, Sequence
from time import perf_counter

from fastapi import Request, Response
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from config import context, stopping
from config.metrics import route_of
from config.observation import Observer
from models.exceptions import DomainError, InternalError, MisdirectedRequest, TookTooLong, TooLarge

Render = Callable[[Request, DomainError], Response]
RawHeaders = list[tuple[bytes, bytes]]

_SAFE_ID = re.compile(rb"[A-Za-z0-9._-]{8,64}")
_log = logging.getLogger("underline")

# Every answer carries these unless it says otherwise itself; names in lower case, as ASGI has them.
DEFAULT_HEADERS: RawHeaders = [
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
]
TRANSPORT_SECURITY = (b"strict-transport-security", b"max-age=31536000")
UNGUARDED_PATHS = frozenset({"/livez", "/readyz"})  # platforms ask for these by address, not by name
UPLOAD_PATHS = frozenset({"/v1/images", "/images/upload"})
MAX_BODY_BYTES = 1_000_000
MAX_UPLOAD_BYTES = 10_000_000 + 100_000  # the image and what multipart puts around it
CLIENT_LEFT = 499  # what the log says of a request whose client did not wait


def header(scope: Scope, name: bytes) -> bytes | None:
    """The first value of a request header; `name` in lower case."""
    for key, value in scope["headers"]:
        if key == name:
            return bytes(value)
    return None


class RequestContext:
    """Outermost: names the request, sets the headers that all answers carry, answers HEAD by GET, and is observed."""

    def __init__(self, app: ASGIApp, observer: Observer, *, hosted: bool = False) -> None:
        """Wrap an application.

        Args:
            app: what to wrap.
            observer: is told of each request and its answer.
            hosted: whether browsers are told to come back by TLS only.
        """
        self.app, self.observer = app, observer
        self.defaults = [*DEFAULT_HEADERS, TRANSPORT_SECURITY] if hosted else DEFAULT_HEADERS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection scope."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun, status, sent = perf_counter(), CLIENT_LEFT, 0
        state = scope.setdefault("state", {})
        request_id = _request_id(scope)
        state["request_id"] = request_id.decode()
        state["method"] = scope["method"]
        empty = scope["method"] == "HEAD"
        if empty:
            scope["method"] = "GET"

        async def send_complete(message: Message) -> None:
            nonlocal status, sent
            if message["type"] == "http.response.start":
                status = message["status"]
                own: RawHeaders = [(b"x-request-id", request_id), *state.get("headers", ())]
                if stopping.state.asked:
                    own.append((b"connection", b"close"))
                message = {**message, "headers": [*_with_defaults(message, self.defaults), *own]}
            elif empty:
                message = {**message, "body": b""}
            else:
                sent += len(message.get("body", b""))
            await send(message)

        before = context.request_id.set(state["request_id"])
        self.observer.begun(scope)
        try:
            await self.app(scope, receive, send_complete)
        finally:
            context.request_id.reset(before)
            self.observer.ended(scope, status, perf_counter() - begun, sent)


def _request_id(scope: Scope) -> bytes:
    given = header(scope, b"x-request-id")
    return given if given and _SAFE_ID.fullmatch(given) else secrets.token_hex(8).encode()


def _with_defaults(message: Message, defaults: RawHeaders) -> RawHeaders:
    headers: RawHeaders = list(message.get("headers", ()))
    present = {name for name, _ in headers}
    return headers + [pair for pair in defaults if pair[0] not in present]


class Guard:
    """Innermost: turns bugs, foreign hosts, oversized bodies and endless work into problems, and evens out paths."""

    def __init__(self, app: ASGIApp, render: Render, hosts: Sequence[str] = (), timeout_s: float = 20) -> None:
        """Wrap an application.

        Args:
            app: what to wrap.
            render: makes the answer to a refusal.
            hosts: the names that the service answers to, `*.example.org` for all below one; none: any name.
            timeout_s: seconds after which a request is given up, wherever it is.
        """
        self.app, self.render, self.timeout_s = app, render, timeout_s
        self.hosts = frozenset(host.lower() for host in hosts if not host.startswith("*."))
        self.domains = tuple(host[1:].lower() for host in hosts if host.startswith("*."))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection scope."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def watched_send(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            _even_path(scope)
            self._check_host(scope)
            await self._in_time(scope, _capped(scope, receive), watched_send)
        except ClientDisconnect:
            _log.info("the client left before its request was complete")
        except DomainError as error:
            await self._refuse(error, scope, receive, started, send)
        except Exception as error:  # noqa: BLE001  # whatever it is, the client gets a problem and the log the traceback
            told = {"method": scope["state"].get("method"), "route": route_of(scope)}
            _log.exception("unhandled error", exc_info=error, extra=told)
            await self._refuse(InternalError("It is logged under the request id."), scope, receive, started, send)

    async def _in_time(self, scope: Scope, receive: Receive, send: Send) -> None:
        limit = asyncio.timeout(self.timeout_s)
        try:
            async with limit:
                await self.app(scope, receive, send)
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise TookTooLong from error

    async def _refuse(self, error: DomainError, scope: Scope, receive: Receive, started: bool, send: Send) -> None:
        if started:
            raise error
        await self.render(Request(scope), error)(scope, receive, send)

    def _check_host(self, scope: Scope) -> None:
        if not (self.hosts or self.domains) or scope["path"] in UNGUARDED_PATHS:
            return
        host = (header(scope, b"host") or b"").decode("latin-1").lower()
        name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
        if name not in self.hosts and not name.endswith(self.domains or ("\0",)):
            raise MisdirectedRequest("This service does not answer to the name in Host.")


def _even_path(scope: Scope) -> None:
    """The same path with and without a trailing slash."""
    path = scope["path"]
    if len(path) > 1 and path[-1] == "/":
        scope["path"] = path.rstrip("/") or "/"


def _capped(scope: Scope, receive: Receive) -> Callable[[], Awaitable[Message]]:
    """Count the body as it comes in, whatever Content-Length says."""
    cap = MAX_UPLOAD_BYTES if scope["path"] in UPLOAD_PATHS else MAX_BODY_BYTES
    declared = header(scope, b"content-length")
    if declared is not None and declared.isdigit() and (len(declared) > 18 or int(declared) > cap):  # noqa: PLR2004  # digits that int() takes fast
        raise TooLarge(f"A body has at most {cap} bytes here.", limit=cap)
    received = 0

    async def counted() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > cap:
            raise TooLarge(f"A body has at most {cap} bytes here.", limit=cap)
        return message

    return counted
