"""Signing in: access tokens that end with their session."""

from datetime import timedelta
from typing import Any

import jwt

from config.main import settings
from models.auth import AccessToken, Login
from models.commons import new_id, now
from models.exceptions import InvalidToken, WrongCredentials
from models.users import LiveSession, User
from utils import passwords, secrets, users

API = "underline-api"
CLIENT = "underline-client"  # the published web client: its tokens open only its own paths
ALGORITHM = "HS256"
ACCESS_TOKEN_LIFETIME = timedelta(minutes=15)
SESSION_LIFETIME = timedelta(days=30)
_REQUIRED = ["iss", "aud", "sub", "sid", "iat", "exp", "jti"]


async def log_in(form: Login) -> AccessToken:
    """Open a session for whoever knows the password.

    Raises:
        WrongCredentials: no account, wrong password, or suspended; which of them stays unsaid.
    """
    user, session = await _open(form.email, form.password.get_secret_value())
    lifetime = ACCESS_TOKEN_LIFETIME
    return AccessToken(access_token=_sign(user, session, API, lifetime), expires_in=int(lifetime.total_seconds()))


async def log_in_client(email: str, password: str) -> str:
    """Open a session for the published web client, which neither refreshes nor reads the expiry of its token.

    Raises:
        WrongCredentials: as in `log_in`.
    """
    user, session = await _open(email, password)
    return _sign(user, session, CLIENT, SESSION_LIFETIME, user_id=user.get_id())


async def authenticate(token: str, audience: str = API) -> User:
    """Find who an access token speaks for, in one indexed read.

    Raises:
        InvalidToken: it is malformed, expired or revoked, or its account is gone or suspended.
    """
    claims = _verify(token, audience)
    user = await users.find(claims["sub"])
    if user is None or user.suspended or not user.has_session(claims["sid"], now()):
        raise InvalidToken
    return user


async def _open(email: str, password: str) -> tuple[User, LiveSession]:
    user = await users.find_by_email(email)
    matches, renewed = await passwords.verify(password, user.password_hash if user else None)
    if user is None or not matches:
        raise WrongCredentials
    if renewed:
        await users.set_password_hash(user.get_id(), renewed, known=user.password_hash)
    session = LiveSession(id=new_id(), expires_at=now() + SESSION_LIFETIME)
    if not await users.add_session(user.get_id(), session):
        raise WrongCredentials
    return user, session


def _sign(user: User, session: LiveSession, audience: str, lifetime: timedelta, **further: str) -> str:
    issued = now()
    claims = {
        "iss": settings.public_url,
        "aud": audience,
        "sub": user.get_id(),
        "sid": session.id,
        "iat": issued,
        "exp": issued + lifetime,
        "jti": new_id(),
    }
    return jwt.encode({**claims, **further}, secrets.signing_keys()[0], ALGORITHM)


def _verify(token: str, audience: str) -> dict[str, Any]:
    for key in secrets.signing_keys():
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                [ALGORITHM],
                audience=audience,
                issuer=settings.public_url,
                options={"require": _REQUIRED},
            )
        except jwt.InvalidSignatureError:
            continue
        except jwt.PyJWTError as error:
            raise InvalidToken from error
        return claims
    raise InvalidToken
