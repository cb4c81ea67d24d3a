"""The floor: a bare ASGI application that sends the same commands through the same driver, and no framework.

It replays what the service was seen to send for the same request (`FLOOR_PLAN`, a file that `bench.__main__` writes),
and writes what the last command brought with orjson.
"""

import os
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
from bson import json_util
from pymongo import AsyncMongoClient

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Document = dict[str, Any]

_JSON = [(b"content-type", b"application/json")]


class Floor:
    """The application; the client belongs to the loop of the first lifespan."""

    def __init__(self) -> None:
        """Read the plan: `{"prefix of the path": {"commands": […], "status": 200}}`."""
        plan = json_util.loads(
            Path(os.environ["FLOOR_PLAN"]).read_text(encoding="utf-8"),
            json_options=json_util.JSONOptions(tz_aware=True, document_class=dict),
        )
        self._plan: dict[str, Document] = plan
        self._client: AsyncMongoClient[Document] | None = None

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Serve one connection scope."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        while (message := await receive())["type"] == "lifespan.startup":
            self._client = AsyncMongoClient(os.environ["MONGO_DB_URI"], tz_aware=True, timeoutMS=5000, maxPoolSize=50)
            await send({"type": "lifespan.startup.complete"})
        if self._client is not None and message["type"] == "lifespan.shutdown":
            await self._client.close()
            await send({"type": "lifespan.shutdown.complete"})

    async def _answer(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        _, name, last = scope["path"].split("/", 2)
        todo = self._plan.get(name, {"commands": [], "status": 200})
        body = b""
        if scope["method"] == "POST":
            body = (await receive())["body"]
        result: Any = {"status": "alive"}
        for command in todo["commands"]:
            result = await self._send(command, last, body)
        status = todo["status"]
        content = b"" if status == 304 else orjson.dumps(result, default=str)
        await send({"type": "http.response.start", "status": status, "headers": _JSON})
        await send({"type": "http.response.body", "body": content})

    async def _send(self, command: Document, last: str, body: bytes) -> Any:
        assert self._client is not None
        store = self._client.get_database(os.environ["MONGO_DB_NAME"])
        if "find" in command:
            wanted = {**command["filter"], **({"_id": last} if command.get("_by_path") else {})}
            cursor = store[command["find"]].find(wanted, command.get("projection"), limit=command.get("limit", 0))
            if "sort" in command:
                cursor = cursor.sort(list(command["sort"].items()))
            return await cursor.to_list()
        if "aggregate" in command:
            return await (await store[command["aggregate"]].aggregate(command["pipeline"])).to_list()
        if "insert" in command:
            document = {**command["documents"][0], "_id": str(uuid4()), "title": orjson.loads(body)["title"]}
            await store[command["insert"]].insert_one(document)
            return document
        raise ValueError(f"The floor cannot replay {next(iter(command))}.")


if "FLOOR_PLAN" in os.environ:
    app = Floor()
