"""Whether this process is about to end: it serves on for a moment, but asks clients to go elsewhere."""


class Stopping:
    """What is known of the end of this process."""

    asked = False

    def begin(self) -> None:
        """From now on answers say so."""
        self.asked = True


state = Stopping()
