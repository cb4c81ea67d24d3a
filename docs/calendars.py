"""Texts on calendars."""

from docs._shapes import Operation, Tag

TAG: Tag = {
    "name": "calendars",
    "description": "Events for calendar programs (iCalendar, RFC 5545) and as linked data (schema.org). An entry keeps "
    "its UID; its SEQUENCE rises when title, time or place change or the event is cancelled. Subscribers send the "
    "`ETag` back and are answered 304 until something in it changes.",
}

_ICS = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Underline API//1.0.0//EN\r\nBEGIN:VEVENT\r\n"
    "UID:5f0c3f6e-7e1b-4b2b-9a54-1f3a0b1d2c3e\r\nDTSTAMP:20261122T100000Z\r\nSEQUENCE:0\r\n"
    "DTSTART;TZID=America/New_York:20270501T180000\r\nDTEND;TZID=America/New_York:20270501T190000\r\n"
    "SUMMARY:Sunset yoga\r\nLOCATION:Bayfront Park\r\nGEO:25.7753;-80.1861\r\nSTATUS:CONFIRMED\r\n"
    "END:VEVENT\r\nEND:VCALENDAR\r\n"
)
_CALENDAR = {"text/calendar": {"schema": {"type": "string"}, "example": _ICS}}

EVENTS: Operation = {
    "summary": "Subscribe to a list of events",
    "description": "The list of events with the same filters, as a calendar of up to 100 entries. Where there are "
    "more, the calendar's description says so, and `Link` leads on.",
    "response_description": "The calendar.",
    "answer_content": _CALENDAR,
}
EVENT: Operation = {
    "summary": "Read an event as a calendar",
    "description": "For whoever may read the event; a cancelled one says so.",
    "response_description": "A calendar with one entry.",
    "answer_content": _CALENDAR,
}
LINKED_DATA: Operation = {
    "summary": "Read an event as linked data",
    "description": "A schema.org Event in JSON-LD, for whoever may read the event. It may be put into a script element "
    "of a page as it is.",
    "response_description": "The event in the words of schema.org.",
    "answer_content": {
        "application/ld+json": {
            "schema": {"type": "object"},
            "example": {
                "@context": "https://schema.org",
                "@type": "Event",
                "name": "Sunset yoga",
                "startDate": "2027-05-01T18:00:00-04:00",
            },
        }
    },
}
OPEN: Operation = {
    "summary": "Make a calendar of what I attend",
    "description": "Gives the secret address of a calendar with the events that you attend or wait for. It needs no "
    "token: whoever knows the address reads the calendar. It is told only now; asking again gives a new one, and the "
    "one before opens no longer.",
    "response_description": "The address.",
    "answer_example": {
        "url": "https://api.example.org/v1/calendars/9n7Qv0yL3mJx5cT1zR8wKfHd2sBgUeVa.ics",
        "created_at": "2026-11-22T10:00:00Z",
    },
}
CLOSE: Operation = {
    "summary": "Revoke the address of my calendar",
    "description": "It opens no longer. Repeating it changes nothing.",
    "response_description": "It is revoked.",
}
FEED: Operation = {
    "summary": "Subscribe to my calendar",
    "description": "What the person behind this secret address attends (confirmed) or waits for (tentative), up to 500 "
    "entries, the latest joined.",
    "response_description": "The calendar.",
    "answer_content": _CALENDAR,
}
