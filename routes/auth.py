"""Signing in."""

from typing import Annotated

from fastapi import Depends
from fastapi.security import OAuth2PasswordRequestForm
from pydantic import SecretStr, ValidationError

from docs import auth as docs
from models.auth import AccessToken, Login
from models.exceptions import WrongCredentials
from routes._operations import Operations, Policy
from utils import sessions

api = Operations("auth", "/v1/auth")


def _login_from_form(form: Annotated[OAuth2PasswordRequestForm, Depends()]) -> Login:
    """Read the OAuth 2 form; what is no e-mail address belongs to nobody."""
    try:
        return Login(email=form.username, password=SecretStr(form.password))
    except ValidationError as error:
        raise WrongCredentials from error


@api.post("/login", answer=AccessToken, policy=Policy.ANYONE, refuses=[WrongCredentials], docs=docs.LOGIN)
async def login(form: Login) -> AccessToken:
    return await sessions.log_in(form)


@api.post("/token", answer=AccessToken, policy=Policy.ANYONE, refuses=[WrongCredentials], docs=docs.TOKEN)
async def token(form: Annotated[Login, Depends(_login_from_form)]) -> AccessToken:
    return await sessions.log_in(form)
