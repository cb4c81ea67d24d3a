"""A local document store when none is configured: SecantusDB as a program of its own, shared by a folder's users."""

import asyncio
import fcntl
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Self

from config.keeper import (
    HOST,
    LOG_BYTES,
    POLL_S,
    START_S,
    STOP_S,
    Folder,
    accepts,
    is_locked,
    read_number,
    try_lock,
)

WATCH_S = 0.25
_KEEPERS_TRIED = 3
_CODE = Path(__file__).parents[1]
_NOT_INSTALLED = (
    "No document store: MONGO_DB_URI is not set, and the embedded store is not installed. Set it, or run "
    f"`{sys.executable} -m pip install --require-hashes -r requirements-local.txt`."
)

_log = logging.getLogger("underline.store")


class EmbeddedStoreError(RuntimeError):
    """The embedded store cannot run here; the message says what to do."""


@asynccontextmanager
async def running(data_dir: Path) -> AsyncIterator[str]:
    """Use the store of `data_dir`, which runs as long as somebody does; yields its URI.

    Raises:
        EmbeddedStoreError: it is not installed, the folder cannot be written, or it does not start.
    """
    use = Use(data_dir)
    try:
        yield await asyncio.to_thread(use.begin)
    finally:
        await asyncio.to_thread(use.end)


class Use:
    """One use of a store. While it lasts a thread sees to it that the store has a keeper, even if the loop is busy."""

    def __init__(self, data_dir: Path) -> None:
        """Prepare to use the store of `data_dir`."""
        self._folder = Folder.of(data_dir)
        self._ended = threading.Event()
        self._changing = threading.Lock()
        self._held: int | None = None
        self._watch: threading.Thread | None = None

    def __enter__(self) -> Self:
        """Begin."""
        self.begin()
        return self

    def __exit__(self, *_: object) -> None:
        """End."""
        self.end()

    def hold(self) -> None:
        """Have the store run from now on, without waiting until it is up or minding its keeper: others do.

        Raises:
            EmbeddedStoreError: it is not installed, or the folder cannot be written.
        """
        with self._changing, _explained(self._folder):
            self._hold()

    def begin(self) -> str:
        """Start the store unless it runs; gives its URI.

        Raises:
            EmbeddedStoreError: it is not installed, the folder cannot be written, or it does not start.
        """
        with self._changing, _explained(self._folder):
            self._hold()
            port = self._wait()
            self._watch = threading.Thread(target=self._mind_keeper, args=(port,), name="store-watch", daemon=True)
            self._watch.start()
        return f"mongodb://{HOST}:{port}"

    def end(self) -> None:
        """Let go of the store; its last user waits until it has stopped."""
        self._ended.set()
        with self._changing:
            if self._watch is not None:
                self._watch.join()
            if self._held is None:
                return
            held, self._held = self._held, None
            alone = _alone(held)
            os.close(held)
            if alone:
                self._see_it_stop()

    def _hold(self) -> None:
        if not (Path(sys.executable).parent / "secantusd-py").exists():
            raise EmbeddedStoreError(_NOT_INSTALLED)
        self._folder.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        deadline = time.monotonic() + START_S + STOP_S
        while (held := try_lock(self._folder.users, fcntl.LOCK_SH)) is None:  # its keeper is stopping it
            self._sleep(deadline)
        self._held = held
        if not is_locked(self._folder.keeper):
            _start_keeper(self._folder)

    def _wait(self) -> int:
        deadline = time.monotonic() + START_S + STOP_S
        tried = 1
        while (port := _port(self._folder)) is None:
            if not is_locked(self._folder.keeper):
                if tried == _KEEPERS_TRIED:
                    raise EmbeddedStoreError(f"The embedded store does not start; it says: {_last_words(self._folder)}")
                _start_keeper(self._folder)
                tried += 1
            self._sleep(deadline)
        return port

    def _sleep(self, deadline: float) -> None:
        if time.monotonic() > deadline or self._ended.wait(POLL_S):
            raise EmbeddedStoreError(f"The embedded store is not ready; see {self._folder.log}.")

    def _mind_keeper(self, port: int) -> None:
        while not self._ended.wait(WATCH_S):
            try:
                if not is_locked(self._folder.keeper):
                    _start_keeper(self._folder)
                elif (ready := read_number(self._folder.ready)) not in (None, port):
                    _log.error(
                        "The embedded store had to move from port %s to %s: start this process again.", port, ready
                    )
                    return
            except OSError as error:
                _log.warning("The embedded store cannot be watched: %s", error)

    def _see_it_stop(self) -> None:
        deadline = time.monotonic() + 2 * STOP_S
        while is_locked(self._folder.keeper) and time.monotonic() < deadline:
            if _used(self._folder) and _used(self._folder):  # once may be the keeper, just coming in between
                return
            time.sleep(POLL_S)


@contextmanager
def _explained(folder: Folder) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise EmbeddedStoreError(f"The embedded store cannot use {folder.path}: {error}") from error


def _alone(held: int) -> bool:
    """Whether no other use holds the lock that `held` has a share of."""
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _used(folder: Folder) -> bool:
    """Whether users share the lock; its keeper, as it stops the store, does not share it."""
    if (descriptor := try_lock(folder.users, fcntl.LOCK_SH)) is None:
        return False
    try:
        return not _alone(descriptor)
    finally:
        os.close(descriptor)


def _port(folder: Folder) -> int | None:
    """Where the store accepts connections; None while it has no keeper or is not up."""
    port = read_number(folder.ready)
    up = port is not None and is_locked(folder.keeper) and accepts(port)
    return port if up and read_number(folder.ready) == port else None


def _start_keeper(folder: Folder) -> None:
    """Start a keeper, out of reach of the terminal's Ctrl-C; it ends at once if there is one."""
    if folder.log.exists() and folder.log.stat().st_size > LOG_BYTES:
        folder.log.replace(folder.log.with_suffix(".log.1"))
    with folder.log.open("ab") as log:
        subprocess.run(  # noqa: S603  # our own module, no shell
            [sys.executable, "-m", "config.keeper", str(folder.path.parent)],
            cwd=_CODE,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            check=False,
        )


def _last_words(folder: Folder) -> str:
    """The last line of the log that says something."""
    lines = [line for line in folder.log.read_text(errors="replace").splitlines() if line.strip()]
    return next((line for line in reversed(lines) if "underline.keeper" not in line), "nothing")
