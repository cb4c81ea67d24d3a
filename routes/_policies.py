"""Deny by default: nothing is served that does not say who may call it."""

from collections.abc import Sequence

from fastapi.routing import APIRoute, iter_route_contexts
from starlette.routing import BaseRoute

from routes._operations import Policy

# Pages and files for anybody, outside the contract; docs_access decides on the first three by itself.
OPEN = frozenset(
    {
        "/openapi.json",
        "/docs",
        "/redoc",
        "/assets/{digest}/{name}",
        "/favicon.ico",
        "/robots.txt",
        "/.well-known/security.txt",
        "/verify-email",
        "/reset-password",
    }
)


def require(routes: Sequence[BaseRoute]) -> None:
    """Refuse to go on with a route that has no policy and is not one of the pages listed here.

    Raises:
        RuntimeError: there is one; the service does not start.
    """
    undeclared = sorted(
        str(context.path) for context in iter_route_contexts(routes) if not _declared(context.original_route)
    )
    undeclared = [path for path in undeclared if path not in OPEN]
    if undeclared:
        raise RuntimeError(f"No policy is declared for {', '.join(undeclared)}: see routes/_operations.py.")


def _declared(route: BaseRoute) -> bool:
    extra = route.openapi_extra if isinstance(route, APIRoute) else None
    return (extra or {}).get("x-policy") in set(Policy)
