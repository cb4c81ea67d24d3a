"""Keeps the embedded store running for its users: a process of its own, started by `config.embedded`.

It owns the store's process: starts it, starts it again on the same port when it dies, and stops it, and itself, once
the last user has let go of the lock that all users share. The kernel releases that lock when a user dies, however.
"""

import ctypes
import fcntl
import itertools
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

HOST = "127.0.0.1"
LOG_BYTES = 5_000_000
START_S = 60.0  # a store that was killed reads its journal first
STOP_S = 5.0  # killed, it still has its journal
TICKS_TO_HEAR = 10  # of half a second together
ORPHAN_S = 10.0
POLL_S = 0.05

_log = logging.getLogger("underline.keeper")


@dataclass(frozen=True, slots=True)
class Folder:
    """Where one store lives, and the files by which its users and its keeper find each other."""

    path: Path

    @classmethod
    def of(cls, data_dir: Path) -> "Folder":
        """The folder of the store in `data_dir`."""
        return cls(data_dir.absolute() / "store")

    @property
    def users(self) -> Path:
        """Locked by every user together; free when nobody uses the store."""
        return self.path / "users.lock"

    @property
    def keeper(self) -> Path:
        """Locked by the one keeper while it lives."""
        return self.path / "keeper.lock"

    @property
    def process(self) -> Path:
        """Locked by the store's process while it lives; holds its process id."""
        return self.path / "process.lock"

    @property
    def ready(self) -> Path:
        """Holds the port while the store accepts connections."""
        return self.path / "ready"

    @property
    def last_port(self) -> Path:
        """The port to take again, so that whoever knows it finds the store there."""
        return self.path / "port"

    @property
    def log(self) -> Path:
        """What the store and its keeper say."""
        return self.path / "store.log"

    @property
    def documents(self) -> Path:
        """The store's own files."""
        return self.path / "data"


def try_lock(path: Path, how: int) -> int | None:
    """Lock a file for as long as the descriptor that comes back is open here or in a child; None if others hold it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def is_locked(path: Path) -> bool:
    """Whether somebody holds the file for themselves alone."""
    if (descriptor := try_lock(path, fcntl.LOCK_SH)) is None:
        return True
    os.close(descriptor)
    return False


def read_number(path: Path) -> int | None:
    """The number that a file holds, None if there is no such file or no number in it."""
    with suppress(OSError, ValueError):
        return int(path.read_text())
    return None


def accepts(port: int) -> bool:
    """Whether something listens on a loopback port."""
    try:
        socket.create_connection((HOST, port), timeout=1).close()
    except OSError:
        return False
    return True


def main(data_dir: Path) -> int:
    """Keep the store of a folder, in the background; at once done if it has a keeper."""
    folder = Folder.of(data_dir)
    keeping = _sole_keeper(folder)
    if keeping is None:
        return 0
    folder.ready.unlink(missing_ok=True)
    if os.fork():  # whoever started this need not collect a process later: it is nobody's child now
        return 0
    _log.info("keeping %s", folder.path)
    try:
        with _reserved_port(folder) as port:
            _keep(folder, port)
    except OSError:
        _log.exception("gave up")
    finally:
        folder.ready.unlink(missing_ok=True)
    return 0


def _sole_keeper(folder: Folder) -> int | None:
    """Become the keeper; patient for a moment, since users who look whether there is one hold the lock meanwhile."""
    for _ in range(20):
        if (descriptor := try_lock(folder.keeper, fcntl.LOCK_EX)) is not None:
            return descriptor
        time.sleep(0.01)
    return None


@contextmanager
def _reserved_port(folder: Folder) -> Iterator[int]:
    """Hold a port that is ours even while the store is down: the last one, else any that is free."""
    with socket.socket() as reserved:
        reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            reserved.bind((HOST, read_number(folder.last_port) or 0))
        except (OSError, OverflowError):
            reserved.bind((HOST, 0))
        port: int = reserved.getsockname()[1]
        folder.last_port.write_text(str(port))
        if sys.platform != "linux":  # elsewhere a bound socket keeps the store itself out, too
            reserved.close()
        yield port


def _keep(folder: Folder, port: int) -> None:
    """Have the store run until nobody uses it, or until told to stop."""
    told: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: told.append(number))
    store = _start(folder, port)
    try:
        while store is not None and not told and not _unused(folder):
            with suppress(subprocess.TimeoutExpired):
                status = store.wait(timeout=0.2)
                _log.warning("the store ended with status %s; starting it again", status)
                store = _start(folder, port)
    finally:
        if store is not None:
            _stop(store, port)


def _unused(folder: Folder) -> bool:
    """Whether nobody uses the store; if so nobody can join until this process ends."""
    return try_lock(folder.users, fcntl.LOCK_EX) is not None


def _start(folder: Folder, port: int) -> subprocess.Popen[bytes] | None:
    """Start the store; None if it does not get as far as accepting connections."""
    folder.ready.unlink(missing_ok=True)
    lock = _after_any_orphan(folder)
    # pylint: disable-next=consider-using-with  # it outlives this function
    store = subprocess.Popen(  # noqa: S603  # a program of this environment, no shell
        _command(folder, port),
        cwd=folder.path,
        stdin=subprocess.DEVNULL,
        pass_fds=(lock,),
        preexec_fn=partial(_tie_to_keeper, lock, os.getpid()),  # noqa: PLW1509  # there is one thread here
    )
    os.close(lock)
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and store.poll() is None:
        if accepts(port):
            folder.ready.write_text(str(port))
            return store
        time.sleep(POLL_S)
    _log.error("the store did not start")
    _stop(store, port)
    return None


def _command(folder: Folder, port: int) -> list[str]:
    config = folder.path / "secantusd.toml"  # named, so that no other one is found in the home folder
    config.touch()
    program = [sys.executable, "-P", str(Path(__file__).with_name("store_program.py"))]
    place = ["--host", HOST, "--port", str(port), "--storage-path", str(folder.documents)]
    return [*program, "--config", str(config), *place, "--sync-on-commit", "--log-level", "WARNING"]


def _after_any_orphan(folder: Folder) -> int:
    """The store's lock; a store that outlived its keeper is ended first, since only one process may have the files."""
    deadline = time.monotonic() + ORPHAN_S
    while (descriptor := try_lock(folder.process, fcntl.LOCK_EX)) is None:
        if time.monotonic() > deadline:
            raise TimeoutError("another process holds the store's files")
        if (orphan := read_number(folder.process)) is not None:
            with suppress(ProcessLookupError):
                os.kill(orphan, signal.SIGKILL)
        time.sleep(POLL_S)
    return descriptor


def _tie_to_keeper(lock: int, keeper: int) -> None:
    """In the store's process, before its program: say who holds the lock, and die with the keeper where that exists."""
    os.ftruncate(lock, 0)
    os.pwrite(lock, str(os.getpid()).encode(), 0)
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)
        if os.getppid() != keeper:
            os._exit(1)


def _stop(store: subprocess.Popen[bytes], port: int) -> None:
    """Stop the store, by force if it takes too long.

    It sits in `accept` for seconds unless somebody calls, and a signal that the kernel gave to another of its threads
    does not wake the one that handles it: both are done again until it has heard.
    """
    deadline = time.monotonic() + STOP_S
    for attempt in itertools.count():
        if time.monotonic() > deadline:
            store.kill()
        elif attempt % TICKS_TO_HEAR == 0:
            store.terminate()
        accepts(port)
        with suppress(subprocess.TimeoutExpired):
            store.wait(POLL_S)
            return


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    sys.exit(main(Path(sys.argv[1])))
