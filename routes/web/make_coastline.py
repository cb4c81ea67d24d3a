# ruff: noqa: INP001  # a script beside the file that it makes, not a part of the service
"""Makes static/coastline.json out of Natural Earth's 1:10m land (public domain), as the npm package world-atlas has it.

npm pack world-atlas@2.0.2 && tar xzf world-atlas-2.0.2.tgz
python routes/web/make_coastline.py package/land-10m.json
"""

import json
import math
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

Point = tuple[float, float]  # longitude and latitude, in degrees

SOURCE = "Natural Earth 1:10m land, version 4.1.0, public domain; from the npm package world-atlas 2.0.2"
TOLERANCE = 0.01  # degrees that a simplified line may be off: about a kilometre
GRID = 0.005  # degrees that one step in the file stands for
SMALLEST_KM2 = 2.0  # islands below are left out
KM_PER_DEGREE = 111.2


def rings(topology: dict[str, Any]) -> Iterator[list[Point]]:
    """The outlines of all land, out of TopoJSON's shared, quantized, delta-encoded arcs."""
    arcs = [_arc(steps, topology["transform"]) for steps in topology["arcs"]]
    for geometry in topology["objects"]["land"]["geometries"]:
        for polygon in geometry["arcs"]:
            for indexes in polygon:
                parts = [arcs[index] if index >= 0 else arcs[~index][::-1] for index in indexes]
                yield [point for part in parts for point in part[1:]] + [parts[0][1]]


def _arc(steps: list[list[int]], transform: dict[str, list[float]]) -> list[Point]:
    (scale_x, scale_y), (left, bottom) = transform["scale"], transform["translate"]
    x = y = 0
    points = []
    for step_x, step_y in steps:
        x, y = x + step_x, y + step_y
        points.append((x * scale_x + left, y * scale_y + bottom))
    return points


def area_km2(ring: list[Point]) -> float:
    """The area that a ring encloses, on a plane touching its first point: good enough to tell islets."""
    doubled = sum(x * other_y - other_x * y for (x, y), (other_x, other_y) in pairwise(ring))
    return abs(doubled) / 2 * KM_PER_DEGREE**2 * math.cos(math.radians(ring[0][1]))


def simplified(line: list[Point]) -> list[Point]:
    """Fewer points, none of the line further than TOLERANCE off (Douglas and Peucker, 1973)."""
    kept = {0, len(line) - 1}
    open_spans = [(0, len(line) - 1)]
    while open_spans:
        first, last = open_spans.pop()
        furthest = max(range(first + 1, last), key=lambda at: _distance(line[at], line[first], line[last]), default=0)
        if furthest and _distance(line[furthest], line[first], line[last]) > TOLERANCE:
            kept.add(furthest)
            open_spans += [(first, furthest), (furthest, last)]
    return [line[at] for at in sorted(kept)]


def _distance(point: Point, start: Point, end: Point) -> float:
    """From a point to a segment."""
    (x, y), (x1, y1), (x2, y2) = point, start, end
    length_2 = (x2 - x1) ** 2 + (y2 - y1) ** 2
    along = ((x - x1) * (x2 - x1) + (y - y1) * (y2 - y1)) / length_2 if length_2 else 0.0
    along = min(1.0, max(0.0, along))
    return math.hypot(x - x1 - along * (x2 - x1), y - y1 - along * (y2 - y1))


def encoded(ring: list[Point]) -> str:
    """The steps from point to point on the grid, each number in as few characters as it needs.

    Source: Google's Encoded Polyline Algorithm Format, with longitude first and GRID as the unit.
    """
    steps = [(round(x / GRID), round(y / GRID)) for x, y in ring]
    numbers = list(steps[0])
    for (x, y), (next_x, next_y) in pairwise(steps):
        if (x, y) != (next_x, next_y):
            numbers += [next_x - x, next_y - y]
    return "".join(_characters(number) for number in numbers)


def _characters(number: int) -> str:
    rest = ~(number << 1) if number < 0 else number << 1
    characters = ""
    while rest >> 5:
        characters += chr((0x20 | (rest & 0x1F)) + 63)
        rest >>= 5
    return characters + chr(rest + 63)


def main(path: str) -> None:
    """Write the file beside this one."""
    topology = json.loads(Path(path).read_text(encoding="utf-8"))
    outlines = [encoded(simplified(ring)) for ring in rings(topology) if area_km2(ring) >= SMALLEST_KM2]
    made = {"source": SOURCE, "grid": GRID, "rings": outlines}
    target = Path(__file__).parent / "static" / "coastline.json"
    target.write_text(json.dumps(made, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
