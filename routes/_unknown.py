"""Query parameters that an operation does not have are refused: a misspelt filter must not pass for none."""

from collections.abc import Iterable

from fastapi.dependencies.utils import get_flat_params
from fastapi.params import Query
from fastapi.routing import APIRoute

from models.exceptions import Invalid


def known(route: APIRoute) -> frozenset[str]:
    """The query parameters that an operation has."""
    return frozenset(field.alias for field in get_flat_params(route.dependant) if isinstance(field.field_info, Query))


def refuse_unknown(given: Iterable[str], names: frozenset[str]) -> None:
    """Refuse query parameters that are not among `names`.

    Raises:
        Invalid: there is such a parameter.
    """
    unknown = sorted(set(given) - names)
    if unknown:
        faults = [{"pointer": f"#/query/{name}", "message": "There is no such parameter."} for name in unknown[:20]]
        raise Invalid(f"{len(unknown)} unknown parameter(s).", errors=faults)
