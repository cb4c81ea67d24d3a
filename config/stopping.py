"""Whether this process is about to end: it serves on for a moment, but asks clients to go elsewhere."""

from time import monotonic
from typing import Final

ACCEPTING_S: Final = 1.0  # connections are still taken, and each answer closes its own: clients come back elsewhere
READING_S: Final = 0.3  # for what the last new connections have to say


class Stopping:
    """When this process was asked to end."""

    begun: float | None = None

    def begin(self) -> None:
        """From now on answers say so."""
        self.begun = monotonic()

    def elapsed(self) -> float:
        """Seconds since then, 0 if it was not asked."""
        return 0.0 if self.begun is None else monotonic() - self.begun


state = Stopping()
