"""The files that pages load: each under a path that changes with its content, so that it may be kept for ever."""

from functools import cache
from hashlib import blake2b
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import brotli
from fastapi import Request, Response

from models.exceptions import RouteNotFound

_FOR_EVER = "public, max-age=31536000, immutable"
_MEDIA_TYPES = {
    "css": "text/css; charset=utf-8",
    "ico": "image/x-icon",
    "js": "text/javascript; charset=utf-8",
    "json": "application/json",
    "svg": "image/svg+xml",
}
_BUNDLED = ("swagger-ui-bundle.js", "swagger-ui.css", "redoc.standalone.js")
# Redoc's bundle asks its maker's server for a logo, which the page's policy forbids; without the address it asks none.
_CALLS_HOME = b"https://cdn.redoc.ly/redoc/logo-mini.svg"


def url(name: str) -> str:
    """The path at which the present content of a file is served."""
    return f"/assets/{_digest(name)}/{name}"


def answer(request: Request, name: str, digest: str = "") -> Response:
    """Serve a file, packed where the client takes it.

    Args:
        request: what was asked.
        name: the file.
        digest: which content was asked for; where it is not the present one, the answer is not to be kept.

    Raises:
        RouteNotFound: there is no such file.
    """
    etag = f'"{_digest(name)}"'
    caching = _FOR_EVER if digest == _digest(name) else "no-cache"
    headers = {"Cache-Control": caching, "ETag": etag, "Vary": "Accept-Encoding"}
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers=headers)
    body = _content(name)
    if "br" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "br"
        body = _packed(name)
    return Response(body, headers=headers, media_type=_MEDIA_TYPES[name.rpartition(".")[2]])


@cache
def _files() -> dict[str, Traversable]:
    bundled = files("fastapi_offline") / "static"
    own = (Path(__file__).parent / "web" / "static").iterdir()
    return {name: bundled / name for name in _BUNDLED} | {file.name: file for file in own}


@cache
def _content(name: str) -> bytes:
    file = _files().get(name)
    if file is None:
        raise RouteNotFound
    return file.read_bytes().replace(_CALLS_HOME, b"data:,")


@cache
def _digest(name: str) -> str:
    return blake2b(_content(name), digest_size=8).hexdigest()


@cache
def _packed(name: str) -> bytes:
    packed: bytes = brotli.compress(_content(name), quality=6)
    return packed
