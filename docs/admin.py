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
AUDIT: Operation = {
    "summary": "Read the audit log",
    "description": "What staff changed, and what anybody changed of other people's, newest first: who, what, which "
    "fields, in which request; never what was written. An erased person appears under a pseudonym. Each record is "
    "chained to the one before by its hash; `manage.py check --audit` verifies the chain.",
    "response_description": "A stretch of the log.",
    "answer_example": {
        "items": [
            {
                "id": "6a5e0d0f-7f0e-4cb9-8b8e-0b2f8cb1f6a7",
                "seq": 1,
                "at": "2026-11-22T10:00:00Z",
                "actor_id": USER["id"],
                "action": "event.decided",
                "target_id": EVENT["id"],
                "fields": ["approval", "decision_reason"],
                "request_id": "7f0c9a52e2f04c0d",
                "hash": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            }
        ],
        "next_cursor": None,
    },
}
STATS: Operation = {
    "summary": "Read how much there is",
    "description": "Counts at a glance. Whole collections are counted by what the store knows of their size, which may "
    "be a little off after a crash; what waits is counted up to a bound. The cost is the same however much there is.",
    "response_description": "The counts.",
    "answer_example": {
        "users": 100_000,
        "events": 1_000_000,
        "attendance": 4_200_000,
        "feedback": 310_000,
        "sessions": 61_000,
        "audit_records": 12_000,
        "events_waiting": 17,
        "letters_waiting": 0,
        "counted_up_to": 1_000,
    },
}
