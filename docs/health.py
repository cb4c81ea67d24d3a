"""Texts on the service's own state."""

from docs._shapes import Operation, Tag

TAG: Tag = {"name": "health", "description": "Whether the service lives, is ready, and what it is."}

LIVE: Operation = {
    "summary": "Is the process alive?",
    "description": "Always 200 while the process answers; it asks nobody else.",
    "response_description": "It is.",
    "answer_example": {"status": "alive"},
}
READY: Operation = {
    "summary": "Can requests be served?",
    "description": "Asks the document store for a sign of life, and, on a deployment, whether a migration of the "
    "stored data is pending. No longer once the process was asked to stop.",
    "response_description": "They can.",
    "answer_example": {"status": "ready"},
}
MEASURE: Operation = {
    "summary": "How is it doing?",
    "description": "Counters and timings of all worker processes, as Prometheus reads them. A deployment asks for its "
    "`METRICS_TOKEN` as a Bearer token, and has nothing here without one.",
    "response_description": "The metrics, in Prometheus' text format.",
    "answer_content": {"text/plain": {"schema": {"type": "string"}}},
}
