"""What signing in puts into cookies and reads from them."""

import re
import secrets
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Body, Depends, Request, Response
from fastapi.security import OAuth2PasswordRequestForm
from pydantic import SecretStr, ValidationError

from config.main import LOCAL_ORIGINS, settings
from models.auth import Caller, Login, Refresh, Tokens
from models.exceptions import ForeignOrigin, InvalidRefreshToken, WrongCredentials
from routes._callers import Bearer, CurrentUser
from utils import sessions

REFRESH_COOKIE = "underline_refresh"
DEVICE_COOKIE = "underline_device"
_COOKIES: dict[str, Any] = {"path": "/v1/auth", "secure": True, "httponly": True, "samesite": "lax"}
_DEVICE_KEPT = 365 * 24 * 3_600
_DEVICE_KEY = re.compile(r"[A-Za-z0-9_-]{22}")
OFFLINE = "offline_access"  # the scope that asks for a refresh token (OpenID Connect Core, section 11)


@dataclass(frozen=True, slots=True)
class Presented:
    """A refresh token, and whether it came in the body."""

    token: str
    in_body: bool


async def own_origin(request: Request) -> None:
    """Refuse what a page of another site sent, along with our cookies; only browsers say where a request comes from."""
    origin = request.headers.get("origin")
    if origin is None or origin in (*settings.cors_origins, _own(settings.public_url), _own(str(request.base_url))):
        return
    if settings.hosted or not re.fullmatch(LOCAL_ORIGINS, origin):
        raise ForeignOrigin("The Origin of this request is neither ours nor one of CORS_ORIGINS.")


async def caller(request: Request) -> Caller:
    """Where the request comes from; a browser's first login makes the key by which it is known again."""
    held = request.cookies.get(DEVICE_COOKIE, "")
    known = _DEVICE_KEY.fullmatch(held) is not None
    return Caller(
        address=request.client.host if request.client else "",
        agent=request.headers.get("user-agent", "")[:500],
        device_key=held if known else secrets.token_urlsafe(16),
        device_is_new=not known,
    )


async def presented(request: Request, form: Annotated[Refresh | None, Body()] = None) -> Presented | None:
    """The refresh token, from the body or else from the cookie."""
    if form is not None:
        return Presented(form.refresh_token.get_secret_value(), in_body=True)
    held = request.cookies.get(REFRESH_COOKIE)
    if held is None:
        return None
    await own_origin(request)
    return Presented(held, in_body=False)


async def required(given: Annotated[Presented | None, Depends(presented)]) -> Presented:
    """The refresh token, from the body or else from the cookie; one of them there is."""
    if given is None:
        raise InvalidRefreshToken
    return given


async def login_from_form(form: Annotated[OAuth2PasswordRequestForm, Depends()]) -> Login:
    """Read the OAuth 2 form; what is no e-mail address belongs to nobody."""
    try:
        return Login(
            email=form.username, password=SecretStr(form.password), refresh_token_in_body=OFFLINE in form.scopes
        )
    except ValidationError as error:
        raise WrongCredentials from error


async def current_session(token: Bearer, _user: CurrentUser) -> str:
    """The session of the access token."""
    return sessions.session_of(token or "")


def keep(tokens: Tokens, response: Response) -> None:
    """Put the refresh token into its cookie, and tell a browser the key by which it is known again."""
    if tokens.cookie is None:
        return
    lifetime = int(sessions.SESSION_LIFETIME.total_seconds())
    response.set_cookie(REFRESH_COOKIE, tokens.cookie, max_age=lifetime, **_COOKIES)
    if tokens.device_key is not None:
        response.set_cookie(DEVICE_COOKIE, tokens.device_key, max_age=_DEVICE_KEPT, **_COOKIES)


def drop(_result: None, response: Response) -> None:
    """Take the refresh token out of its cookie."""
    response.delete_cookie(REFRESH_COOKIE, **_COOKIES)


def _own(url: str) -> str:
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}"


FROM_HERE = Depends(own_origin)
CallerOf = Annotated[Caller, Depends(caller)]
MaybePresented = Annotated[Presented | None, Depends(presented)]
RequiredToken = Annotated[Presented, Depends(required)]
LoginForm = Annotated[Login, Depends(login_from_form)]
CurrentSession = Annotated[str, Depends(current_session)]
