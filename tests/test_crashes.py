"""Real gunicorn workers, writes going on, and one process after another killed: what was acknowledged is there."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from config.keeper import Folder, is_locked, read_number
from tests.conftest import PASSWORD

CODE = Path(__file__).parents[1]
pytestmark = pytest.mark.slow
PATIENCE_S = 60.0  # the machine may be busy
SOON_S = 15.0  # nothing is under way; where a worker does not hear of it, its master waits 28 s


class Service:
    """A gunicorn with two workers on a store of its own."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        with socket.create_server(("127.0.0.1", 0)) as chosen:
            self.port = chosen.getsockname()[1]
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=20)
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        """Start as run.sh does, and wait for an answer."""
        environment = os.environ | {"PORT": str(self.port), "DATA_DIR": str(self.data_dir)}
        command = [str(Path(sys.executable).parent / "gunicorn"), "app:app"]
        self.processes.append(subprocess.Popen(command, cwd=CODE, env=environment, stdout=subprocess.DEVNULL))
        until(self.answers)

    @property
    def master(self) -> int:
        return self.processes[-1].pid

    def workers(self) -> list[int]:
        return [
            int(child)
            for child in Path(f"/proc/{self.master}/task/{self.master}/children").read_text(encoding="utf-8").split()
        ]

    def store(self) -> int:
        return read_number(Folder.of(self.data_dir).process) or 0

    def answers(self) -> bool:
        try:
            return self.client.get("/readyz").status_code == 200
        except httpx.TransportError:
            return False

    def register(self, name: str) -> str | None:
        """The address of a new account, once it was acknowledged."""
        form = {"first_name": "Ada", "last_name": "Lovelace", "email": f"{name}@example.org", "password": PASSWORD}
        try:
            answer = self.client.post("/v1/users", json=form)
        except httpx.TransportError:
            return None
        return answer.headers["Location"] if answer.status_code == 201 else None

    def stop(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.terminate()
            process.wait(PATIENCE_S)

    def ends_upon(self, asked: signal.Signals) -> None:
        """Ask the master to end, and see that nothing is left."""
        workers = self.workers()
        os.kill(self.master, asked)
        self.processes[-1].wait(SOON_S)
        assert self.leaves_nothing()
        assert not any(Path(f"/proc/{worker}").exists() for worker in workers)

    def leaves_nothing(self) -> bool:
        folder = Folder.of(self.data_dir)
        return not is_locked(folder.keeper) and not is_locked(folder.process) and not in_use(self.port)


def until(met: Callable[[], bool]) -> None:
    began = time.monotonic()
    while not met():
        assert time.monotonic() - began < PATIENCE_S, "waited in vain"
        time.sleep(0.02)


def in_use(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    running = Service(tmp_path)
    try:
        running.start()
        yield running
    finally:
        running.stop()
        running.client.close()


def test_nothing_acknowledged_is_lost_whatever_process_is_killed(service: Service) -> None:
    acknowledged: list[str] = []
    done = threading.Event()

    def write() -> None:
        number = 0
        while not done.is_set():
            number += 1
            if location := service.register(f"user-{number}"):
                acknowledged.append(location)

    def more(count: int = 5) -> None:
        wanted = len(acknowledged) + count
        until(lambda: len(acknowledged) >= wanted)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        more()
        os.kill(service.workers()[0], signal.SIGKILL)
        more()
        os.kill(service.store(), signal.SIGKILL)
        more()
        os.kill(service.master, signal.SIGKILL)
        until(service.leaves_nothing)
        service.start()
        more()
    finally:
        done.set()
        writer.join()

    assert [service.client.get(location).status_code for location in acknowledged] == [200] * len(acknowledged)
    service.ends_upon(signal.SIGTERM)


def test_ctrl_c_leaves_no_process(service: Service) -> None:
    service.ends_upon(signal.SIGINT)


def test_a_taken_port_is_said_in_one_line_from_whatever_folder_the_server_is_started(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        ended = subprocess.run(
            [sys.executable, str(CODE / "manage.py"), "serve", "--port", str(port)],
            cwd=tmp_path,
            env=os.environ | {"DATA_DIR": str(tmp_path), "LOG_FORMAT": "console"},
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )

    assert ended.returncode == 1
    assert ended.stderr == f"Port {port} is taken. Choose another: PORT={port + 1} ./run.sh\n"


def test_with_a_server_configured_nothing_embedded_starts(tmp_path: Path) -> None:
    environment = os.environ | {"MONGO_DB_URI": "mongodb://127.0.0.1:9", "DATA_DIR": str(tmp_path), "PORT": "0"}
    with subprocess.Popen(
        [str(Path(sys.executable).parent / "gunicorn"), "app:app"],
        cwd=CODE,
        env=environment | {"ENVIRONMENT": "local"},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(2)]
        process.terminate()

    assert said[1] == "Data lies in the configured MongoDB. Ctrl-C stops everything.\n"
    assert list(tmp_path.iterdir()) == []
