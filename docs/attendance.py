"""Texts on taking part."""

from docs._shapes import Operation, Tag
from docs.events import EVENT

TAG: Tag = {
    "name": "attendance",
    "description": "Taking part in events: a seat while there are any, then a place on the waiting list. When a seat "
    "frees or the event grows, who has waited longest gets it and is told by mail.",
}

_SEAT = {"state": "attending", "position": None}
_PLACE = {"state": "waiting", "position": 3}
_ATTENDEE = {
    "user_id": "0b6f6c0e-54a5-4d39-a3e0-6a0a5b4d4c11",
    "first_name": "Ada",
    "last_name": "Lovelace",
    "state": "attending",
    "joined_at": "2026-11-22T10:00:00Z",
}

ATTEND: Operation = {
    "summary": "Attend an event",
    "description": "Takes a seat, or the last place on the waiting list when every seat is taken. Repeating it changes "
    "nothing and tells where you stand.",
    "response_description": "Where you stand.",
    "answer_example": _PLACE,
}
STANDING: Operation = {
    "summary": "Read where I stand",
    "description": "Whether you attend, or at which place of the waiting list you are.",
    "response_description": "Where you stand.",
    "answer_example": _SEAT,
}
LEAVE: Operation = {
    "summary": "Attend no longer",
    "description": "Gives the seat to whoever has waited longest, or takes you off the waiting list. Repeating it "
    "changes nothing.",
    "response_description": "You take no part.",
}
ATTENDEES: Operation = {
    "summary": "List who attends and who waits",
    "description": "For the event's creator and staff: who attends, then who waits, each in the order of arrival. "
    "With `Accept: text/csv` or `format=csv` the whole list comes as a table; a cell that a spreadsheet would take "
    "for a formula is given a leading apostrophe.",
    "response_description": "A stretch of the list.",
    "answer_example": {"items": [_ATTENDEE], "next_cursor": None},
}
MINE: Operation = {
    "summary": "List what I attend or wait for",
    "description": "The latest joined first.",
    "response_description": "A stretch of the list.",
    "answer_example": {
        "items": [
            {
                "event_id": EVENT["id"],
                "state": "attending",
                "joined_at": "2026-11-22T10:00:00Z",
                "event": EVENT,
            }
        ],
        "next_cursor": None,
    },
}
SAVED: Operation = {
    "summary": "List what I have saved",
    "description": "The latest first.",
    "response_description": "A stretch of the list.",
    "answer_example": {
        "items": [{"event_id": EVENT["id"], "saved_at": "2026-11-22T10:00:00Z", "event": EVENT}],
        "next_cursor": None,
    },
}
SAVE: Operation = {
    "summary": "Save an event",
    "description": "Keeps it in your list, without taking part. Repeating it changes nothing.",
    "response_description": "It is saved.",
}
UNSAVE: Operation = {
    "summary": "Save an event no longer",
    "description": "Repeating it changes nothing.",
    "response_description": "It is not saved.",
}
