"""Errors as reports to Sentry; imported only where it is set.

A report is made anew of what names nobody. What an error says stays in the log, where the request id finds it:
libraries put into their messages what people sent.
"""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

import sentry_sdk
from sentry_sdk.integrations.logging import EventHandler
from sentry_sdk.types import Event, Hint

from config import context
from config.main import VERSION

FLUSH_S = 3
_KEPT = ("event_id", "timestamp", "platform", "level", "logger", "release", "environment", "sdk")
_TAGS = ("request_id", "method", "route")


class Reports:
    """Sends what is logged as an error, from a thread of its own, until closed."""

    def __init__(self, dsn: str, environment: str) -> None:
        """Begin.

        Args:
            dsn: where to, as Sentry gives it.
            environment: where this runs.
        """
        sentry_sdk.init(
            dsn,
            release=f"underline-api@{VERSION}",
            environment=environment,
            default_integrations=False,  # they would look at requests; personal data is off unless it is asked for
            auto_enabling_integrations=False,
            auto_session_tracking=False,
            send_client_reports=False,
            include_local_variables=False,
            max_breadcrumbs=0,
            max_request_body_size="never",
            before_send=_stripped,
        )
        self._handler = Errors(logging.ERROR)
        logging.getLogger().addHandler(self._handler)

    async def close(self) -> None:
        """Send what is left, if that is quickly done."""
        logging.getLogger().removeHandler(self._handler)
        await asyncio.to_thread(sentry_sdk.get_client().close, FLUSH_S)


class Errors(EventHandler):
    """Takes what is logged as an error with a traceback, or by us."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Leave out the complaints of libraries, among them those about reports that do not arrive."""
        return bool(record.exc_info) or _is_ours(record)


def _is_ours(record: logging.LogRecord) -> bool:
    return record.name.partition(".")[0] == "underline"


def _stripped(event: Event, hint: Hint) -> Event:
    """The part of a report that names nobody."""
    record: logging.LogRecord = hint["log_record"]
    told = {"request_id": context.request_id.get(), **vars(record)}
    stripped: dict[str, Any] = {name: event[name] for name in _KEPT if name in event}  # type: ignore[literal-required]  # as above
    stripped["tags"] = {name: told[name] for name in _TAGS if told.get(name)}
    if _is_ours(record):
        stripped["logentry"] = {"message": record.msg}  # its template: constant, unlike its arguments
    if "exception" in event:
        stripped["exception"] = {"values": [_without_words(error) for error in event["exception"]["values"]]}
    return stripped  # type: ignore[return-value]  # some of its keys


def _without_words(error: Mapping[str, Any]) -> dict[str, Any]:
    return {name: error[name] for name in ("type", "module", "stacktrace") if name in error}
