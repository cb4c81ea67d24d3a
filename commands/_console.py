"""A Python prompt that awaits, in the loop that the store's client belongs to."""

import ast
import asyncio
import inspect
from code import InteractiveConsole
from types import CodeType, FunctionType
from typing import Any

from utils import events, feedback, images, users

_GIVEN = {"events": events, "feedback": feedback, "images": images, "users": users}


class _Console(InteractiveConsole):
    """Reads in a thread of its own and runs each line in the loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(dict(_GIVEN))
        self._loop = loop
        self.compile.compiler.flags |= ast.PyCF_ALLOW_TOP_LEVEL_AWAIT

    def runcode(self, code: CodeType) -> None:
        """Run one line, and wait for what it awaits."""
        try:
            asyncio.run_coroutine_threadsafe(self._call(code), self._loop).result()
        except SystemExit:
            raise
        except BaseException:  # noqa: BLE001  # whatever was typed: shown, and the next line is read
            self.showtraceback()

    async def _call(self, code: CodeType) -> Any:
        result = FunctionType(code, self.locals)()
        return await result if inspect.iscoroutine(result) else result


async def interact() -> None:
    """Read and run lines until the end of the input."""
    console = _Console(asyncio.get_running_loop())
    banner = f"At hand: {', '.join(_GIVEN)}. For example: await users.count_admins()"
    await asyncio.to_thread(console.interact, banner, "")
