"""Shapes and errors; no I/O."""
