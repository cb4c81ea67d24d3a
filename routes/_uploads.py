"""The one file of a multipart body."""

from collections.abc import AsyncIterator, Collection

from fastapi import HTTPException, Request
from starlette.datastructures import UploadFile

from models.exceptions import Invalid, MalformedBody, UnsupportedMediaType

FIELD = "file"


class OneFile:
    """A dependency that reads the part `file`, and refuses what else the body may hold.

    Depends on it after who is asking is known: FastAPI's own file parameters take in ten megabytes first.
    """

    def __init__(self, ignoring: Collection[str] = ()) -> None:
        """Start with the fields that may stand beside the file.

        Args:
            ignoring: their names.
        """
        self.ignoring = ignoring

    async def __call__(self, request: Request) -> AsyncIterator[UploadFile]:
        """Yield the file, and close it when the request is over.

        Raises:
            UnsupportedMediaType: the body is no multipart form.
            MalformedBody: it cannot be read.
            Invalid: it is not one file under the name that is expected.
        """
        if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
            raise UnsupportedMediaType("A file comes as multipart/form-data, in the field file.")
        try:
            form = await request.form(max_files=2, max_fields=len(self.ignoring) + 1)
        except HTTPException as error:
            raise MalformedBody(error.detail) from error
        try:
            yield self._only_file([part for part in form.multi_items() if part[0] not in self.ignoring])
        finally:
            await form.close()

    def _only_file(self, parts: list[tuple[str, UploadFile | str]]) -> UploadFile:
        for name, _ in parts:
            if name != FIELD:
                raise Invalid("This field is not known.", pointer=f"/{name}")
        if not parts:
            raise Invalid("A file is needed.", pointer=f"/{FIELD}")
        if len(parts) > 1:
            raise Invalid("One file at a time.", pointer=f"/{FIELD}")
        file = parts[0][1]
        if isinstance(file, str):
            raise Invalid("This is text, not a file: it has no file name.", pointer=f"/{FIELD}")
        return file
