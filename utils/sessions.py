"""Signing in, staying in, signing out: the one owner of `sessions`.

Which sessions are live stands in the account itself, so that a request is authenticated by one read and whatever ends a
session ends it everywhere at once. A document here holds what only its owner and a refresh need.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import jwt
from pymongo import IndexModel

from config import db
from config.main import settings
from models.auth import Caller, Login, PasswordChange, Session, SessionRead, Tokens
from models.commons import Page, new_id, now
from models.exceptions import (
    InvalidRefreshToken,
    InvalidToken,
    SessionNotFound,
    UserNotFound,
    WrongCredentials,
    WrongPassword,
)
from models.notices import PasswordChanged, SignedIn, UserDeleted, UserSuspended
from models.users import LiveSession, User
from utils import attempts, callers, hub, passwords, refresh_tokens, secrets, users

COLLECTION = "sessions"
INDEXES = (
    IndexModel([("user_id", 1), ("last_used_at", -1)], name="by_user"),
    IndexModel([("expires_at", 1)], name="ends", expireAfterSeconds=0),
)
API = "underline-api"
CLIENT = "underline-client"  # the published web client: its tokens open only its own paths
ALGORITHM = "HS256"
ACCESS_TOKEN_LIFETIME = timedelta(minutes=15)
SESSION_LIFETIME = timedelta(days=30)
RETRY_WINDOW = timedelta(seconds=10)
_log = logging.getLogger("underline")
_REQUIRED = ["iss", "aud", "sub", "sid", "iat", "exp", "jti"]


def _sessions() -> db.Collection:
    return db.collection(COLLECTION)


async def log_in(form: Login, caller: Caller) -> Tokens:
    """Open a session for whoever knows the password.

    Raises:
        WrongCredentials: no account, wrong password, or suspended; which of them stays unsaid.
        TooManyLogins: too many wrong passwords came before.
        Busy: too many others sign in at this moment.
    """
    session_id, in_body = new_id(), form.refresh_token_in_body
    if in_body and caller.device_is_new:  # it keeps no cookies, and would be new each time
        caller = replace(caller, device_key="")
    token = refresh_tokens.first(session_id)
    user = await _open(session_id, form.email, form.password.get_secret_value(), caller, refresh_tokens.digest(token))
    tokens = _tokens(user, session_id, token, in_body=in_body)
    return replace(tokens, device_key=caller.device_key) if caller.device_is_new else tokens


async def log_in_client(email: str, password: str, caller: Caller) -> str:
    """Open a session for the published web client, which neither refreshes nor reads the expiry of its token.

    Raises:
        WrongCredentials, TooManyLogins, Busy: as in `log_in`.
    """
    session_id = new_id()
    if caller.device_is_new:  # its paths set no cookies
        caller = replace(caller, device_key="")
    user = await _open(session_id, email, password, caller)
    return _sign(user, session_id, CLIENT, SESSION_LIFETIME, user_id=user.get_id())


async def refresh(token: str, caller: Caller, *, in_body: bool) -> Tokens:
    """Give out the successor of a refresh token, and an access token.

    The same token gets the same successor once more for a few seconds, as long as that one was not used: the answer may
    have been lost. Any other use of a token that was followed by another ends its session.

    Raises:
        InvalidRefreshToken: it is not one of ours, or its session is over, by now at the latest.
    """
    session_id = refresh_tokens.session_of(token)
    if session_id is None:
        raise InvalidRefreshToken
    live = LiveSession(id=session_id, expires_at=now() + SESSION_LIFETIME)
    turned = await _rotate(live, token, caller) or await _repeat(session_id, token)
    if turned is None:
        if await _end_by_id(session_id):  # one of the two who hold it is a thief
            _log.warning("a refresh token was used again; session %s is over", session_id)
        raise InvalidRefreshToken
    user_id, successor = turned
    user = await users.extend_session(user_id, live)
    if user is None:
        await _sessions().delete_one({"_id": session_id})
        raise InvalidRefreshToken
    return _tokens(user, session_id, successor, in_body=in_body)


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


def session_of(token: str) -> str:
    """The session of an access token that was authenticated before.

    Raises:
        InvalidToken: it is malformed or expired.
    """
    return str(_verify(token, API)["sid"])


async def listing(user: User, current: str) -> Page[SessionRead]:
    """The live sessions of a person, the last used first; `current` is the one that asks."""
    live = [session.id for session in user.sessions if session.expires_at > now()]
    found = _sessions().find({"_id": {"$in": live}}).sort("last_used_at", -1)
    documents = [Session.from_document(document) async for document in found]
    return Page(
        items=[
            SessionRead(current=session.get_id() == current, **session.model_dump(mode="json")) for session in documents
        ]
    )


async def held_on(user_id: str) -> AsyncIterator[dict[str, Any]]:
    """The sessions of a person, for himself."""
    shown = {"id", "device", "address_prefix", "created_at", "last_used_at", "expires_at"}
    async for document in _sessions().find({"user_id": user_id}):
        yield Session.from_document(document).model_dump(mode="json", include=shown)


async def opened_since(session_id: str, moment: datetime) -> bool:
    """Whether a session was opened, by password, after `moment`."""
    return await _sessions().find_one({"_id": session_id, "created_at": {"$gte": moment}}, {"_id": 1}) is not None


async def end(user: User, session_id: str) -> None:
    """End one session of a person, at once and everywhere.

    Raises:
        SessionNotFound: it is not one of this person's, or is over.
    """
    if not await users.end_session(user.get_id(), session_id):
        raise SessionNotFound("You have no such session.")
    await _sessions().delete_one({"_id": session_id})


async def end_all(user_id: str, except_: str | None = None) -> None:
    """End all sessions of a person, at once and everywhere, but one."""
    await users.end_sessions(user_id, except_)
    await _forget(user_id, except_)


async def log_out(access_token: str | None, refresh_token: str | None) -> None:
    """End the session that either token belongs to.

    Raises:
        InvalidToken: neither belongs to a live one.
    """
    ended = [access_token is not None and await _log_out_bearer(access_token)]
    session_id = refresh_tokens.session_of(refresh_token) if refresh_token else None
    ended.append(session_id is not None and await _end_by_id(session_id))
    if not any(ended):
        raise InvalidToken


async def change_password(user: User, form: PasswordChange, session_id: str, caller: Caller) -> None:
    """Give the account another password, and end its other sessions.

    Raises:
        WrongPassword: the current one is wrong.
        CommonPassword: the new one is too common.
        TooManyLogins, Busy: as in `log_in`.
    """
    await confirm(user, form.current_password.get_secret_value(), caller)
    renewed = await passwords.hash_password(form.new_password.get_secret_value(), "/new_password")
    try:
        await users.set_password(user.get_id(), renewed, keep=session_id, known=user.password_hash)
    except UserNotFound as error:
        raise WrongPassword from error


async def confirm(user: User, password: str, caller: Caller) -> None:
    """Ask a person who is signed in for the password once more, before what cannot be undone.

    Raises:
        WrongPassword: it is not the account's.
        TooManyLogins, Busy: as in `log_in`.
    """
    attempt = await attempts.admit(user.email, caller)
    matches, _ = await passwords.verify(password, user.password_hash)
    if not matches:
        await attempts.failed(attempt)
        raise WrongPassword("The current password is wrong.")
    await attempts.succeeded(attempt)


async def on_password_changed(notice: PasswordChanged) -> None:
    """Drop the sessions that the account has ended."""
    await _forget(notice.user_id, notice.kept_session_id)


async def on_user_gone(notice: UserDeleted | UserSuspended) -> None:
    """Drop the sessions of an account that may not sign in."""
    await _forget(notice.user_id)


async def _open(session_id: str, email: str, password: str, caller: Caller, token_hash: str | None = None) -> User:
    """Open a session under this id; the account is told last, so that nothing half-made is live."""
    user, familiar = await _prove(email, password, caller)
    moment = now()
    session = Session(
        id=session_id,
        user_id=user.get_id(),
        device=callers.device(caller.agent),
        address_prefix=callers.prefix(caller.address),
        last_used_at=moment,
        expires_at=moment + SESSION_LIFETIME,
        token_hash=token_hash,
    )
    await _sessions().insert_one(session.model_dump())
    live = LiveSession(id=session_id, expires_at=session.expires_at)
    if not await users.add_session(user.get_id(), live, user.password_hash):
        raise WrongCredentials
    await hub.publish(SignedIn(user.get_id(), session_id, session.device, session.address_prefix, familiar))
    return user


async def _prove(email: str, password: str, caller: Caller) -> tuple[User, bool]:
    """The account that the password opens, and whether its owner was to be expected here."""
    began = time.monotonic()
    attempt = await attempts.admit(email, caller)
    user = await users.find_by_email(email)
    matches, renewed = await passwords.verify(password, user.password_hash if user else None)
    if user is None or not matches or user.suspended:
        await attempts.failed(attempt)
        await _until_next_step(began)
        raise WrongCredentials
    await attempts.succeeded(attempt)
    if renewed:
        await users.renew_password_hash(user.get_id(), renewed, known=user.password_hash)
        user = user.model_copy(update={"password_hash": renewed})
    return user, attempt.familiar or user.signed_in_at is None


async def _until_next_step(began: float) -> None:
    """Wait until a whole number of steps has passed: what happened meanwhile shows in no answer's time."""
    if settings.refusal_step_ms:
        await asyncio.sleep((began - time.monotonic()) % (settings.refusal_step_ms / 1000))


