"""Query parameters that an operation does not have are refused: a misspelt filter must not pass for none."""

from fastapi import Request
from fastapi.dependencies.utils import get_flat_params
from fastapi.params import Query
from fastapi.routing import APIRoute

from models.exceptions import Invalid


class KnownParameters:
    """The dependency of one operation that refuses the query parameters it does not know."""

    def __init__(self) -> None:
        """Learn the names at the first request, when the operation is complete."""
        self._names: frozenset[str] | None = None

    async def __call__(self, request: Request) -> None:
        """Refuse what the operation does not know.

        Raises:
            Invalid: there is such a parameter.
        """
        if self._names is None:
            self._names = _names(request.scope["route"])
        unknown = sorted(set(request.query_params) - self._names)
        if unknown:
            faults = [{"pointer": f"#/query/{name}", "message": "There is no such parameter."} for name in unknown[:20]]
            raise Invalid(f"{len(unknown)} unknown parameter(s).", errors=faults)


def _names(route: APIRoute) -> frozenset[str]:
    return frozenset(field.alias for field in get_flat_params(route.dependant) if isinstance(field.field_info, Query))
