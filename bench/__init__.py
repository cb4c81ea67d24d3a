"""Measurements, and the scenarios they run."""
