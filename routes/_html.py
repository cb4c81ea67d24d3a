"""How pages are made: templates, their content security policy, and what a client prefers to read."""

import re
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import Request, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from config.main import NAME
from routes import _assets

# Nothing but our own files, and no calls but to ourselves; nobody may frame a page or send its forms elsewhere.
_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "connect-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}
_QUALITY = re.compile(r"(?:^|;)\s*q=([01](?:\.\d{0,3})?)\s*(?:;|$)")


def page(template: str, policy: dict[str, str] | None = None, **values: Any) -> Response:
    """Draw a page.

    Args:
        template: its file in `web/templates`.
        policy: what its content security policy has beside, or instead of, that of every page.
        values: what the template shows; text is escaped.
    """
    directives = _POLICY | (policy or {})
    headers = {
        "Cache-Control": "no-cache",
        "Content-Security-Policy": "; ".join(f"{name} {sources}" for name, sources in directives.items()),
        "Vary": "Accept",
    }
    return Response(_templates().get_template(template).render(values), headers=headers, media_type="text/html")


def html_wanted(request: Request, otherwise: bool = False) -> bool:
    """Whether the client would rather read HTML than JSON (RFC 9110, section 12.5.1).

    Args:
        request: whose `Accept` counts.
        otherwise: the answer where the client does not care.
    """
    wanted = {}
    for accepted in request.headers.get("accept", "").split(","):
        media_type, _, parameters = accepted.partition(";")
        quality = _QUALITY.search(parameters)
        wanted[media_type.strip().lower()] = float(quality[1]) if quality else 1.0
    html, json = wanted.get("text/html", 0.0), wanted.get("application/json", 0.0)
    return otherwise if html == json else html > json


@cache
def _templates() -> Environment:
    folder = Path(__file__).parent / "web" / "templates"
    environment = Environment(
        loader=FileSystemLoader(folder), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.globals.update(name=NAME, asset=_assets.url)
    environment.filters["prose"] = _prose
    return environment


def _prose(text: str) -> Markup:
    """Paragraphs, with what stands in backticks as code."""
    marked = re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text)))
    return Markup("</p><p>".join(marked.split("\n\n")))  # noqa: S704  # escaped above
