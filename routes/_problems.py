"""Problem documents (RFC 9457): how a refusal is rendered, and how it is declared in the API pages."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import orjson
from fastapi import Request, Response

from models.exceptions import DomainError
from models.problems import PREFIX

MEDIA_TYPE = "application/problem+json"


def render(request: Request, error: DomainError) -> Response:
    """The answer that tells of a refusal."""
    problem = {
        "type": PREFIX + error.slug,
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "instance": request.url.path,
        "request_id": getattr(request.state, "request_id", ""),
        **error.extras,
    }
    request.state.problem = error.slug
    headers = {"Cache-Control": "no-store", **error.headers}
    return Response(orjson.dumps(problem), error.status, headers, media_type=MEDIA_TYPE)


def problem_responses(refusals: Iterable[type[DomainError]]) -> dict[int | str, dict[str, Any]]:
    """What the API pages say of refusals, by status code."""
    by_status: defaultdict[int | str, list[type[DomainError]]] = defaultdict(list)
    for refusal in dict.fromkeys(refusals):
        by_status[refusal.status].append(refusal)
    return {
        status: {
            "description": " · ".join(kind.title for kind in kinds),
            "content": {
                MEDIA_TYPE: {
                    "schema": {"$ref": "#/components/schemas/Problem"},
                    "examples": {kind.slug: {"summary": kind.title, "value": example(kind)} for kind in kinds},
                }
            },
        }
        for status, kinds in sorted(by_status.items(), key=lambda pair: str(pair[0]))
    }


def example(kind: type[DomainError]) -> dict[str, Any]:
    """A problem document of one type."""
    return {
        "type": PREFIX + kind.slug,
        "title": kind.title,
        "status": kind.status,
        "detail": (kind.__doc__ or kind.title).splitlines()[0],
        "instance": "/v1/…",
        "request_id": "7f0c9a52e2f04c0d",
    }
