"""What the service sends to the store for a request, seen through the driver's monitoring."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pymongo import monitoring

Command = dict[str, Any]
_WORK = ("find", "aggregate", "insert", "update", "delete", "findAndModify")
_ENVELOPE = ("lsid", "$clusterTime", "$db", "$readPreference", "txnNumber", "maxTimeMS")


class Recorder(monitoring.CommandListener):
    """Keeps the commands that do work; register it before the client is made."""

    def __init__(self) -> None:
        """Start empty."""
        self._seen: list[Command] = []

    @contextmanager
    def recording(self) -> Iterator[list[Command]]:
        """Collect the commands that are sent meanwhile."""
        self._seen = []
        yield self._seen

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        """Keep a command that does work."""
        if event.command_name in _WORK:
            self._seen.append({name: value for name, value in event.command.items() if name not in _ENVELOPE})

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        """Nothing to keep."""

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """Nothing to keep."""


RECORDER = Recorder()
monitoring.register(RECORDER)
