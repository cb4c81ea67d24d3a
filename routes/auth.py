"""Signing in, staying in, signing out."""

from typing import Annotated

from fastapi import Path

from docs import auth as docs
from models.auth import AccessToken, Login, SessionPage, SessionRead, Tokens
from models.commons import Page
from models.confirmations import Confirmation, PasswordReset, ResetRequest
from models.exceptions import (
    Busy,
    CommonPassword,
    EmailTaken,
    ForeignOrigin,
    InvalidRefreshToken,
    InvalidToken,
    LinkNotValid,
    SessionNotFound,
    TooManyLogins,
    WrongCredentials,
)
from routes import _signing
from routes._callers import Bearer, CurrentUser
from routes._operations import Operations, Policy
from utils import confirmations, sessions

api = Operations("auth", "/v1/auth")

_LOGIN_REFUSALS = [WrongCredentials, ForeignOrigin, TooManyLogins, Busy]
SessionId = Annotated[str, Path(alias="id", max_length=64, description="The session.")]


@api.post(
    "/login",
    answer=AccessToken,
    policy=Policy.ANYONE,
    refuses=_LOGIN_REFUSALS,
    carries=_signing.keep,
    guards=[_signing.FROM_HERE],
    docs=docs.LOGIN,
)
async def login(form: Login, caller: _signing.CallerOf) -> Tokens:
    return await sessions.log_in(form, caller)


@api.post(
    "/token",
    answer=AccessToken,
    policy=Policy.ANYONE,
    refuses=_LOGIN_REFUSALS,
    carries=_signing.keep,
    guards=[_signing.FROM_HERE],
    docs=docs.TOKEN,
)
async def token(form: _signing.LoginForm, caller: _signing.CallerOf) -> Tokens:
    return await sessions.log_in(form, caller)


@api.post(
    "/refresh",
    answer=AccessToken,
    policy=Policy.SESSION,
    refuses=[InvalidRefreshToken, ForeignOrigin],
    carries=_signing.keep,
    docs=docs.REFRESH,
)
async def refresh(given: _signing.RequiredToken, caller: _signing.CallerOf) -> Tokens:
    return await sessions.refresh(given.token, caller, in_body=given.in_body)


@api.post(
    "/logout", policy=Policy.SESSION, refuses=[InvalidToken, ForeignOrigin], carries=_signing.drop, docs=docs.LOGOUT
)
async def logout(access_token: Bearer, given: _signing.MaybePresented) -> None:
    await sessions.log_out(access_token, given.token if given else None)


@api.post("/logout-all", policy=Policy.USER, carries=_signing.drop, docs=docs.LOGOUT_ALL)
async def logout_all(user: CurrentUser) -> None:
    await sessions.end_all(user.get_id())


@api.get("/sessions", answer=SessionPage, policy=Policy.USER, docs=docs.SESSIONS)
async def list_sessions(user: CurrentUser, current: _signing.CurrentSession) -> Page[SessionRead]:
    return await sessions.listing(user, current)


@api.delete("/sessions/{id}", policy=Policy.USER, refuses=[SessionNotFound], docs=docs.END_SESSION)
async def end_session(session_id: SessionId, user: CurrentUser) -> None:
    await sessions.end(user, session_id)


@api.post("/verify-email", policy=Policy.ANYONE, refuses=[LinkNotValid, EmailTaken], docs=docs.VERIFY_EMAIL)
async def verify_email(form: Confirmation) -> None:
    await confirmations.confirm_address(form.token.get_secret_value())


@api.post("/password-reset", status=202, policy=Policy.ANYONE, docs=docs.REQUEST_RESET)
async def request_password_reset(form: ResetRequest) -> None:
    await confirmations.request_reset(form)


@api.post(
    "/password-reset/confirm",
    policy=Policy.ANYONE,
    refuses=[LinkNotValid, CommonPassword, Busy],
    docs=docs.RESET_PASSWORD,
)
async def reset_password(form: PasswordReset) -> None:
    await confirmations.reset_password(form)
