"""Texts on signing in and out."""

from docs._shapes import Operation, Tag

TAG: Tag = {
    "name": "auth",
    "description": "Signing in and out. Send the access token as `Authorization: Bearer …`; it lives 15 minutes. The "
    "refresh token gets the next one: browsers keep it in a cookie that scripts cannot read, other clients ask for it "
    "in the body. What ends a session ends its access tokens too, at once.",
}

_TOKEN = {"access_token": "eyJhbGciOiJIUzI1NiIs…", "token_type": "bearer", "expires_in": 900}
_REFRESH_TOKEN = "3f0a4e8e-0a49-4c68-a9f2-1de3c8f8a7c1.mQ0w…"  # noqa: S105  # because it is a made-up example that opens nothing
_IN_BODY = {**_TOKEN, "refresh_token": _REFRESH_TOKEN}
_SESSION = {
    "id": "3f0a4e8e-0a49-4c68-a9f2-1de3c8f8a7c1",
    "device": "Firefox on Linux",
    "address_prefix": "203.0.113.0/24",
    "created_at": "2026-11-22T10:00:00Z",
    "last_used_at": "2026-11-22T18:30:00Z",
    "expires_at": "2026-12-22T18:30:00Z",
    "current": True,
}

LOGIN: Operation = {
    "summary": "Sign in",
    "description": "Opens a session and gives an access token. An unknown address, a wrong password and a suspended "
    "account answer alike; wrong passwords make the next try wait, ever longer.",
    "response_description": "The access token; the refresh token is in a cookie, or in the body if asked for.",
    "request_examples": {
        "a browser": {"email": "ada@example.org", "password": "correct horse battery"},
        "an app": {"email": "ada@example.org", "password": "correct horse battery", "refresh_token_in_body": True},
    },
    "answer_example": _TOKEN,
}
TOKEN: Operation = {
    "summary": "Sign in with the OAuth 2 password form",
    "description": "The same as login, as a form (RFC 6749, section 4.3): it makes the Authorize button of this page "
    "work. `username` is the e-mail address; the scope `offline_access` puts the refresh token into the body.",
    "response_description": "The access token.",
    "answer_example": _TOKEN,
}
REFRESH: Operation = {
    "summary": "Get the next access token",
    "description": "Takes the refresh token from the cookie, or from the body of a client that asked for it there, and "
    "gives out its successor with a new access token. A refresh token is used once: using it again ends the session, "
    "except that within ten seconds, and before the successor is used, it gets the same successor once more, for "
    "clients whose answer was lost.",
    "response_description": "The access token; the next refresh token is where the last one was.",
    "request_examples": {"an app": {"refresh_token": _REFRESH_TOKEN}},
    "answer_example": _IN_BODY,
}
LOGOUT: Operation = {
    "summary": "Sign out",
    "description": "Ends the session of the access token or of the refresh token, whichever comes with the request, at "
    "once and everywhere.",
    "request_examples": {"an app": {"refresh_token": _REFRESH_TOKEN}},
}
LOGOUT_ALL: Operation = {
    "summary": "Sign out everywhere",
    "description": "Ends all sessions of the caller, this one too.",
}
SESSIONS: Operation = {
    "summary": "List my sessions",
    "description": "The devices that are signed in to my account, the last used first.",
    "response_description": "All of them.",
    "answer_example": {"items": [_SESSION], "next_cursor": None},
}
END_SESSION: Operation = {
    "summary": "Sign out one device",
    "description": "Ends one of my sessions, at once and everywhere.",
}
VERIFY_EMAIL: Operation = {
    "summary": "Confirm an e-mail address",
    "description": "With the token of the link that came by mail: after registering, or to another address after a "
    "change was asked for. Each link works once, for a day.",
    "response_description": "The address is confirmed, and is the account's.",
    "request_examples": {"link": {"token": "q1b0u4…"}},
}
REQUEST_RESET: Operation = {
    "summary": "Ask for a new password",
    "description": "Has a link sent to the account's address, at most one every two minutes. The answer is the same, "
    "and takes the same time, whether there is such an account or not.",
    "response_description": "If there is such an account, a letter is on its way.",
    "request_examples": {"ada": {"email": "ada@example.org"}},
}
RESET_PASSWORD: Operation = {
    "summary": "Choose a new password",
    "description": "With the token of the link that came by mail, which works once, for an hour. All sessions end.",
    "response_description": "The password is changed; sign in with it.",
    "request_examples": {"link": {"token": "q1b0u4…", "password": "staple battery horse"}},
}
