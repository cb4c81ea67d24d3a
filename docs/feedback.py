"""Texts on feedback."""

from docs._shapes import Operation, Tag

TAG: Tag = {"name": "feedback", "description": "What people say about events: a comment, and a rating if they like."}

FEEDBACK = {
    "id": "c1a7f0b8-3a47-4a0e-8a43-6f3c2ad0c1d9",
    "event_id": "5f0c3f6e-7e1b-4b2b-9a54-1f3a0b1d2c3e",
    "author_id": "0b6f6c0e-54a5-4d39-a3e0-6a0a5b4d4c11",
    "comment": "The best hour of my week.",
    "rating": 5,
    "created_at": "2027-05-02T08:00:00Z",
    "updated_at": "2027-05-02T08:00:00Z",
    "version": 1,
}

LEAVE: Operation = {
    "summary": "Leave feedback",
    "description": "One person leaves one piece of feedback on an event, and may change it.",
    "response_description": "The feedback; its address is in `Location`.",
    "request_examples": {"five stars": {"comment": "The best hour of my week.", "rating": 5}},
    "answer_example": FEEDBACK,
}
LIST: Operation = {
    "summary": "Read the feedback on an event",
    "description": "Newest first.",
    "response_description": "A stretch of the list.",
    "answer_example": {"items": [FEEDBACK], "next_cursor": None},
}
READ: Operation = {
    "summary": "Read one piece of feedback",
    "description": "It is there for whoever may see its event.",
    "response_description": "The feedback.",
    "answer_example": FEEDBACK,
}
CHANGE: Operation = {
    "summary": "Change my feedback",
    "description": "A merge patch (RFC 7396); a null rating takes the rating off.",
    "response_description": "The feedback as it is now.",
    "request_examples": {"on reflection": {"rating": 4}},
    "answer_example": {**FEEDBACK, "rating": 4, "version": 2},
}
DELETE: Operation = {
    "summary": "Remove feedback",
    "description": "Its author may, the event's creator, and staff.",
    "response_description": "It is gone.",
}
