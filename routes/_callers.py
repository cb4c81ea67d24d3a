"""Who is asking, and what they may ask for: the dependencies that operations declare."""

import re
from typing import Annotated

from fastapi import Depends, Header, Request
from fastapi.security import APIKeyHeader, OAuth2PasswordBearer

from models.exceptions import Forbidden, PreconditionFailed, Unauthenticated
from models.users import Role, User
from utils import sessions

_bearer = OAuth2PasswordBearer(tokenUrl="/v1/auth/token", auto_error=False, scheme_name="Bearer")
_token_header = APIKeyHeader(
    name="token", auto_error=False, scheme_name="ClientToken", description="The published web client's session."
)
_STRONG_TAG = re.compile(r'^"(\d{1,18})(?:-[a-z]+)*"$')


Bearer = Annotated[str | None, Depends(_bearer)]


class _Viewer(OAuth2PasswordBearer):
    """Finds the user behind the access token, as one dependency: FastAPI takes its time for each."""

    async def __call__(self, request: Request) -> User | None:  # type: ignore[override]  # more than the token
        """The user, None for anonymous requests; a token that is not valid is refused."""
        token = await super().__call__(request)
        if token is None:
            return None
        user = await sessions.authenticate(token)
        request.state.user_id = user.get_id()
        return user


viewer = _Viewer(tokenUrl="/v1/auth/token", auto_error=False, scheme_name="Bearer")


async def current_user(user: Annotated[User | None, Depends(viewer)]) -> User:
    """The user behind the access token."""
    if user is None:
        raise Unauthenticated
    return user


async def moderator(user: Annotated[User, Depends(current_user)]) -> User:
    """A user who moderates or administers."""
    if not user.is_staff:
        raise Forbidden("This is for moderators and admins.")
    return user


async def admin(user: Annotated[User, Depends(current_user)]) -> User:
    """A user who administers."""
    if user.role is not Role.ADMIN:
        raise Forbidden("This is for admins.")
    return user


async def client_viewer(request: Request, token: Annotated[str | None, Depends(_token_header)]) -> User | None:
    """The user behind the published client's `token` header, which is empty when nobody is signed in."""
    if not token:
        return None
    user = await sessions.authenticate(token, sessions.CLIENT)
    request.state.user_id = user.get_id()
    return user


async def client_user(user: Annotated[User | None, Depends(client_viewer)]) -> User:
    """The user behind the published client's `token` header."""
    return await current_user(user)


async def client_moderator(user: Annotated[User, Depends(client_user)]) -> User:
    """A user of the published client who moderates or administers."""
    return await moderator(user)


async def client_admin(user: Annotated[User, Depends(client_user)]) -> User:
    """A user of the published client who administers."""
    return await admin(user)


async def expected_versions(
    if_match: Annotated[
        str | None,
        Header(max_length=500, description="The `ETag` of the state that you have seen; 412 when it has changed."),
    ] = None,
) -> tuple[int, ...] | None:
    """The versions that `If-Match` (RFC 9110, section 13.1.1) names; None where any will do."""
    if if_match is None or if_match.strip() == "*":
        return None
    tags = [_STRONG_TAG.match(tag.strip()) for tag in if_match.split(",")]
    versions = tuple(int(tag[1]) for tag in tags if tag)
    if not versions:
        raise PreconditionFailed("If-Match names no state that this document ever had.")
    return versions


Viewer = Annotated[User | None, Depends(viewer)]
CurrentUser = Annotated[User, Depends(current_user)]
Moderator = Annotated[User, Depends(moderator)]
Admin = Annotated[User, Depends(admin)]
IfMatch = Annotated[tuple[int, ...] | None, Depends(expected_versions)]
ClientViewer = Annotated[User | None, Depends(client_viewer)]
ClientUser = Annotated[User, Depends(client_user)]
