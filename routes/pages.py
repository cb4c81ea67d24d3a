"""What people open in a browser: the API pages, the problem types, and the files that these load."""

from datetime import timedelta
from hashlib import blake2b
from http import HTTPStatus
from typing import Annotated
from urllib.parse import urlsplit

import orjson
from fastapi import Depends, Path, Request, Response

from config.main import NAME, VERSION, DocsAccess, settings
from config.openapi import describe
from docs import service as docs
from models import problems
from models.commons import now
from models.exceptions import RouteNotFound
from models.service import Service
from routes import _assets
from routes._callers import Viewer, admin, current_user
from routes._html import html_wanted, page
from routes._operations import Operations, Policy, fresh
from routes._problems import example

api = Operations("service")

# Redoc brings two inline styles: the fixed rules of its scroll bars, and an empty element that its scripts fill.
_REDOC_STYLES = (
    "'sha256-QMIg+bpjm3JdElJ388KYke01izlUW0UoNOeKjpMxdgc=' 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"
)
_HOME_POLICY = {"require-trusted-types-for": "'script'", "trusted-types": "'none'"}  # its scripts write text, not HTML
_API_LINKS = {"openapi": "/openapi.json", "docs": "/docs", "redoc": "/redoc"}


Slug = Annotated[
    str, Path(max_length=64, description="The last part of the problem's `type`.", examples=["event-over"])
]


async def docs_on() -> None:
    """Hide the API pages where the operator does not want them."""
    if settings.docs_access is DocsAccess.OFF:
        raise RouteNotFound


async def docs_reader(caller: Viewer) -> None:
    """Let those read the contract whom the operator lets."""
    if settings.docs_access is DocsAccess.ADMIN:
        await admin(await current_user(caller))


@api.get("/", policy=Policy.ANYONE, docs=docs.ROOT, answer=Service)
async def root(request: Request) -> Service | Response:
    with_docs = settings.docs_access is not DocsAccess.OFF
    if html_wanted(request):
        return page(
            "home.html", _HOME_POLICY, with_docs=with_docs, tags=docs.KINDS, summary=docs.SUMMARY, version=VERSION
        )
    links = {"events": "/v1/events", "problems": "/problems", "live": "/livez", "ready": "/readyz"}
    if with_docs:
        links |= _API_LINKS
    return Service(name=NAME, version=VERSION, links=links)


@api.get("/problems", policy=Policy.ANYONE, docs=docs.PROBLEMS, answer=problems.ProblemTypes, produces=["text/html"])
async def problem_types(request: Request) -> problems.ProblemTypes | Response:
    kinds = [problems.describe(kind) for kind in problems.catalogue().values()]
    if html_wanted(request, otherwise=True):
        return page("problems.html", kinds=kinds)
    return problems.ProblemTypes(items=kinds)


@api.get(
    "/problems/{slug}",
    policy=Policy.ANYONE,
    docs=docs.PROBLEM,
    answer=problems.ProblemType,
    produces=["text/html"],
    refuses=[RouteNotFound],
)
async def problem_type(request: Request, slug: Slug) -> problems.ProblemType | Response:
    kind = problems.catalogue().get(slug)
    if kind is None:
        raise RouteNotFound
    described = problems.describe(kind)
    if not html_wanted(request, otherwise=True):
        return described
    shown = orjson.dumps(example(kind), option=orjson.OPT_INDENT_2).decode()
    return page("problem.html", kind=described, phrase=HTTPStatus(kind.status).phrase, example=shown)


@api.router.get("/openapi.json", include_in_schema=False, dependencies=[Depends(docs_on), Depends(docs_reader)])
def openapi(request: Request) -> Response:
    body = orjson.dumps(describe(request.app))
    etag = f'"{blake2b(body, digest_size=12).hexdigest()}"'
    shared = settings.docs_access is DocsAccess.PUBLIC
    headers = {"Cache-Control": "no-cache" if shared else "no-store", "ETag": etag}
    if held := fresh(request, etag):
        return Response(status_code=304, headers={**headers, "ETag": held})
    return Response(body, headers=headers, media_type="application/json")


@api.router.get("/docs", include_in_schema=False, dependencies=[Depends(docs_on)])
def swagger_ui() -> Response:
    scripts = ("swagger-ui-bundle.js", "access.js", "docs.js")
    return page("api.html", heading="API", look="swagger", styles=["swagger-ui.css"], scripts=scripts)


@api.router.get("/redoc", include_in_schema=False, dependencies=[Depends(docs_on)])
def redoc() -> Response:
    scripts = ("redoc.standalone.js", "access.js", "redoc.js")
    # Its search runs in a worker that it makes of a blob.
    policy = {"style-src": f"'self' {_REDOC_STYLES}", "worker-src": "blob:"}
    return page("api.html", policy, heading="API reference", look="redoc", styles=[], scripts=scripts)


@api.router.get("/assets/{digest}/{name}", include_in_schema=False)
def asset(request: Request, digest: str, name: str) -> Response:
    return _assets.answer(request, name, digest)


@api.router.get("/favicon.ico", include_in_schema=False)
def favicon(request: Request) -> Response:
    return _assets.answer(request, "favicon.ico")


@api.router.get("/robots.txt", include_in_schema=False)
def robots() -> Response:
    """Let pages be found by search engines, and keep crawlers off the data."""
    return Response(
        "User-agent: *\nDisallow: /v1/\n", headers={"Cache-Control": "public, max-age=86400"}, media_type="text/plain"
    )


@api.router.get("/.well-known/security.txt", include_in_schema=False)
def security_txt() -> Response:
    """Say where weaknesses are reported (RFC 9116); what a deployment answers is valid for half a year from then on."""
    public = settings.public_url.rstrip("/")
    contact = settings.security_contact or f"mailto:security@{urlsplit(public).hostname}"
    expires = (now() + timedelta(days=180)).strftime("%Y-%m-%dT00:00:00Z")
    lines = [f"Contact: {contact}", f"Expires: {expires}", "Preferred-Languages: en, es"]
    body = "\n".join([*lines, f"Canonical: {public}/.well-known/security.txt", ""])
    return Response(body, headers={"Cache-Control": "public, max-age=86400"}, media_type="text/plain")
