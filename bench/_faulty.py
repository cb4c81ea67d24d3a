"""A store that fails on demand, a line to it that does too, and a service behind both: for `bench.faults` and tests."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any, Self

import orjson
from pymongo import MongoClient

HOST = "127.0.0.1"
PATIENCE_S = 60.0  # the machine may be busy
DATABASE = "pytest-faults"
_BIN = Path(sys.executable).parent
_CODE = Path(__file__).parents[1]
STORE_PROGRAM = (sys.executable, "-P", str(_CODE / "config" / "store_program.py"))


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server((HOST, 0)) as listener:
        return int(listener.getsockname()[1])


def until(met: Callable[[], object], within_s: float = PATIENCE_S) -> float:
    """Wait until a condition holds; how many seconds that took."""
    began = time.monotonic()
    while not met():
        if time.monotonic() - began > within_s:
            raise TimeoutError("waited in vain")
        time.sleep(0.02)
    return time.monotonic() - began


class Store:
    """The embedded store's program with nobody who starts it again, and with fail points."""

    def __init__(self, folder: Path, program: Sequence[str] = STORE_PROGRAM) -> None:
        """Prepare one whose documents lie in a folder."""
        self.port, self._folder, self._program = free_port(), folder, program
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, again at the same port, and wait until it takes connections."""
        config = self._folder / "secantusd.toml"
        config.touch()
        place = ["--host", HOST, "--port", str(self.port), "--storage-path", str(self._folder / "documents")]
        further = ["--config", str(config), "--sync-on-commit", "--enable-test-commands", "--log-level", "ERROR"]
        # pylint: disable-next=consider-using-with  # it outlives this function
        self._process = subprocess.Popen([*self._program, *place, *further], cwd=self._folder)
        until(lambda: _accepts(self.port))

    def signal(self, number: signal.Signals) -> None:
        """Send its process a signal; for one that ends or stops it, wait until all of its threads are."""
        if self._process is not None:
            self._process.send_signal(number)
            if number in (signal.SIGKILL, signal.SIGTERM):
                self._process.wait(PATIENCE_S)
            elif number == signal.SIGSTOP:
                until(self._is_stopped)

    def _is_stopped(self) -> bool:
        """Whether none of its threads runs: on a busy machine one of them could answer for a moment yet."""
        assert self._process is not None
        threads = Path(f"/proc/{self._process.pid}/task").glob("*/stat")
        states = [thread.read_text("ascii").rpartition(") ")[2][0] for thread in threads]
        return set(states) == {"T"}

    def fail(self, code: int, *commands: str, times: int | None = None) -> None:
        """From now on answer some commands with an error; with none named, no longer."""
        mode: Any = "off" if not commands else {"times": times} if times else "alwaysOn"
        data = {"data": {"failCommands": list(commands), "errorCode": code}} if commands else {}
        with self.client() as client:
            client.admin.command({"configureFailPoint": "failCommand", "mode": mode, **data})

    def client(self) -> MongoClient[dict[str, Any]]:
        """A client of its own, past any line."""
        return MongoClient(HOST, self.port, directConnection=True, timeoutMS=20_000)

    def close(self) -> None:
        """End it."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait(PATIENCE_S)


