"""What is noted of each request: its place in the metrics and its line in the log."""

from collections.abc import Callable

from starlette.types import Scope

from config import logs, metrics
from config.main import Settings


class Observer:
    """Notes requests; the log begins with the service, so that importing it does nothing."""

    def __init__(self) -> None:
        """Start with metrics alone."""
        self._write: Callable[[Scope, int, float, int], None] | None = None

    def begin_log(self, chosen: Settings) -> None:
        """Write a line for each request from here on, and everything else in the same form."""
        self._write = logs.configure(chosen)

    def begun(self) -> None:
        """A request has come in."""
        metrics.in_flight.inc()

    def ended(self, scope: Scope, status: int, seconds: float, sent: int) -> None:
        """A request was answered, or its client left.

        Args:
            scope: of the connection; its state names the request.
            status: of the answer.
            seconds: until its last byte.
            sent: bytes of its body.
        """
        metrics.in_flight.dec()
        metrics.observe(scope, status, seconds)
        if self._write is not None:
            self._write(scope, status, seconds, sent)
