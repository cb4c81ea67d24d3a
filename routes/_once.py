"""`Idempotency-Key`: an operation that creates something does so once, however often the request is sent."""

from collections.abc import Awaitable, Callable
from hashlib import blake2b
from typing import Annotated, Any

from fastapi import Header, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from models.exceptions import DomainError, NotFound
from models.idempotency import Answer, Claim, intending
from models.users import User
from utils import callers, idempotency

FIRST_SERVER_ERROR = 500
_KEPT_HEADERS = ("cache-control", "content-type", "etag", "location", "vary")
Work = Callable[[], Awaitable[Response]]
Read = Callable[[str, User | None], Awaitable[Any]]

Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        max_length=255,
        pattern=r"^[\x21-\x7e]+$",
        description="Your name for this request, such as a UUID. Sent again with the same body within 24 hours, the "
        "request is not done again: the first answer comes back.",
    ),
]


async def once(request: Request, operation: str, key: str, work: Work, found: Callable[[str], Work]) -> Response:
    """Do a request once: answer it, or answer it again as the first time.

    Args:
        request: the request.
        operation: what it asks for.
        key: the client's name for it.
        work: does it.
        found: given an identifier, answers for the document that an earlier try has made, or raises `NotFound`.
    """
    user_id: str | None = getattr(request.state, "user_id", None)
    caller = user_id or callers.source(request.client.host if request.client else "")
    sent = request.url.path.encode() + b"\0" + await _sent(request)
    claimed = await idempotency.claim(caller, operation, key, sent, user_id)
    if claimed.answer is not None:
        return _again(claimed.answer)
    answer = await _tried(claimed, work, found(claimed.document_id))
    headers = {name: answer.headers[name] for name in _KEPT_HEADERS if name in answer.headers}
    remembered = Answer(status=answer.status_code, headers=headers, body=bytes(answer.body))
    await idempotency.settle(claimed, remembered, user_id or claimed.document_id)
    return answer


async def _tried(claimed: Claim, work: Work, found: Work) -> Response:
    try:
        with intending(claimed.document_id):
            if claimed.tried_before:
                try:
                    return await found()
                except NotFound:  # then the earlier try did nothing
                    pass
            return await work()
    except DomainError as error:
        await (idempotency.release(claimed) if error.status >= FIRST_SERVER_ERROR else idempotency.withdraw(claimed))
        raise
    except BaseException:
        await idempotency.release(claimed)
        raise


def _again(answer: Answer) -> Response:
    return Response(answer.body, answer.status, {**answer.headers, "Idempotency-Replayed": "true"})


async def _sent(request: Request) -> bytes:
    """What the body says; of a form its parts, since each try draws another boundary between them."""
    if not request.headers.get("content-type", "").startswith("multipart/"):
        return await request.body()
    digest = blake2b()
    for name, part in (await request.form()).multi_items():
        content = await run_in_threadpool(_content, part) if isinstance(part, UploadFile) else part.encode()
        digest.update(blake2b(name.encode()).digest() + blake2b(content).digest())
    return digest.digest()


def _content(part: UploadFile) -> bytes:
    part.file.seek(0)
    content = part.file.read()
    part.file.seek(0)
    return content
