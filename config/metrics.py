"""What the service counts and times, for Prometheus; right over several workers.

`gunicorn.conf.py` sets `PROMETHEUS_MULTIPROC_DIR` before its workers import this: each then writes to files of its own
there, and whichever is asked adds them up. Without it there is one process, which counts in memory.
"""

import os
from typing import Final

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, generate_latest, multiprocess
from pymongo import monitoring
from starlette.types import Scope

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
NO_ROUTE: Final = "(none)"
LOGIN_FAILURES: Final = frozenset({"wrong-credentials", "too-many-logins"})
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 25.0)

requests = Counter("underline_http_requests", "Requests answered.", ["method", "route", "status"])
durations = Histogram(
    "underline_http_request_duration_seconds", "Time to the last byte.", ["method", "route"], buckets=_BUCKETS
)
in_flight = Gauge("underline_http_requests_in_flight", "Requests being served.", multiprocess_mode="livesum")
problems = Counter("underline_problems", "Refusals, by the last part of their problem type.", ["type"])
login_failures = Counter("underline_login_failures", "Logins refused.")
rate_limited = Counter("underline_rate_limited", "Requests over a rate limit.", ["bucket"])
commands = Histogram(
    "underline_store_command_duration_seconds", "Answered commands of the store.", ["command"], buckets=_BUCKETS
)
failed_commands = Counter("underline_store_command_failures", "Commands of the store that failed.", ["command"])
connections = Gauge("underline_store_connections", "Open connections to the store.", multiprocess_mode="livesum")
connections_in_use = Gauge("underline_store_connections_in_use", "Those in use.", multiprocess_mode="livesum")
checkout_failures = Counter("underline_store_checkout_failures", "Times that no connection was to be had.", ["reason"])
letters_waiting = Gauge("underline_letters_waiting", "Letters not sent yet.", multiprocess_mode="mostrecent")

_answered: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
_timed: dict[str, Histogram] = {}


def observe(scope: Scope, status: int, seconds: float) -> None:
    """Count one answer."""
    state = scope["state"]
    method = state["method"] if state["method"] in METHODS else "OTHER"
    route = route_of(scope)
    known = _answered.get((method, route, status))
    if known is None:
        known = requests.labels(method, route, status), durations.labels(method, route)
        _answered[method, route, status] = known
    known[0].inc()
    known[1].observe(seconds)
    if (problem := state.get("problem")) is not None:
        problems.labels(problem).inc()
        if problem in LOGIN_FAILURES:
            login_failures.inc()
    if (bucket := state.get("rejected_by")) is not None:
        rate_limited.labels(bucket).inc()


def route_of(scope: Scope) -> str:
    """The path template that a request matched, so that labels and logs stay few and name nobody."""
    return str(getattr(scope.get("route"), "path_format", NO_ROUTE))


def rendered() -> bytes:
    """All of it, of all workers, as Prometheus reads it."""
    registry = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # the package's own gap
    return generate_latest(registry)


class Commands(monitoring.CommandListener):
    """Times the commands that the driver sends."""

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        """Nothing to do: the end tells the time."""

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        """Time one command."""
        name = event.command_name
        timed = _timed.get(name)
        if timed is None:
            timed = _timed[name] = commands.labels(name)
        timed.observe(event.duration_micros / 1e6)

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """Count one failure."""
        failed_commands.labels(event.command_name).inc()


class Connections(monitoring.ConnectionPoolListener):
    """Follows the driver's pool of connections."""

    def connection_created(self, event: monitoring.ConnectionCreatedEvent) -> None:  # noqa: ARG002  # the driver's signature
        """One more is open."""
        connections.inc()

    def connection_closed(self, event: monitoring.ConnectionClosedEvent) -> None:  # noqa: ARG002  # as above
        """One fewer is open."""
        connections.dec()

    def connection_checked_out(self, event: monitoring.ConnectionCheckedOutEvent) -> None:  # noqa: ARG002  # as above
        """One more is in use."""
        connections_in_use.inc()

    def connection_checked_in(self, event: monitoring.ConnectionCheckedInEvent) -> None:  # noqa: ARG002  # as above
        """One fewer is in use."""
        connections_in_use.dec()

    def connection_check_out_failed(self, event: monitoring.ConnectionCheckOutFailedEvent) -> None:
        """Somebody got none."""
        checkout_failures.labels(event.reason).inc()

    def pool_created(self, event: monitoring.PoolCreatedEvent) -> None:
        """Not counted."""

    def pool_ready(self, event: monitoring.PoolReadyEvent) -> None:
        """Not counted."""

    def pool_cleared(self, event: monitoring.PoolClearedEvent) -> None:
        """Not counted."""

    def pool_closed(self, event: monitoring.PoolClosedEvent) -> None:
        """Not counted."""

    def connection_ready(self, event: monitoring.ConnectionReadyEvent) -> None:
        """Not counted."""

    def connection_check_out_started(self, event: monitoring.ConnectionCheckOutStartedEvent) -> None:
        """Not counted."""
