"""One asynchronous interface per domain; each owns its collections."""
