"""Texts on moderating and administering."""

from docs._shapes import Operation, Tag
from docs.events import EVENT
from docs.users import USER

TAG: Tag = {"name": "admin", "description": "The queue for moderators; people and their roles for admins."}

QUEUE: Operation = {
    "summary": "Read the queue",
    "description": "The events that wait for a decision, the longest waiting first; `approval` shows others.",
    "response_description": "A stretch of the list.",
    "answer_example": {"items": [{**EVENT, "approval": "unapproved"}], "next_cursor": None},
}
DECIDE: Operation = {
    "summary": "Decide on an event",
    "description": "Takes it out of the queue. Deciding twice is a conflict: whoever came first has decided.",
    "response_description": "The event as it is now.",
    "request_examples": {
        "approve": {"decision": "approved"},
        "deny": {"decision": "denied", "reason": "The place does not exist."},
    },
    "answer_example": EVENT,
}
USERS: Operation = {
    "summary": "List people",
    "description": "All accounts, newest first, or those of one role.",
    "response_description": "A stretch of the list.",
    "answer_example": {"items": [USER], "next_cursor": None},
}
CHANGE_USER: Operation = {
    "summary": "Change somebody's role or suspension",
    "description": "A merge patch (RFC 7396). A suspended person is signed out at once and cannot sign in.",
    "response_description": "The account as it is now.",
    "request_examples": {"promote": {"role": "moderator"}, "suspend": {"suspended": True}},
    "answer_example": {**USER, "role": "moderator", "version": 2},
}
