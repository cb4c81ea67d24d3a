"""Texts on signing in."""

from docs._shapes import Operation, Tag

TAG: Tag = {
    "name": "auth",
    "description": "Signing in and out. Send the access token as `Authorization: Bearer …`; it lives 15 minutes.",
}

_TOKEN = {"access_token": "eyJhbGciOiJIUzI1NiIs…", "token_type": "bearer", "expires_in": 900}

LOGIN: Operation = {
    "summary": "Sign in",
    "description": "Opens a session and gives an access token. A wrong address and a wrong password answer alike.",
    "response_description": "The access token.",
    "request_examples": {"ada": {"email": "ada@example.org", "password": "correct horse battery"}},
    "answer_example": _TOKEN,
}
TOKEN: Operation = {
    "summary": "Sign in with the OAuth 2 password form",
    "description": "The same as login, as a form (RFC 6749, section 4.3): it makes the Authorize button of this page "
    "work. `username` is the e-mail address.",
    "response_description": "The access token.",
    "answer_example": _TOKEN,
}
