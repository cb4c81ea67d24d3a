"""Distances on the globe, and the index-friendly circles around what is looked for."""

import math
from typing import Any

from models.event_queries import EARTH_RADIUS_M, Box, Position

STORE_RADIUS_M = 6_378_100.0  # what MongoDB multiplies angles by
_HALF_TURN_M = math.pi * EARTH_RADIUS_M
_WIDE = 180.0
POINT = "location.point"


def distance_m(here: Position, there: Position) -> float:
    """Metres along the great circle.

    Source: the angle between two vectors as atan2(|a x b|, a · b), exact also for neighbours and antipodes.
    """
    a, b = _vector(here), _vector(there)
    cross = (a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])
    return EARTH_RADIUS_M * math.atan2(math.hypot(*cross), sum(x * y for x, y in zip(a, b, strict=True)))


def _vector(place: Position) -> tuple[float, float, float]:
    latitude, longitude = math.radians(place.latitude), math.radians(place.longitude)
    flat = math.cos(latitude)
    return flat * math.cos(longitude), flat * math.sin(longitude), math.sin(latitude)


def to_store(metres: float) -> float:
    """The same angle in the metres of the store."""
    return metres / EARTH_RADIUS_M * STORE_RADIUS_M


def from_store(metres: float) -> float:
    """The same angle in our metres."""
    return metres / STORE_RADIUS_M * EARTH_RADIUS_M


def geojson(place: Position) -> dict[str, Any]:
    """A GeoJSON point."""
    return {"type": "Point", "coordinates": [place.longitude, place.latitude]}


def within(place: Position, radius_m: float) -> dict[str, Any]:
    """The condition that a point lies in a circle; none for the whole globe."""
    if radius_m >= _HALF_TURN_M - 1:
        return {}
    return {POINT: {"$geoWithin": {"$centerSphere": [[place.longitude, place.latitude], radius_m / EARTH_RADIUS_M]}}}


def inside(box: Box) -> dict[str, Any]:
    """The exact condition that a point lies in a box; the poles have every longitude, 180° E is 180° W."""
    latitude, longitude = f"{POINT}.coordinates.1", f"{POINT}.coordinates.0"
    across = [{longitude: {"$gte": box.west}}, {longitude: {"$lte": box.east}}]
    sides: list[dict[str, Any]] = across if box.west > box.east else [{"$and": across}]
    sides += [{longitude: -edge} for edge in (box.west, box.east) if abs(edge) == 180]  # noqa: PLR2004  # half a turn
    sides += [{latitude: pole} for pole in (-90, 90)]
    return {"$and": [{latitude: {"$gte": box.south, "$lte": box.north}}, {"$or": sides}]}


def around(box: Box) -> tuple[Position, float] | None:
    """The circle through the corners of a box, its centre and radius; None for boxes wider than half the globe."""
    width = (box.east - box.west) % 360
    if width >= _WIDE or (width == 0 and box.east != box.west):
        return None
    middle = (box.west + width / 2 + 180) % 360 - 180
    centre = Position((box.south + box.north) / 2, middle)
    corners = [Position(latitude, box.west) for latitude in (box.south, box.north)]
    return centre, max(distance_m(centre, corner) for corner in corners) * (1 + 1e-9) + 1
