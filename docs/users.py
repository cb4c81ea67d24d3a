"""Texts on people."""

from docs._shapes import Operation, Tag
from docs.events import EVENT

TAG: Tag = {"name": "users", "description": "People: registering, one's own account, public profiles."}

USER = {
    "id": "0b6f6c0e-54a5-4d39-a3e0-6a0a5b4d4c11",
    "first_name": "Ada",
    "last_name": "Lovelace",
    "email": "ada@example.org",
    "email_verified": False,
    "role": "user",
    "suspended": False,
    "image_id": None,
    "links": ["https://example.org/ada"],
    "language": "en",
    "created_at": "2026-11-22T10:00:00Z",
    "updated_at": "2026-11-22T10:00:00Z",
    "version": 1,
}
_FORM = {
    "first_name": "Ada",
    "last_name": "Lovelace",
    "email": "ada@example.org",
    "password": "correct horse battery",
}

REGISTER: Operation = {
    "summary": "Register",
    "description": "Makes an account. Everybody may; nobody becomes a moderator or an admin this way.",
    "response_description": "The account; its address is in `Location`.",
    "request_examples": {"ada": _FORM},
    "answer_example": USER,
}
READ_ME: Operation = {
    "summary": "Read my account",
    "description": "The account behind the access token.",
    "response_description": "The account.",
    "answer_example": USER,
}
CHANGE_ME: Operation = {
    "summary": "Change my account",
    "description": "A merge patch (RFC 7396): what is absent stays. `image_id` names an image that you uploaded; null "
    "takes it off.",
    "response_description": "The account as it is now.",
    "request_examples": {"links": {"links": ["https://example.org/ada"]}, "no picture": {"image_id": None}},
    "answer_example": USER,
}
CHANGE_PASSWORD: Operation = {
    "summary": "Change my password",
    "description": "Needs the current one. All other sessions of mine end.",
    "request_examples": {
        "ada": {"current_password": "correct horse battery", "new_password": "staple battery horse"},
    },
}
CHANGE_ADDRESS: Operation = {
    "summary": "Change my e-mail address",
    "description": "Sends a link to the new address, and word of it to the present one; the change happens when the "
    "link is opened. With the present address the first link is sent again. Whether another account has the new "
    "address is not told here.",
    "response_description": "Letters are on their way.",
    "request_examples": {"new": {"email": "lovelace@example.org", "password": "correct horse battery"}},
}
ERASE_ME: Operation = {
    "summary": "Erase my account",
    "description": "For good, and at once. My events are called off and stay without a name, and so does what I said "
    "of others' events; my images, sessions, places and letters go. It wants the password in the body, or a session "
    "that was opened in the last ten minutes.",
    "response_description": "Everything is gone.",
    "request_examples": {"proof": {"password": "correct horse battery"}},
}
EXPORT_ME: Operation = {
    "summary": "Take all my data with me",
    "description": "A ZIP archive: `account.json`, a JSON list each of my `sessions`, `events`, `attendance`, "
    "`feedback`, `letters`, `links`, `images` and of what the `audit` log tells of me, and my images as they are kept.",
    "response_description": "The archive.",
    "answer_content": {"application/zip": {"schema": {"type": "string", "contentMediaType": "application/zip"}}},
}
READ_PROFILE: Operation = {
    "summary": "Read somebody's public profile",
    "description": "What everybody may know of a person: no address, no role.",
    "response_description": "The profile.",
    "answer_example": {key: USER[key] for key in ("id", "first_name", "last_name", "image_id", "links")},
}
MY_EVENTS: Operation = {
    "summary": "List my events",
    "description": "The events that I published, whatever their approval and status, soonest first.",
    "response_description": "A stretch of the list.",
    "answer_example": {"items": [EVENT], "next_cursor": None},
}
