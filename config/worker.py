"""The process that answers requests under gunicorn; docs/decisions/0010-server-worker.md says why it is this one."""

import asyncio
import gc
import os
import signal
import socket
import sys
from types import FrameType
from typing import Any, ClassVar

from gunicorn.arbiter import Arbiter
from uvicorn import Server
from uvicorn_worker import UvicornWorker

from config import stopping

FINISH_S = 25  # for requests under way; Heroku kills 30 s after it asks to stop
# Uvicorn ticks ten times a second. Ticks are counted, not seconds: after a stall what came meanwhile is served first.
ACCEPTING_TICKS = 10  # connections are still taken, and each answer closes its own: clients come back elsewhere
READING_TICKS = 3  # for what the last new connections have to say


class PoliteServer(Server):
    """Uvicorn that, asked to stop, lets its clients leave before it hangs up; asked again, it hurries."""

    _sockets: list[socket.socket] | None = None
    _ticks = 0  # since it was asked to stop

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve until told to stop."""
        self._sockets = sockets
        await super().serve(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to stop."""
        if sig == signal.SIGTERM and self.started and not stopping.state.asked:
            self._captured_signals.append(sig)
            stopping.state.begin()
        else:
            super().handle_exit(sig, frame)

    async def on_tick(self, counter: int) -> bool:
        """Whether to hang up: ten times a second."""
        self._ticks += stopping.state.asked
        if self._ticks > ACCEPTING_TICKS:
            self._stop_accepting()
        return await super().on_tick(counter) or self._ticks > ACCEPTING_TICKS + READING_TICKS

    def _stop_accepting(self) -> None:
        for server in self.servers:
            server.close()
        for listener in self._sockets or ():
            listener.close()


class Worker(UvicornWorker):  # type: ignore[misc]  # the package carries no types
    """Uvicorn on uvloop and httptools; ends by itself when its master was killed."""

    CONFIG_KWARGS: ClassVar[dict[str, Any]] = {
        "loop": "uvloop",
        "http": "httptools",
        "ws": "none",
        "lifespan": "on",
        "server_header": False,
        "access_log": False,
        "timeout_notify": 1,
        "timeout_graceful_shutdown": FINISH_S,
    }

    def load_wsgi(self) -> None:
        """Import the code, which lives as long as the worker: the collector looks at none of it, now or later."""
        gc.disable()
        super().load_wsgi()
        gc.freeze()
        gc.enable()

    async def callback_notify(self) -> None:
        """Once a second: tell the master of being alive, and see whether there is still one."""
        await super().callback_notify()
        if os.getppid() != self.ppid:
            signal.raise_signal(signal.SIGTERM)

    async def _serve(self) -> None:
        """As the package does, with our server."""
        self.config.app = self.wsgi
        server = PoliteServer(config=self.config)
        # What the master sends when it is to stop quickly; the package's own handler stops nothing.
        asyncio.get_running_loop().add_signal_handler(signal.SIGQUIT, server.handle_exit, signal.SIGINT, None)
        await server.serve(sockets=self.sockets)
        if not server.started:
            sys.exit(Arbiter.WORKER_BOOT_ERROR)
