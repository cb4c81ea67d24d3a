"""What is noted of each request: its place in the metrics, its line in the log and, where it is wanted, its trace."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from pymongo.monitoring import CommandListener
from starlette.types import Scope

from config import logs, metrics
from config.main import Settings

if TYPE_CHECKING:
    from config.tracing import Tracing


class Observer:
    """Notes requests; the log begins with the service, so that importing it does nothing."""

    def __init__(self) -> None:
        """Start with metrics alone."""
        self._write: Callable[[Scope, int, float, int], None] | None = None
        self._tracing: Tracing | None = None

    def begin_log(self, chosen: Settings) -> None:
        """Write a line for each request from here on, and everything else in the same form."""
        self._write = logs.configure(chosen)

    @asynccontextmanager
    async def sending(self, chosen: Settings) -> AsyncIterator[None]:
        """Meanwhile send traces and errors to where the settings say.

        The packages for it cost each process memory and time to start: whoever sets nothing does not import them.
        """
        async with AsyncExitStack() as stack:
            if chosen.sentry_dsn is not None:
                from config.reports import Reports  # noqa: PLC0415  # pylint: disable=import-outside-toplevel  # see above

                reports = Reports(chosen.sentry_dsn.get_secret_value(), chosen.place)
                stack.push_async_callback(reports.close)
            if chosen.traces_endpoint is not None:
                from config.tracing import Tracing  # noqa: PLC0415  # pylint: disable=import-outside-toplevel  # see above

                self._tracing = Tracing(chosen.traces_endpoint, chosen.place)
                stack.push_async_callback(self._tracing.close)
            try:
                yield
            finally:
                self._tracing = None

    @property
    def store_listeners(self) -> list[CommandListener]:
        """Who else wants to hear of the commands of the store."""
        return [self._tracing.commands] if self._tracing is not None else []

    def begun(self, scope: Scope) -> None:
        """A request has come in; its state has its method and its name."""
        metrics.in_flight.inc()
        if self._tracing is not None:
            self._tracing.begun(scope)

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
        if self._tracing is not None:
            self._tracing.ended(scope, status)
        if self._write is not None:
            self._write(scope, status, seconds, sent)
