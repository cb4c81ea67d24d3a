"""What the work in hand belongs to, for those who do not know HTTP."""

from contextvars import ContextVar

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""The name of the request being served, empty outside of requests; set by `config.middleware.RequestContext`."""
