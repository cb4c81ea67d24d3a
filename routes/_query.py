"""Which query parameters a request has.

What an operation does not know is refused: a misspelt filter must not pass for none. What is not given is not looked
for: FastAPI takes its time for each parameter, and a list of events has sixteen.
"""

from collections.abc import Iterable
from dataclasses import replace

from fastapi.dependencies.models import Dependant
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


def giving(dependant: Dependant, given: frozenset[str]) -> Dependant:
    """What has to be found out for a request with some query parameters; the functions' own defaults are the rest."""
    wanted = [each for each in dependant.query_params if each.alias in given or each.field_info.is_required()]
    return replace(
        dependant, query_params=wanted, dependencies=[giving(each, given) for each in dependant.dependencies]
    )
