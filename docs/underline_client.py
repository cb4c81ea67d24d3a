"""Texts on the older paths."""

from docs._shapes import Operation, Tag, file_form

TAG: Tag = {
    "name": "underline_client",
    "description": "The paths of the published Underline web client, kept for it alone; its session travels in a "
    "`token` header. New clients use `/v1`.",
}

_EVENT_ID = "5f0c3f6e-7e1b-4b2b-9a54-1f3a0b1d2c3e"
_USER_ID = "0b6f6c0e-54a5-4d39-a3e0-6a0a5b4d4c11"
_TOKEN = {"jwt": "eyJhbGciOiJIUzI1NiIs…"}
_EVENT = {
    "event_id": _EVENT_ID,
    "title": "Sunset yoga",
    "description": "An hour on the lawn; bring a mat.",
    "date_time_start": "2027-05-01T22:00:00.000000",
    "date_time_end": "2027-05-01T23:00:00.000000",
    "tags": ["sport_event"],
    "public": True,
    "location": {"title": "Bayfront Park", "latitude": 25.7753, "longitude": -80.1861},
    "max_capacity": 40,
    "links": [],
    "image_ids": [],
    "creator_id": _USER_ID,
    "approval": "approved",
    "status": "active",
}
_PERSON = {"first_name": "Ada", "last_name": "Lovelace", "email": "ada@example.org", "password": "correct horse"}

VALIDATE: Operation = {
    "summary": "Is the stored session still good?",
    "description": "See `GET /v1/users/me`.",
    "response_description": "It is.",
    "answer_example": {"done": True},
}
REGISTER: Operation = {
    "summary": "Sign up",
    "description": "See `POST /v1/users`. Nobody becomes an admin this way.",
    "response_description": "The session.",
    "request_examples": {"ada": _PERSON},
    "answer_example": _TOKEN,
}
LOGIN: Operation = {
    "summary": "Sign in",
    "description": "See `POST /v1/auth/login`.",
    "response_description": "The session.",
    "request_examples": {"ada": {"identifier": {"email": "ada@example.org"}, "password": "correct horse"}},
    "answer_example": _TOKEN,
}
FIND_USER: Operation = {
    "summary": "Read a profile",
    "description": "See `GET /v1/users/{id}`.",
    "response_description": "The person.",
    "request_examples": {"ada": {"user_id": _USER_ID}},
    "answer_example": {
        "user_id": _USER_ID,
        "user_type": "PUBLIC_USER",
        "first_name": "Ada",
        "last_name": "Lovelace",
        "image_id": "",
        "user_links": [],
        "events_visible": [_EVENT_ID],
    },
}
UPDATE_USER: Operation = {
    "summary": "Save my profile",
    "description": "See `PATCH /v1/users/me`.",
    "response_description": "It is saved.",
    "request_examples": {
        "ada": {"identifier": {"user_id": _USER_ID}, "user_links": ["https://example.org"], "image_id": ""}
    },
    "answer_example": {"done": True},
}
DELETE_USER: Operation = {
    "summary": "Delete an account",
    "description": "One's own, or as an admin anybody's. The body of this DELETE names it.",
    "response_description": "It is gone.",
    "request_examples": {"ada": {"user_id": _USER_ID}},
}
KEEP_EVENT: Operation = {
    "summary": "Keep an event in my profile",
    "description": "See `PUT /v1/users/me/saved/{event_id}`.",
    "response_description": "It is kept.",
    "request_examples": {"yoga": {"event_id": _EVENT_ID}},
    "answer_example": {"done": True},
}
REGISTER_EVENT: Operation = {
    "summary": "Publish an event",
    "description": "See `POST /v1/events`. Ends that were left alone, and capacities sent as text, are accepted here.",
    "response_description": "Its id.",
    "request_examples": {
        "yoga": {
            **{name: _EVENT[name] for name in ("title", "description", "tags", "public", "location", "links")},
            "date_time_start": "2027-05-01T22:00:00.000Z",
            "date_time_end": "2027-05-01T23:00:00.000Z",
            "max_capacity": "40",
            "image_ids": [],
            "creator_id": _USER_ID,
        }
    },
    "answer_example": {"event_id": _EVENT_ID},
}
READ_EVENT: Operation = {
    "summary": "Read an event",
    "description": "See `GET /v1/events/{id}`. Times are UTC without a zone mark.",
    "response_description": "The event.",
    "answer_example": _EVENT,
}
FIND_EVENTS: Operation = {
    "summary": "Read one page of a row of events",
    "description": "See `GET /v1/events`. Times come in moved back by 4 hours, and `limit` as a fraction.",
    "response_description": "The events, soonest first.",
    "request_examples": {"today": {"limit": 6.666666666666667, "index": 0}},
    "answer_example": {"events": [_EVENT]},
}
UPLOAD_IMAGE: Operation = {
    "summary": "Upload a picture",
    "description": "See `POST /v1/images`.",
    "response_description": "Its id.",
    "request_body": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": file_form(name={"type": "string", "description": "The file name; not looked at."})
            }
        },
    },
    "answer_example": {"image_id": "8c7f3d2a-1b0e-4f5a-9d6c-7e8f9a0b1c2d"},
}
READ_IMAGE: Operation = {
    "summary": "Read a picture",
    "description": "See `GET /v1/images/{id}`.",
    "response_description": "The picture.",
    "answer_content": {
        media_type: {"schema": {"type": "string", "contentMediaType": "application/octet-stream"}}
        for media_type in ("image/jpeg", "image/webp")
    },
}
QUEUE: Operation = {
    "summary": "Read the queue",
    "description": "See `GET /v1/admin/events`.",
    "response_description": "The events that wait for a decision.",
    "answer_example": {"events": [{**_EVENT, "approval": "unapproved"}]},
}
DECIDE: Operation = {
    "summary": "Decide on an event",
    "description": "See `POST /v1/admin/events/{id}/decision`. It changes state although it is a GET: that is what "
    "the published client sends, with the session in a header that no link or picture can carry.",
    "response_description": "It is decided.",
    "answer_example": {"done": True},
}
REGISTER_ADMIN: Operation = {
    "summary": "Make an admin",
    "description": "For admins alone. See `PATCH /v1/admin/users/{id}`.",
    "response_description": "The admin.",
    "request_examples": {"ada": _PERSON},
    "answer_example": {"done": True},
}
