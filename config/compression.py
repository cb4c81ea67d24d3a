"""Compression of answers (RFC 9110, section 8.4.1), as plain ASGI."""

import asyncio
import gzip
import re

import brotli
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from config.middleware import RawHeaders, header

MIN_BYTES = 1_000
OFF_LOOP_BYTES = 100_000  # above this, compressing would hold up the other requests of the worker
GZIP_LEVEL = 5
BROTLI_QUALITY = 4

_WORTH_IT = re.compile(rb"(text/(?!event-stream)|application/(.+\+)?(json|javascript|xml|yaml)|image/svg)")
_CODINGS = (b"br", b"gzip")  # the one that we would rather send first


class Compression:
    """Compresses whole answers of text; streams, images and what is short go out as they are."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap `app`."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection scope."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        coding = negotiate(header(scope, b"accept-encoding"))
        held: Message | None = None

        async def compressing(message: Message) -> None:
            nonlocal held
            if message["type"] == "http.response.start":
                start = _varying(message)
                if coding is None or start is message:
                    await send(start)
                else:
                    held = start  # until the length of the body is known
            elif held is not None and coding is not None:
                start, held = held, None
                for part in await _compressed(start, message, coding):
                    await send(part)
            else:
                await send(message)

        await self.app(scope, receive, compressing)


def negotiate(accepted: bytes | None) -> bytes | None:
    """The best coding that `Accept-Encoding` (RFC 9110, section 12.5.3) allows; None: as it is."""
    if not accepted:
        return None
    weights: dict[bytes, float] = {}
    for choice in accepted.lower().split(b","):
        name, _, parameter = choice.partition(b";")
        weights[name.strip()] = _weight(parameter)
    anything = weights.get(b"*", 0.0)
    offered = [(weights.get(coding, anything), -place, coding) for place, coding in enumerate(_CODINGS)]
    weight, _, coding = max(offered)
    return coding if weight > 0 else None


def _weight(parameter: bytes) -> float:
    try:
        return float(parameter.strip().removeprefix(b"q=") or 1)
    except ValueError:
        return 0.0


def _varying(message: Message) -> Message:
    """The start of an answer of text, said to vary with Accept-Encoding; that of any other answer unchanged."""
    headers: RawHeaders = message.get("headers", [])
    fields = dict(headers)
    if not _WORTH_IT.match(fields.get(b"content-type", b"")) or b"content-encoding" in fields:
        return message
    vary = fields.get(b"vary", b"")
    if b"accept-encoding" in vary.lower():
        return {**message}
    others = [pair for pair in headers if pair[0] != b"vary"]
    return {**message, "headers": [*others, (b"vary", vary + b", Accept-Encoding" if vary else b"Accept-Encoding")]}


async def _compressed(start: Message, message: Message, coding: bytes) -> tuple[Message, Message]:
    body = message.get("body", b"")
    if len(body) < MIN_BYTES or message.get("more_body"):
        return start, message
    smaller = await asyncio.to_thread(_encode, body, coding) if len(body) > OFF_LOOP_BYTES else _encode(body, coding)
    headers: RawHeaders = [(name, _of_coding(name, value, coding, len(smaller))) for name, value in start["headers"]]
    headers.append((b"content-encoding", coding))
    return {**start, "headers": headers}, {**message, "body": smaller}


def _encode(body: bytes, coding: bytes) -> bytes:
    if coding == b"br":
        return bytes(brotli.compress(body, quality=BROTLI_QUALITY))
    return gzip.compress(body, GZIP_LEVEL, mtime=0)


def _of_coding(name: bytes, value: bytes, coding: bytes, length: int) -> bytes:
    """A header of the answer as it is, made right for the compressed one; a strong tag names one sequence of bytes."""
    if name == b"content-length":
        return str(length).encode()
    if name == b"etag" and value.startswith(b'"'):
        return value[:-1] + b"-" + coding + b'"'
    return value
