"""Events as linked data in the words of schema.org, for search engines and whoever reads JSON-LD."""

from typing import Any
from zoneinfo import ZoneInfo

import orjson

from config.main import settings
from models.events import Event, Status, Tag

_SCHEMA = "https://schema.org"


def of_event(event: Event) -> bytes:
    """The event as a `schema.org/Event`; it may stand inside a script element of a page as it is."""
    text = orjson.dumps({name: value for name, value in _described(event).items() if value not in (None, "", [])})
    for character in (b"<", b">", b"&"):
        text = text.replace(character, b"\\u%04x" % ord(character))
    return text


def _described(event: Event) -> dict[str, Any]:
    root, zone, place = settings.public_url.rstrip("/"), ZoneInfo(event.timezone), event.location
    off = event.status is Status.CANCELLED
    return {
        "@context": _SCHEMA,
        "@type": "Event",
        "@id": f"{root}/v1/events/{event.get_id()}",
        "identifier": event.get_id(),
        "url": f"{root}/v1/events/{event.get_id()}",
        "name": event.title,
        "description": event.description,
        "startDate": event.starts_at.astimezone(zone).isoformat(timespec="seconds"),
        "endDate": event.ends_at.astimezone(zone).isoformat(timespec="seconds"),
        "eventStatus": f"{_SCHEMA}/{'EventCancelled' if off else 'EventScheduled'}",
        "eventAttendanceMode": f"{_SCHEMA}/OfflineEventAttendanceMode",
        "location": {
            "@type": "Place",
            "name": place.title,
            "address": place.address or place.title,
            "geo": {"@type": "GeoCoordinates", "latitude": place.latitude, "longitude": place.longitude},
        },
        "image": [f"{root}/v1/images/{image_id}" for image_id in event.image_ids],
        "keywords": [tag.removesuffix("_event") for tag in event.tags],
        "isAccessibleForFree": Tag.PAID not in event.tags,
        "maximumAttendeeCapacity": event.max_capacity,
        "remainingAttendeeCapacity": max(0, event.max_capacity - event.attending_count),
        "aggregateRating": _rating(event),
    }


def _rating(event: Event) -> dict[str, Any] | None:
    if not event.rating_count:
        return None
    return {
        "@type": "AggregateRating",
        "ratingValue": event.rating_average,
        "ratingCount": event.rating_count,
        "bestRating": 5,
        "worstRating": 1,
    }