async def _rotate(live: LiveSession, token: str, caller: Caller) -> tuple[str, str] | None:
    """Make the successor the token of the session; None if the session has another one."""
    moment, successor, held = now(), refresh_tokens.successors(token)[0], refresh_tokens.digest(token)
    document = await _sessions().find_one_and_update(
        {"_id": live.id, "token_hash": held, "expires_at": {"$gt": moment}},
        {
            "$set": {
                "token_hash": refresh_tokens.digest(successor),
                "previous_hash": held,
                "rotated_at": moment,
                "last_used_at": moment,
                "updated_at": moment,
                "expires_at": live.expires_at,
                "device": callers.device(caller.agent),
                "address_prefix": callers.prefix(caller.address),
            },
            "$inc": {"version": 1},
        },
    )
    return (document["user_id"], successor) if document else None


async def _repeat(session_id: str, token: str) -> tuple[str, str] | None:
    """The successor that this token got a moment ago, unless that one was used."""
    recent = {"previous_hash": refresh_tokens.digest(token), "rotated_at": {"$gt": now() - RETRY_WINDOW}}
    document = await _sessions().find_one({"_id": session_id, "expires_at": {"$gt": now()}, **recent})
    if document is None:
        return None
    for successor in refresh_tokens.successors(token):
        if refresh_tokens.digest(successor) == document["token_hash"]:
            return document["user_id"], successor
    return None


