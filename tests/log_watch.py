"""Watches what the service writes into its log while all tests run: never a name, an address, a password or a token."""

import json
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

import pytest
from httpx import Request, RequestNotRead

LOG = Path(tempfile.mkdtemp(prefix="underline-log-")) / "service.log"
_PRIVATE = {
    "first_name",
    "last_name",
    "email",
    "password",
    "current_password",
    "new_password",
    "token",
    "refresh_token",
}
_TELLING = re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+|\beyJ[\w-]+\.[\w-]+|\$argon2\w*\$|\$2[aby]\$\d\d\$|Lovelace")
_SHORTEST = 8  # what is shorter stands in any text by chance
_OWN_WORDS = {"password"}  # stands in paths of the service, which the log names; people try it as a password
_sent: set[str] = set()
_found: list[str] = []


async def note(request: Request) -> None:
    """Remember what a request carries that no log may repeat."""
    if request.headers.get("content-type") != "application/json":
        return
    try:
        body = json.loads(request.content)
    except (ValueError, RecursionError, RequestNotRead):  # broken, nested without an end, or streamed: on purpose
        return
    _sent.update(_private_values(body))


def _private_values(body: Any) -> Iterator[str]:
    values = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    for name, value in values:
        if isinstance(value, str) and name in _PRIVATE and _is_telling(value):
            yield value
        yield from _private_values(value)


def _is_telling(value: str) -> bool:
    return len(value) >= _SHORTEST and not value.isnumeric() and value not in _OWN_WORDS


@contextmanager
def kept(begin: Callable[[], None]) -> Iterator[None]:
    """Keep what is logged in the watched file from here on; `begin` opens the log on standard output."""
    with LOG.open("a", encoding="utf-8", buffering=1) as log:
        with redirect_stdout(log):
            begin()
        yield


def leaks(log: str, sent: Iterable[str]) -> list[str]:
    """What stands in a log that must not."""
    return sorted({value for value in sent if value in log} | set(_TELLING.findall(log)))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Look through the log of this process, and fail the run on what is found; a worker's goes to its controller."""
    if LOG.exists():
        _found.extend(leaks(LOG.read_text(encoding="utf-8"), _sent))
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["leaks"] = _found
    elif _found:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over what a worker found."""
    _found.extend(getattr(node, "workeroutput", {}).get("leaks", []))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was found."""
    if _found:
        terminalreporter.section("names, addresses, passwords or tokens in the log", red=True)
        for leak in sorted(set(_found)):
            terminalreporter.line(leak)
