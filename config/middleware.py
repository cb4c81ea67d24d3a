"""The conventions that hold for every answer, as plain ASGI."""

import logging
import re
import secrets
from collections.abc import Awaitable, Callable

from fastapi import Request, Response
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from config import context
from models.exceptions import DomainError, InternalError, TooLarge

Render = Callable[[Request, DomainError], Response]

_SAFE_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_log = logging.getLogger("underline")

SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
MAX_BODY_BYTES = 1_000_000
MAX_UPLOAD_BYTES = 10_000_000 + 100_000  # the image and what multipart puts around it


class RequestContext:
    """Outermost: names the request, sets the headers that all answers carry."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap `app`."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection scope."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if _SAFE_ID.fullmatch(given) else secrets.token_hex(8)
        scope.setdefault("state", {})["request_id"] = request_id

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["X-Request-ID"] = request_id
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        before = context.request_id.set(request_id)
        try:
            await self.app(scope, receive, send_with_headers)
        finally:
            context.request_id.reset(before)


class Guard:
    """Innermost: turns bugs and oversized bodies into problems, and evens out paths and HEAD."""

    def __init__(self, app: ASGIApp, render: Render) -> None:
        """Wrap `app`; `render` makes the answer to a refusal."""
        self.app, self.render = app, render

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

        inner = _even_path(scope)
        sender = _without_body(watched_send) if scope["method"] == "HEAD" else watched_send
        try:
            await self.app(inner, _capped(inner, receive), sender)
        except TooLarge as error:
            await self._refuse(error, scope, receive, started, sender)
        except Exception as error:  # noqa: BLE001  # whatever it is, the client gets a problem and the log the traceback
            _log.exception("unhandled error", exc_info=error)
            await self._refuse(InternalError("It is logged under the request id."), scope, receive, started, sender)

    async def _refuse(self, error: DomainError, scope: Scope, receive: Receive, started: bool, send: Send) -> None:
        if started:
            raise error
        await self.render(Request(scope), error)(scope, receive, send)


def _even_path(scope: Scope) -> Scope:
    """The same path with and without a trailing slash; HEAD is answered by GET."""
    changes: dict[str, object] = {}
    if len(scope["path"]) > 1 and scope["path"].endswith("/"):
        changes["path"] = scope["path"].rstrip("/") or "/"
    if scope["method"] == "HEAD":
        changes["method"] = "GET"
    return {**scope, **changes} if changes else scope


def _without_body(send: Send) -> Send:
    async def headers_only(message: Message) -> None:
        if message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await send(message)

    return headers_only


def _capped(scope: Scope, receive: Receive) -> Callable[[], Awaitable[Message]]:
    """Count the body as it comes in, whatever Content-Length says."""
    cap = MAX_UPLOAD_BYTES if scope["path"] in ("/v1/images", "/images/upload") else MAX_BODY_BYTES
    declared = Headers(scope=scope).get("content-length", "")
    if declared.isdigit() and int(declared) > cap:
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
