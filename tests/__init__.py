"""The specification, runnable."""
