"""Texts on the API as a whole, and on what it says of itself."""

from docs._shapes import Operation, Tag

SUMMARY = "Community events: publish them, find them, take part."
DESCRIPTION = """\
People register, publish events with a place and a time, and moderators approve them. Everybody finds them by place,
date, tag and words, attends them, and leaves feedback.

The same contract in two shapes: [to try out](/docs) · [to read](/redoc). For programs: [openapi.json](/openapi.json).

### Conventions

**Signing in.** `POST /v1/auth/login` gives an access token; send it as `Authorization: Bearer …`. On
[the page to try out](/docs), *Authorize* does that for you. `x-policy` says who may call an operation: `anyone`,
`user`, `moderator` or `admin`.

**Refusals** are problem documents (`application/problem+json`, RFC 9457). Rely on `type`: each is
[explained on a page](/problems). With 422, `errors` names each fault by a JSON pointer. Unknown fields are refused.

**Lists** are `{"items": […], "next_cursor": …}`. Send `next_cursor` back as `cursor`, or follow the `Link` header,
until it is null. Cursors are opaque; pages neither repeat nor skip what was there throughout.

**Changes.** A single resource carries an `ETag`. Send it back as `If-None-Match` to learn that nothing changed (304),
or as `If-Match` to change only what you have seen (412 when somebody was faster). `PATCH` is a merge patch (RFC 7396):
absent fields stay, null empties.

**Once only.** Every `POST` that creates takes an `Idempotency-Key`: sent again with the same body within 24 hours, it
answers as it did the first time.

**Limits.** Answers carry `RateLimit-Policy` and `RateLimit`. 429 says in `Retry-After` when to come back, and so does
503, when the store is away.

**Times** carry an offset when they come in, and leave in UTC with `Z`. **Places** are latitude and longitude in degrees
(WGS 84). **Identifiers** are opaque text.
"""
LICENCE = {"name": "MIT License", "identifier": "MIT"}
CONTACT = {"name": "The people who run this service"}
BEARER = "The access token that signing in gives. `username` is the e-mail address; leave the client fields empty."

TAG: Tag = {
    "name": "service",
    "description": "What the service says of itself: where things are, and its problem types.",
}

KINDS = {
    "sport_event": "Sport",
    "food_event": "Food",
    "art_event": "Art",
    "music_event": "Music",
    "meeting_event": "Meeting",
    "class_event": "Class",
    "paid_event": "Paid",
}

_PROBLEM_TYPE = {
    "type": "/problems/event-over",
    "title": "The event is over or cancelled",
    "status": 409,
    "description": "The event has ended or was cancelled.",
}

ROOT: Operation = {
    "summary": "What is this?",
    "description": "The name and version of the service, and where to go on. A browser gets a page with the coming "
    "events on a map instead.",
    "response_description": "What answers here.",
    "answer_example": {
        "name": "Underline API",
        "version": "1.0.0",
        "links": {"events": "/v1/events", "openapi": "/openapi.json", "docs": "/docs"},
    },
}
PROBLEMS: Operation = {
    "summary": "List the problem types",
    "description": "Every `type` that a problem document can have, by status code. A browser gets a page instead.",
    "response_description": "All of them.",
    "answer_example": {"items": [_PROBLEM_TYPE]},
}
PROBLEM: Operation = {
    "summary": "Read one problem type",
    "description": "What the `type` of a problem document stands for. A browser gets a page instead.",
    "response_description": "What it means.",
    "answer_example": _PROBLEM_TYPE,
}
