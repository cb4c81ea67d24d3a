"""Texts on maps."""

from docs._shapes import Operation
from docs.events import EVENT

_FEATURE = {
    "type": "Feature",
    "id": EVENT["id"],
    "geometry": {"type": "Point", "coordinates": [-80.1861, 25.7753]},
    "properties": {name: value for name, value in EVENT.items() if name != "id"},
}
_NUMBERS = {"type": "array", "items": {"type": "number"}}
_SCHEMA = {
    "type": "object",
    "required": ["type", "features", "next_cursor"],
    "properties": {
        "type": {"const": "FeatureCollection"},
        "bbox": {**_NUMBERS, "minItems": 4, "maxItems": 4},
        "features": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["type", "id", "geometry", "properties"],
                "properties": {
                    "type": {"const": "Feature"},
                    "id": {"type": "string"},
                    "geometry": {
                        "type": "object",
                        "required": ["type", "coordinates"],
                        "properties": {"type": {"const": "Point"}, "coordinates": _NUMBERS},
                    },
                    "properties": {"type": "object", "description": "The event, without its id."},
                },
            },
        },
        "next_cursor": {"type": ["string", "null"]},
    },
}

EVENTS: Operation = {
    "summary": "Find events for a map",
    "description": "The list of events with the same filters, as a GeoJSON FeatureCollection (RFC 7946) of up to 500 "
    "features. `bbox` is the smallest box around them; where it crosses the antimeridian its west lies east of its "
    "east. Where there are more features, `next_cursor` and `Link` lead on.",
    "response_description": "The features.",
    "answer_content": {
        "application/geo+json": {
            "schema": _SCHEMA,
            "example": {
                "type": "FeatureCollection",
                "bbox": [-80.1861, 25.7753, -80.1861, 25.7753],
                "features": [_FEATURE],
                "next_cursor": None,
            },
        }
    },
}
