"""How gunicorn serves the application: `gunicorn app:app` reads this file by itself."""

import errno
import os
import shutil
import socket
import sys
import tempfile
from pathlib import Path

from gunicorn.arbiter import Arbiter
from gunicorn.workers.base import Worker

sys.path.insert(0, str(Path(__file__).parent))  # the command leaves its own folder there instead
# Where the workers of this master count together; the package reads it when it is imported.
os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="underline-metrics-")

from prometheus_client.multiprocess import mark_process_dead

from config.embedded import EmbeddedStoreError, Use
from config.main import CODE, settings
from config.worker import FINISH_S

# pylint: disable=invalid-name  # these are the names that gunicorn looks for
wsgi_app = "app:app"
worker_class = "config.worker.Worker"
workers = settings.web_concurrency
bind = f"{'0.0.0.0' if settings.hosted else '127.0.0.1'}:{settings.port}"  # noqa: S104  # a dyno is reached from outside
forwarded_allow_ips = settings.trusted_proxies
keepalive = 95  # longer than the routers in front (Heroku 90 s, nginx 60 s), so that it is never us who hangs up
timeout = 30
graceful_timeout = FINISH_S + 3
preload_app = False  # each worker imports the code itself: SIGHUP brings new code in, and no thread or loop is forked
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108  # the heartbeat must not wait for a disk
control_socket_disable = True
loglevel = "warning" if settings.console_logs else "info"

_store = Use(settings.data_dir)


def on_starting(server: Arbiter) -> None:
    """Refuse a port that is taken, and hold the embedded store for as long as the master lives."""
    replaces_another = bool(server.master_pid)  # SIGUSR2: it hands its sockets over
    if not replaces_another:
        _refuse_taken_ports(server)
    if settings.mongo_db_uri is None:
        try:
            _store.hold()  # the workers wait for it; meanwhile they import the code
        except EmbeddedStoreError as error:
            sys.exit(str(error))


def when_ready(server: Arbiter) -> None:
    """Say where the service is."""
    if not settings.hosted:
        place = f"http://localhost:{server.LISTENERS[0].getsockname()[1]}"
        data = "the configured MongoDB" if settings.mongo_db_uri else f"{_within(settings.data_dir)}/"
        sys.stdout.write(f"Underline API: {place}/docs\nData lies in {data}. Ctrl-C stops everything.\n")
        sys.stdout.flush()


def _within(folder: Path) -> Path:
    """As somebody who stands in the checkout would call it."""
    return folder.relative_to(CODE) if folder.is_relative_to(CODE) else folder


def child_exit(_server: Arbiter, worker: Worker) -> None:
    """Take what the worker held at that moment out of the metrics."""
    mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]  # the package's own gap


def on_exit(_server: Arbiter) -> None:
    """Let go of the embedded store, which stops when nobody else uses it, and of the metrics."""
    _store.end()
    shutil.rmtree(os.environ["PROMETHEUS_MULTIPROC_DIR"], ignore_errors=True)


def _refuse_taken_ports(server: Arbiter) -> None:
    for address in server.address:
        if isinstance(address, tuple):
            with socket.socket(socket.AF_INET6 if ":" in address[0] else socket.AF_INET) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind(address)
                except OSError as error:
                    if error.errno == errno.EADDRINUSE:
                        sys.exit(f"Port {address[1]} is taken. Choose another: PORT={address[1] + 1} ./run.sh")
                    sys.exit(f"Cannot listen on {address[0]}:{address[1]}: {error.strerror}")
