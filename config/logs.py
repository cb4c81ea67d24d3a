"""What goes into the log: one line per request, and whatever else is worth saying; ids, never names or secrets."""

import logging
import re
import sys
from collections.abc import Callable
from typing import Any, cast

import orjson
import structlog
from starlette.types import Scope
from structlog.typing import EventDict, Processor, WrappedLogger

from config import context
from config.main import Settings
from config.metrics import route_of

FIRST_SERVER_ERROR = 500
# Libraries put what they were given into their messages: addresses, tokens, the password of a server's URI.
_TELLTALE = re.compile(
    r"(?P<uri>\b[a-z+]+://)[^\s/@:]*:[^\s/@]*@|[\w.+%-]+@[\w-]+(?:\.[\w-]+)+|\beyJ[\w-]+\.[\w-]+\.[\w-]*|(?i:bearer)\s+\S+"
)
_QUIET = ("uvicorn.access", "httpx", "httpcore", "pymongo")  # a request has its line; the rest speaks up when it warns


def configure(chosen: Settings) -> Callable[[Scope, int, float, int], None]:
    """Send all logging through one formatter; gives the function that writes the line of a request."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(_formatter(chosen.console_logs))
    root = logging.getLogger()
    for old in [old for old in root.handlers if isinstance(old.formatter, structlog.stdlib.ProcessorFormatter)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(chosen.log_level.upper())
    for name in ("uvicorn", "uvicorn.error", "gunicorn.error"):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [], True
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    return _request_line(chosen)


def scrub(text: str) -> str:
    """Take addresses, tokens and passwords out."""
    return _TELLTALE.sub(lambda found: f"{found['uri']}…@" if found["uri"] else "…", text)


def _formatter(console: bool) -> logging.Formatter:
    own: list[Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta, _scrubbed]
    last: Processor = structlog.dev.ConsoleRenderer(colors=sys.stdout.isatty()) if console else _json_text
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _in_request,
            structlog.processors.format_exc_info,
        ],
        processors=[*own, last],
    )


def _request_line(chosen: Settings) -> Callable[[Scope, int, float, int], None]:
    """Straight to the output, past the machinery of `logging`: this is written for every request."""
    renderer = structlog.dev.ConsoleRenderer(colors=sys.stdout.isatty()) if chosen.console_logs else _json_text
    level = logging.getLevelNamesMapping().get(chosen.log_level.upper(), logging.INFO)
    logger = structlog.wrap_logger(
        structlog.PrintLogger(sys.stdout),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            cast("Processor", renderer),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
    ).bind()

    def write(scope: Scope, status: int, seconds: float, sent: int) -> None:
        state = scope["state"]
        say = logger.error if status >= FIRST_SERVER_ERROR else logger.info
        say(
            "request",
            request_id=state["request_id"],
            method=state["method"],
            route=route_of(scope),
            status=status,
            duration_ms=round(seconds * 1_000, 2),
            bytes=sent,
            **{name: state[name] for name in ("user_id", "problem", "trace_id") if name in state},
        )

    return write


def _in_request(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    request_id = context.request_id.get()
    if request_id:
        event["request_id"] = request_id
    return event


def _scrubbed(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {name: scrub(value) if isinstance(value, str) else value for name, value in event.items()}


def _json_text(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    return orjson.dumps(cast("dict[str, Any]", event), default=str, option=orjson.OPT_NON_STR_KEYS).decode()
