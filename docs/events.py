"""Texts on events."""

from docs._shapes import Operation, Tag

TAG: Tag = {
    "name": "events",
    "description": "Events with a place and a time. They appear in lists once a moderator has approved them.",
}

EVENT = {
    "id": "5f0c3f6e-7e1b-4b2b-9a54-1f3a0b1d2c3e",
    "title": "Sunset yoga",
    "description": "An hour on the lawn; bring a mat.",
    "starts_at": "2027-05-01T22:00:00Z",
    "ends_at": "2027-05-01T23:00:00Z",
    "timezone": "America/New_York",
    "tags": ["sport_event", "class_event"],
    "location": {
        "title": "Bayfront Park",
        "address": "301 Biscayne Blvd",
        "latitude": 25.7753,
        "longitude": -80.1861,
    },
    "max_capacity": 40,
    "public": True,
    "links": ["https://example.org/yoga"],
    "image_ids": [],
    "creator_id": "0b6f6c0e-54a5-4d39-a3e0-6a0a5b4d4c11",
    "status": "active",
    "approval": "approved",
    "attending_count": 12,
    "waiting_count": 0,
    "feedback_count": 0,
    "rating_average": None,
    "created_at": "2026-11-22T10:00:00Z",
    "updated_at": "2026-11-22T10:00:00Z",
    "version": 3,
}
_FORM = {
    "title": "Sunset yoga",
    "description": "An hour on the lawn; bring a mat.",
    "starts_at": "2027-05-01T18:00:00-04:00",
    "ends_at": "2027-05-01T19:00:00-04:00",
    "timezone": "America/New_York",
    "tags": ["sport_event", "class_event"],
    "location": {"title": "Bayfront Park", "latitude": 25.7753, "longitude": -80.1861},
    "max_capacity": 40,
    "links": ["https://example.org/yoga"],
}

CREATE: Operation = {
    "summary": "Publish an event",
    "description": "It waits for the moderators, unless it is private or an admin's. Times carry an offset; images "
    "are uploaded first and named by their ids.",
    "response_description": "The event; its address is in `Location`.",
    "request_examples": {"yoga": _FORM},
    "answer_example": {**EVENT, "approval": "unapproved", "attending_count": 0, "version": 1},
}
LIST: Operation = {
    "summary": "Find events",
    "description": "What is public, approved and neither cancelled nor over, soonest first; around a place, nearest "
    "first. The parameters combine, and everything given must hold. Words are found whatever their case, accents and "
    "width, by their beginnings; by `relevance`, events with all of them in the title come before those with some, and "
    "these before the rest. Lists are given repeated (`tags=a&tags=b`) or separated by commas. Follow `next_cursor` "
    "(or the `Link` header) for more: no event comes twice, and none is left out that was there throughout.",
    "response_description": "A stretch of the list.",
    "answer_example": {"items": [EVENT], "next_cursor": None},
}
READ: Operation = {
    "summary": "Read an event",
    "description": "A private event opens by its id. One that is not approved opens for its creator and staff.",
    "response_description": "The event.",
    "answer_example": EVENT,
}
CHANGE: Operation = {
    "summary": "Change an event",
    "description": "A merge patch (RFC 7396), also within `location`. Send the `ETag` you read as `If-Match` so as "
    "not to overwrite another's change. An approved event whose title, description, place or images change goes back "
    "to the moderators, unless an admin changes it.",
    "response_description": "The event as it is now.",
    "request_examples": {
        "more seats": {"max_capacity": 60},
        "next door": {"location": {"title": "Maurice A. Ferré Park"}},
    },
    "answer_example": EVENT,
}
CANCEL: Operation = {
    "summary": "Cancel an event",
    "description": "It stays to be read, as cancelled. Repeating it changes nothing.",
    "response_description": "The event as it is now.",
    "answer_example": {**EVENT, "status": "cancelled"},
}
DELETE: Operation = {
    "summary": "Delete an event",
    "description": "Removes it for good, with its feedback. Cancel it instead to let people know.",
    "response_description": "It is gone.",
}
