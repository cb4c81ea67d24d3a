"""Requests and what they ask of the store as OpenTelemetry spans; imported only where a collector is set.

What leaves is chosen here, name by name: no path, query, header, body, address, account or command of the store.
"""

import asyncio
from contextvars import ContextVar
from threading import Thread
from time import time_ns
from typing import Final

from opentelemetry import context as contexts
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from pymongo import monitoring
from starlette.types import Scope

from config import metrics
from config.main import VERSION

FIRST_SERVER_ERROR = 500
FLUSH_S = 3  # what a collector does not take in that time at the end is lost: stopping does not wait for it
NAME: Final = "underline-api"
_SPAN: Final = "span"
_asked: ContextVar[str] = ContextVar("asked", default="")  # the collection that the command under way is for


class Tracing:
    """Sends spans to a collector, from a thread of its own, until closed."""

    def __init__(self, endpoint: str, environment: str) -> None:
        """Begin; a process that forks afterwards begins anew.

        Args:
            endpoint: takes OTLP over HTTP. Everything else the SDK reads from the `OTEL_*` variables.
            environment: where this runs.
        """
        place = {"service.name": NAME, "service.version": VERSION, "deployment.environment.name": environment}
        resource = Resource.create(place).merge(OTELResourceDetector().detect())  # the variables win
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._exporter = OTLPSpanExporter(endpoint)
        self._provider.add_span_processor(BatchSpanProcessor(self._exporter))
        self._tracer = self._provider.get_tracer("underline", VERSION)
        self._propagator = TraceContextTextMapPropagator()
        self.commands = Commands(self._tracer)

    def begun(self, scope: Scope) -> None:
        """Open the span of a request, as a part of the trace that the client names in `traceparent`."""
        state = scope["state"]
        method = state["method"] if state["method"] in metrics.METHODS else "_OTHER"
        given = [value.decode("latin-1") for name, value in scope["headers"] if name == b"traceparent"]
        span = self._tracer.start_span(
            method,
            self._propagator.extract({"traceparent": given[:1]}),
            SpanKind.SERVER,
            {"http.request.method": method, "url.scheme": scope["scheme"], "request_id": state["request_id"]},
        )
        if span.get_span_context().is_valid:  # it is not where OTEL_SDK_DISABLED says so
            state["trace_id"] = trace.format_trace_id(span.get_span_context().trace_id)
        state[_SPAN] = span, contexts.attach(trace.set_span_in_context(span))

    def ended(self, scope: Scope, status: int) -> None:
        """Close it, under the name of its route."""
        state = scope["state"]
        if _SPAN not in state:  # it came before there was anywhere to send it
            return
        span, before = state.pop(_SPAN)
        contexts.detach(before)
        span.set_attribute("http.response.status_code", status)
        route = metrics.route_of(scope)
        if route != metrics.NO_ROUTE:
            span.update_name(f"{state['method']} {route}")
            span.set_attribute("http.route", route)
        if status >= FIRST_SERVER_ERROR:
            span.set_attribute("error.type", state.get("problem", str(status)))
            span.set_status(Status(StatusCode.ERROR))
        span.end()

    async def close(self) -> None:
        """Send what is left, if that is quickly done."""
        ending = Thread(target=self._provider.shutdown, daemon=True)
        ending.start()
        await asyncio.to_thread(ending.join, FLUSH_S)
        if ending.is_alive():
            self._exporter.shutdown()  # type: ignore[no-untyped-call]  # it tries no more; the gap is the package's
            await asyncio.to_thread(ending.join, FLUSH_S)


class Commands(monitoring.CommandListener):
    """Makes a span of each command of the store that a traced request sends."""

    def __init__(self, tracer: trace.Tracer) -> None:
        """Start with nothing."""
        self._tracer = tracer

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        """Remember what it is for: its end does not tell, and a cancelled one has none."""
        target = event.command.get("collection" if event.command_name == "getMore" else event.command_name)
        _asked.set(target if isinstance(target, str) else "")

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        """Make the span of one that was answered."""
        self._note(event)

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """Make the span of one that failed; its message may hold what people wrote, its code does not."""
        self._note(event, str(event.failure.get("codeName") or event.failure.get("errtype") or "failed"))

    def _note(
        self, event: monitoring.CommandSucceededEvent | monitoring.CommandFailedEvent, error: str | None = None
    ) -> None:
        if not trace.get_current_span().get_span_context().is_valid:
            return  # of no request: a chore, a command of the operator
        collection = _asked.get()
        attributes = {
            "db.system.name": "mongodb",
            "db.operation.name": event.command_name,
            "db.namespace": event.database_name,
            **({"db.collection.name": collection} if collection else {}),
            **({"error.type": error} if error else {}),
        }
        end = time_ns()
        span = self._tracer.start_span(
            f"{event.command_name} {collection}".rstrip(),
            kind=SpanKind.CLIENT,
            attributes=attributes,
            start_time=end - event.duration_micros * 1_000,
        )
        if error:
            span.set_status(Status(StatusCode.ERROR))
        span.end(end)