async def _end_by_id(session_id: str) -> bool:
    document = await _sessions().find_one({"_id": session_id})
    if document is None:
        return False
    ended = await users.end_session(document["user_id"], session_id)
    await _sessions().delete_one({"_id": session_id})
    return ended


async def _log_out_bearer(token: str) -> bool:
    try:
        claims = _verify(token, API)
    except InvalidToken:
        return False
    ended = await users.end_session(claims["sub"], claims["sid"])
    await _sessions().delete_one({"_id": claims["sid"]})
    return ended


async def _forget(user_id: str, kept: str | None = None) -> None:
    await _sessions().delete_many({"user_id": user_id, "_id": {"$ne": kept}})


def _tokens(user: User, session_id: str, refresh_token: str, *, in_body: bool) -> Tokens:
    return Tokens(
        access_token=_sign(user, session_id, API, ACCESS_TOKEN_LIFETIME),
        expires_in=int(ACCESS_TOKEN_LIFETIME.total_seconds()),
        refresh_token=refresh_token if in_body else None,
        cookie=None if in_body else refresh_token,
    )


def _sign(user: User, session_id: str, audience: str, lifetime: timedelta, **further: str) -> str:
    issued = now()
    claims = {
        "iss": settings.public_url,
        "aud": audience,
        "sub": user.get_id(),
        "sid": session_id,
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
