"""Whether the store is there: what the driver's errors say of it, and a quick refusal once it is known to be away."""

from time import monotonic
from typing import Any, Final

from pymongo import AsyncMongoClient, monitoring
from pymongo.errors import (
    BulkWriteError,
    ConnectionFailure,
    ExecutionTimeout,
    NetworkTimeout,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
    WaitQueueTimeoutError,
    WTimeoutError,
)

STORE_AWAY: tuple[type[PyMongoError], ...] = (
    ConnectionFailure,  # also: no server to be found, a primary that stepped down, a connection that broke
    ExecutionTimeout,
    NetworkTimeout,
    WaitQueueTimeoutError,
    WTimeoutError,
)
PATIENCE_S: Final = 2.0  # how long operations wait for a store that went away before they are refused at once
_CODES: Final = frozenset(
    {
        6,  # HostUnreachable
        7,  # HostNotFound
        64,  # WriteConcernFailed
        89,  # NetworkTimeout
        91,  # ShutdownInProgress
        133,  # FailedToSatisfyReadPreference
        189,  # PrimarySteppedDown
        262,  # ExceededTimeLimit
        9001,  # SocketException
        10058,  # LegacyNotPrimary
        10107,  # NotWritablePrimary
        11600,  # InterruptedAtShutdown
        11602,  # InterruptedDueToReplStateChange
        13435,  # NotPrimaryNoSecondaryOk
        13436,  # NotPrimaryOrSecondary
    }
)
_LABELS: Final = ("RetryableWriteError", "TransientTransactionError")


def is_away(error: PyMongoError) -> bool:
    """Whether an error says that the store could not do it now, rather than that it was asked for nonsense."""
    if isinstance(error, STORE_AWAY) or error.timeout or any(map(error.has_error_label, _LABELS)):
        return True
    return isinstance(error, OperationFailure) and not _codes(error).isdisjoint(_CODES)


def _codes(error: OperationFailure) -> set[int | None]:
    if isinstance(error, BulkWriteError):
        return {failure.get("code") for failure in error.details.get("writeConcernErrors", [])}
    return {error.code}


class Watch(monitoring.TopologyListener):
    """Notes since when no server takes writes, so that requests need not queue up for one."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        self.lost_at: float | None = None

    def check(self, client: AsyncMongoClient[Any]) -> None:
        """Refuse an operation that would wait in vain.

        Raises:
            ServerSelectionTimeoutError: the store has been away for longer than `PATIENCE_S`, and still is.
        """
        if self.lost_at is None or monotonic() - self.lost_at < PATIENCE_S:
            return
        if not client.topology_description.has_writable_server():  # the driver tells its listeners a second late
            raise ServerSelectionTimeoutError("The store is away.")

    def opened(self, event: monitoring.TopologyOpenedEvent) -> None:
        """Nothing to do: its description follows."""

    def description_changed(self, event: monitoring.TopologyDescriptionChangedEvent) -> None:
        """Note when the last server that takes writes is lost, and when there is one again."""
        if event.new_description.has_writable_server():
            self.lost_at = None
        elif self.lost_at is None:
            self.lost_at = monotonic()

    def closed(self, event: monitoring.TopologyClosedEvent) -> None:
        """Nothing to do: nobody asks any more."""
