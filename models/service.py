"""What the service says of itself."""

from pydantic import Field

from models.commons import Output


class Service(Output):
    """What answers here, and where to go on."""

    name: str
    version: str
    links: dict[str, str] = Field(description="Where things are, by what they are.")
