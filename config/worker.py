"""The process that answers requests under gunicorn; docs/decisions/0010-server-worker.md says why it is this one."""

import os
import signal
from typing import Any, ClassVar

from uvicorn_worker import UvicornWorker

FINISH_S = 25  # for requests under way; Heroku kills 30 s after it asks to stop


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

    async def callback_notify(self) -> None:
        """Once a second: tell the master of being alive, and see whether there is still one."""
        await super().callback_notify()
        if os.getppid() != self.ppid:
            signal.raise_signal(signal.SIGTERM)
