"""Events as GeoJSON (RFC 7946): longitude first."""

from collections.abc import Sequence
from typing import Any, Literal, Self

from pydantic import Field

from models.commons import Output, Page
from models.events import Event, EventRead, Point

# Boxes that cross the antimeridian have their west east of their east (RFC 7946, section 5.2).
Box = tuple[float, float, float, float]


class Feature(Output):
    """One event: its place, and the rest of it as properties."""

    type: Literal["Feature"] = "Feature"
    id: str
    geometry: Point
    properties: dict[str, Any]

    @classmethod
    def of_event(cls, event: Event) -> Self:
        """The feature of an event."""
        properties = EventRead.model_validate(event).model_dump(mode="json", by_alias=True, exclude={"id"})
        return cls(id=event.get_id(), geometry=event.location.point, properties=properties)


class FeatureCollection(Output):
    """A stretch of a list of events; `next_cursor` is a foreign member (RFC 7946, section 6.1)."""

    type: Literal["FeatureCollection"] = "FeatureCollection"
    bbox: Box | None = Field(default=None, exclude_if=lambda box: box is None)
    features: list[Feature]
    next_cursor: str | None

    @classmethod
    def of_page(cls, page: Page[Event]) -> Self:
        """The features of a page, and the box around them."""
        features = [Feature.of_event(event) for event in page.items]
        return cls(
            bbox=box_around([feature.geometry.coordinates for feature in features]) if features else None,
            features=features,
            next_cursor=page.next_cursor,
        )


def box_around(points: Sequence[tuple[float, float]]) -> Box:
    """The smallest box that holds the points, west, south, east, north; across the antimeridian if that is smaller."""
    longitudes = sorted({longitude for longitude, _ in points})
    latitudes = [latitude for _, latitude in points]
    following = [*longitudes[1:], longitudes[0] + 360]
    # What the box leaves out is the widest stretch without a point; of equally wide ones the one over the antimeridian.
    _, place = max((east - west, place) for place, (west, east) in enumerate(zip(longitudes, following, strict=True)))
    return longitudes[(place + 1) % len(longitudes)], min(latitudes), longitudes[place], max(latitudes)
