"""Problem documents (RFC 9457) and the types that they can have."""

from inspect import cleandoc

from pydantic import BaseModel, ConfigDict, Field

from models.commons import Output
from models.exceptions import DomainError

PREFIX = "/problems/"


class Fault(BaseModel):
    """One thing that is wrong with the input."""

    pointer: str = Field(description="Where: a JSON pointer (RFC 6901) into the body, or `#/query/NAME` and the like.")
    message: str = Field(description="What is wrong there.")


class Problem(BaseModel):
    """A refusal, as RFC 9457 describes it."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(description="A stable URI reference; it opens as a page.")
    title: str = Field(description="What kind of problem it is.")
    status: int = Field(description="The HTTP status code.")
    detail: str = Field(description="What happened this time.")
    instance: str = Field(description="The path that was asked for.")
    request_id: str = Field(description="The name of this request in the log.")
    errors: list[Fault] = Field(default=[], description="Where the input is wrong; with 422.")


class ProblemType(Output):
    """One kind of problem that the service tells of."""

    type: str = Field(description="The URI reference that names it in problem documents, and opens as a page.")
    title: str = Field(description="What kind of problem it is.")
    status: int = Field(description="The HTTP status code that it comes with.")
    description: str = Field(description="When it is answered.")


class ProblemTypes(Output):
    """Every kind of problem, by status code."""

    items: list[ProblemType]


def describe(kind: type[DomainError]) -> ProblemType:
    """Describe one class of the taxonomy."""
    text = cleandoc(kind.__doc__ or kind.title)
    return ProblemType(type=PREFIX + kind.slug, title=kind.title, status=kind.status, description=text)


def catalogue() -> dict[str, type[DomainError]]:
    """Every concrete kind of problem by its slug, in the order of their status codes."""
    kinds = [kind for kind in _descendants(DomainError) if "slug" in vars(kind)]
    return {kind.slug: kind for kind in sorted(kinds, key=lambda kind: (kind.status, kind.slug))}


def _descendants(kind: type[DomainError]) -> list[type[DomainError]]:
    children = kind.__subclasses__()
    return children + [descendant for child in children for descendant in _descendants(child)]
