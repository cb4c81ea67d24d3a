"""The service's own state."""

from models.commons import Output


class Health(Output):
    """One word on how the service is."""

    status: str