def _accepts(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


class Line:
    """A TCP line to the store that can be slow, and that tells when the answer to something is on its way back."""

    def __init__(self, port: int) -> None:
        """Lead to a port."""
        self.delay_s = 0.0
        self._counted: bytes | None = None
        self._found: list[int] = []
        self._watched: tuple[bytes, Callable[[], None]] | None = None
        self._target = port
        self._listener = socket.create_server((HOST, 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def lose_answer(self, marker: bytes, act: Callable[[], None]) -> None:
        """Do something when the store has answered what carries the marker, instead of passing the answer on."""
        self._watched = (marker, act)

    def count(self, marker: bytes) -> Callable[[], int]:
        """From now on count what carries the marker on its way to the store; gives what tells how many there were."""
        found: list[int] = []
        self._found, self._counted = found, marker
        return lambda: sum(found)

    def close(self) -> None:
        """Take no more connections."""
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                try:
                    far = socket.create_connection((HOST, self._target), timeout=5)
                except OSError:
                    near.close()
                    continue
                far.settimeout(None)
                lost: list[Callable[[], None]] = []
                for ends in ((near, far), (far, near)):
                    threading.Thread(target=self._pass_on, args=(*ends, lost, ends[0] is near), daemon=True).start()

    def _pass_on(self, source: socket.socket, goal: socket.socket, lost: list[Callable[[], None]], up: bool) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                if up and self._watched is not None and self._watched[0] in data:
                    lost.append(self._watched[1])
                    self._watched = None
                elif not up and lost:
                    lost.pop()()
                    break
                if up:
                    if self._counted is not None:
                        self._found.append(data.count(self._counted))
                    self._hold_back()
                goal.sendall(data)
        for end in (source, goal):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _hold_back(self) -> None:
        """Wait as long as the line is slow: what was under way arrives when it is quick again."""
        end = time.monotonic() + self.delay_s
        while self.delay_s and time.monotonic() < end:
            time.sleep(min(0.02, self.delay_s))


class Answer:
    """What one request came to: its status, 0 if it was sent and not answered, None if it could not be sent."""

    def __init__(self, status: int | None, seconds: float, headers: dict[str, str], body: bytes) -> None:
        """Note all of it."""
        self.status, self.seconds, self.headers, self.body = status, seconds, headers, body

    def json(self) -> Any:
        """The body."""
        return orjson.loads(self.body)


class Service:
    """Gunicorn on a free port."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        """Serve with a process at a port."""
        self.process, self.port = process, port

    def ask(self, method: str, path: str, body: object = None, headers: dict[str, str] | None = None) -> Answer:
        """Send one request on a connection of its own."""
        with Connection(self.port) as connection:
            return connection.ask(method, path, body, headers)

    def ready(self) -> bool:
        """Whether it says that it can do its work."""
        return self.ask("GET", "/readyz").status == 200

    def workers(self) -> list[int]:
        """The process ids of its workers."""
        master = self.process.pid
        return [int(child) for child in Path(f"/proc/{master}/task/{master}/children").read_text("ascii").split()]

    def resident_mib(self) -> float:
        """The memory that its workers hold now."""
        lines = [Path(f"/proc/{worker}/status").read_text("ascii").splitlines() for worker in self.workers()]
        found = [next(line for line in status if line.startswith("VmRSS")) for status in lines]
        return sum(int(line.split()[1]) for line in found) / 1024


class Connection:
    """A connection that is kept while the other side keeps it."""

    def __init__(self, port: int) -> None:
        """Lead to a port."""
        self._http = HTTPConnection(HOST, port, timeout=40)

    def __enter__(self) -> Self:
        """Use it."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self._http.close()

    def ask(self, method: str, path: str, body: object = None, headers: dict[str, str] | None = None) -> Answer:
        """Send one request."""
        began, sent = time.monotonic(), None if body is None else orjson.dumps(body)
        status: int | None = None
        try:
            if self._http.sock is None:
                self._http.connect()
            status = 0
            self._http.request(method, path, sent, {"Content-Type": "application/json", **(headers or {})})
            answer = self._http.getresponse()
            content = answer.read()
            told = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, time.monotonic() - began, told, content)
        except (OSError, HTTPException):
            self._http.close()
            return Answer(status, time.monotonic() - began, {}, b"")


@contextmanager
def served(store_port: int, folder: Path, workers: int = 1, **given: str) -> Iterator[Service]:
    """The service on a store, until it answers."""
    port = free_port()
    environment = {
        "ENVIRONMENT": "test",
        "PORT": str(port),
        "WEB_CONCURRENCY": str(workers),
        "MONGO_DB_URI": f"mongodb://{HOST}:{store_port}/?directConnection=true",
        "MONGO_DB_NAME": DATABASE,
        "DATA_DIR": str(folder),
        "MAIL_URL": f"file:{folder}/mail",
        "RATE_LIMIT_ENABLED": "false",
        "LOG_LEVEL": "ERROR",
    }
    command = [str(_BIN / "gunicorn"), "app:app", "--log-level", "critical"]
    with subprocess.Popen(
        command, cwd=_CODE, env=os.environ | environment | given, stdout=subprocess.DEVNULL
    ) as process:
        service = Service(process, port)
        try:
            until(service.ready)
            yield service
        finally:
            if process.poll() is None:
                process.terminate()
            process.wait(PATIENCE_S)


class Load:
    """Clients that ask without a pause: half on connections that they keep, half on a new one each time."""

    def __init__(self, service: Service, clients: int, path: str = "/v1/events") -> None:
        """Prepare so many."""
        self.answers: list[Answer] = []
        self._service, self._path, self._done = service, path, threading.Event()
        kinds = [self._keep, self._renew]
        self._threads = [threading.Thread(target=kinds[number % 2], daemon=True) for number in range(clients)]

    def __enter__(self) -> Self:
        """Begin."""
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End; each waits for its last answer."""
        self._done.set()
        for thread in self._threads:
            thread.join()

    def tally(self) -> Counter[int | None]:
        """How many answers there were of each status."""
        return Counter(answer.status for answer in self.answers)

    def longest(self) -> float:
        """The longest that anybody waited."""
        return max(answer.seconds for answer in self.answers)

    def _keep(self) -> None:
        with Connection(self._service.port) as connection:
            while not self._done.is_set():
                self._note(connection.ask("GET", self._path))

    def _renew(self) -> None:
        while not self._done.is_set():
            self._note(self._service.ask("GET", self._path))

    def _note(self, answer: Answer) -> None:
        self.answers.append(answer)
        if answer.status in (None, 503):  # told to come back later; most clients would wait for longer
            self._done.wait(0.1)
