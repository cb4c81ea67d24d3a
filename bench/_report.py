"""The table and the picture of a run."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

COLUMNS = (
    "scenario",
    "events",
    "req/s",
    "p50 ms",
    "p99 ms",
    "CPU µs",
    "floor req/s",
    "floor CPU µs",
    "ratio",
    "target",
)
_ROW, _BAR, _LEFT = 26, 460, 190


@dataclass(frozen=True)
class Row:
    """What was measured of one scenario at one size."""

    scenario: str
    events: int
    per_second: float
    p50_ms: float
    p99_ms: float
    cpu_us: float
    floor_per_second: float | None
    floor_cpu_us: float | None
    ratio: float | None
    target: float | None
    faults: int

    def cells(self) -> list[str]:
        """The row as text."""
        return [
            self.scenario + (f" ({self.faults} faults)" if self.faults else ""),
            f"{self.events:,}",
            f"{self.per_second:,.0f}",
            f"{self.p50_ms:.2f}",
            f"{self.p99_ms:.2f}",
            f"{self.cpu_us:,.0f}",
            *(f"{value:,.0f}" if value else "–" for value in (self.floor_per_second, self.floor_cpu_us)),
            *(f"{value:.2f}" if value else "–" for value in (self.ratio, self.target)),
        ]


def table(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table."""
    cells = [list(COLUMNS), *(row.cells() for row in rows)]
    widths = [max(len(line[index]) for line in cells) for index in range(len(COLUMNS))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in cells
    ]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([lines[0], rule, *lines[1:]])


def picture(rows: Sequence[Row], caption: str) -> str:
    """The ratios to the floor as a bar chart (SVG), each with its target as a tick."""
    shown = [row for row in rows if row.ratio is not None]
    height = _ROW * (len(shown) + 2)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_LEFT + _BAR + 70} {height}" '
        'font-family="system-ui, sans-serif" font-size="13">',
        f'<rect width="100%" height="100%" fill="#fff"/><text x="8" y="18">{escape(caption)}</text>',
        f'<line x1="{_LEFT + _BAR}" y1="{_ROW}" x2="{_LEFT + _BAR}" y2="{height - _ROW}" stroke="#bbb"/>',
        f'<text x="{_LEFT + _BAR}" y="{height - 8}" text-anchor="middle" fill="#777">the floor: 1.00</text>',
    ]
    for index, row in enumerate(shown):
        top, ratio = _ROW * (index + 1) + 4, row.ratio or 0.0
        good = row.target is None or ratio >= row.target
        name = f"{row.scenario}, {row.events:,}"
        parts.append(f'<text x="{_LEFT - 8}" y="{top + 14}" text-anchor="end">{escape(name)}</text>')
        parts.append(
            f'<rect x="{_LEFT}" y="{top}" width="{min(ratio, 1.1) * _BAR:.0f}" height="{_ROW - 8}" '
            f'fill="{"#2a7f62" if good else "#c0562f"}"/>'
        )
        parts.append(f'<text x="{_LEFT + 6}" y="{top + 14}" fill="#fff">{ratio:.2f}</text>')
        if row.target:
            at = _LEFT + row.target * _BAR
            parts.append(f'<line x1="{at:.0f}" y1="{top - 2}" x2="{at:.0f}" y2="{top + _ROW - 6}" stroke="#000"/>')
    return "\n".join([*parts, "</svg>\n"])
