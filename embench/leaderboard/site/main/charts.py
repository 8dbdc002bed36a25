"""The chart of error and cost of the main page, as SVG."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from embench.leaderboard.site.main.rows import cost_text
from embench.leaderboard.site.scores import KINDS
from embench.web.svg import Axis, Box, element, free_places, marker, text_width, ticks
from embench.web.wording import number

if TYPE_CHECKING:
    from markupsafe import Markup

    from embench.leaderboard.board.documents import BoardDocument, ProtocolSection
    from embench.schema.documents import Interval

_DURATIONS = (
    (1 / 3.6e6, "1 ms"),
    (1 / 3600, "1 s"),
    (1 / 60, "1 min"),
    (1.0, "1 h"),
    (24.0, "1 day"),
    (720.0, "30 days"),
    (8760.0, "1 year"),
)
WIDEST = 1.3
"""A system far worse than the training median would flatten the rest: the axis ends at this multiple of its error, and
the system stands at the edge.
"""
_FONT = 13.0
_MEDIAN = "training median"


@dataclass(frozen=True)
class CostPoint:
    """A system in the chart of error and cost; `hours` is None where its whole cost is not known."""

    slug: str
    name: str
    number: int
    kind: str
    mae: Interval
    hours: float | None
    text: str


def cost_points(content: BoardDocument, section: ProtocolSection) -> list[CostPoint]:
    """Return the systems of a protocol by rank, with what they cost on it."""
    return [
        CostPoint(
            slug=row["slug"],
            name=content["submissions"][row["slug"]]["name"],
            number=place,
            kind=content["submissions"][row["slug"]]["kind"],
            mae=mae,
            hours=row["cost"]["total"],
            text=cost_text(row["cost"], content["submissions"][row["slug"]]["hardware"]),
        )
        for place, row in enumerate(section["rows"], start=1)
        if (mae := row["metrics"]["mae"]) is not None and mae["value"] is not None
    ]


def cost_chart(content: BoardDocument, section: ProtocolSection, *, width: int, named: bool) -> Markup:
    """Return MAE over device-hours; systems whose cost nobody has reported stand in the margin at the right.

    Points carry the names of their systems (`named`), or their line in the table, for narrow pages.
    """
    points = cost_points(content, section)
    height, left, top, bottom = 400 if named else 330, 52.0, 16.0, 46.0
    margin = 0.24 * width if named else 0.2 * width
    reference = section["reference"].get("mae")
    known = [point.hours for point in points if point.hours]
    high = WIDEST * (reference or max(_value(point) for point in points))
    y = Axis(0.0, high, height - bottom, top)
    inner = width - margin - 18.0
    x = Axis(min(known, default=0.01) / 3, max(known, default=1.0) * 3, left + 8, inner - 8, log=True)
    spots = _spots(points, x, y, (inner + 34.0, width - 14.0))
    drawn = [_drawn_in(point, spot, y) for point, spot in zip(points, spots, strict=True)]
    label = None if reference is None else median_place(y.place(reference), left, inner, drawn)
    parts = [*_frame(x, y, left, inner, width, height - bottom, top), *median_line(reference, y, left, width, label)]
    size = 13.0 if named else 11.0
    for point, (at, level) in zip(points, spots, strict=True):
        parts += _point(point, at, level, y, size)
    within = Box(left + 2, top, width - 2.0, height - bottom - 2)
    parts += _labels(points, spots, within, named=named, taken=[] if label is None else [label])
    title = f"Mean absolute error over device time on the protocol {section['title'].lower()}"
    return element("svg", *parts, viewBox=f"0 0 {width} {height + 8}", role="img", aria_label=title, class_="chart")


def _value(point: CostPoint) -> float:
    assert point.mae["value"] is not None, "points have a score"
    return point.mae["value"]


def _spots(points: Sequence[CostPoint], x: Axis, y: Axis, margin: tuple[float, float]) -> list[tuple[float, float]]:
    """Return where each point is; those of unknown cost are spread over the margin, left to right by rank."""
    unknown = [point for point in points if not point.hours]
    step = (margin[1] - margin[0]) / max(1, len(unknown))
    found = []
    for point in points:
        at = x.place(point.hours) if point.hours else margin[0] + step * (unknown.index(point) + 0.5)
        found.append((at, y.place(min(_value(point), y.high))))
    return found


def _frame(x: Axis, y: Axis, left: float, inner: float, width: float, bottom: float, top: float) -> Iterator[Markup]:
    for value in ticks(0.0, y.high):
        at = y.place(value)
        yield element("line", x1=left, x2=float(width), y1=at, y2=at, class_="grid")
        yield element("text", f"{value:g}", x=left - 8, y=at + 4, text_anchor="end", class_="tick")
    shown = [(hours, text) for hours, text in _DURATIONS if x.low <= hours <= x.high]
    for hours, text in shown:
        at = x.place(hours)
        yield element("line", x1=at, x2=at, y1=bottom, y2=bottom + 5, class_="axis-line")
        yield element("text", text, x=at, y=bottom + 19, text_anchor="middle", class_="tick")
    yield element("line", x1=left, x2=inner, y1=bottom, y2=bottom, class_="axis-line")
    yield element("rect", x=inner + 14, y=top, width=width - inner - 14, height=bottom - top, class_="margin")
    middle = (inner + 14 + width) / 2
    text = "cost unknown" if text_width("cost unknown", 12.0) < width - inner - 14 else "unknown"
    yield element("text", text, x=middle, y=bottom + 19, text_anchor="middle", class_="tick")
    yield element("text", "device time for this protocol", x=(left + inner) / 2, y=bottom + 40, text_anchor="middle")
    yield element("text", "MAE (eV)", x=0, y=0, transform=f"translate(13 {(top + bottom) / 2:.0f}) rotate(-90)",
                  text_anchor="middle")  # fmt: skip


def _drawn_in(point: CostPoint, spot: tuple[float, float], axis: Axis) -> Box:
    """Return what the mark of a system and its interval cover."""
    x, y = spot
    ends = [axis.place(min(end, axis.high)) for end in (point.mae["low"], point.mae["high"]) if end is not None]
    return Box(x - 8, min(y - 8, *ends, y), x + 8, max(y + 8, *ends, y))


def median_place(level: float, left: float, right: float, drawn: Sequence[Box]) -> Box:
    """Return where the name of the median's line stands: above it, the leftmost place that covers nothing drawn."""
    width = text_width(_MEDIAN, 12.0)
    steps = range(max(1, int(right - width - left - 6)))
    places = [Box(left + 6 + step, level - 18, left + 6 + step + width, level - 2) for step in steps]
    return next((place for place in places if not any(place.meets(box) for box in drawn)), places[0])


def median_line(reference: float | None, y: Axis, left: float, right: float, label: Box | None) -> Iterator[Markup]:
    """Yield the line of the training median and its name."""
    if reference is None or label is None:
        return
    at = y.place(reference)
    yield element("line", x1=left, x2=float(right), y1=at, y2=at, class_="median")
    yield element("text", _MEDIAN, x=label.left, y=at - 5, class_="tick")


def _point(point: CostPoint, x: float, y: float, axis: Axis, size: float) -> Iterator[Markup]:
    """Yield the interval and the mark of a system, which leads to its page."""
    kind = KINDS[point.kind]
    low, high = point.mae["low"], point.mae["high"]
    inside = _value(point) <= axis.high
    shapes = []
    if low is not None and high is not None and inside:
        ends = axis.place(min(high, axis.high)), axis.place(max(low, axis.low))
        shapes.append(
            element("line", x1=x, x2=x, y1=ends[0], y2=ends[1], class_="whisker", stroke=f"var({kind.colour})")
        )
    shapes.append(marker(kind.symbol, x, y, size, fill=f"var({kind.colour})", class_="mark"))
    if not inside:
        shapes.append(element("text", "↑", x=x, y=y - 8, text_anchor="middle", class_="tick"))
    told = f"{point.name}: MAE {number(point.mae['value'])} eV; {point.text}"
    yield element("g", element("title", told), *shapes)


def _labels(
    points: Sequence[CostPoint],
    spots: Sequence[tuple[float, float]],
    within: Box,
    *,
    named: bool,
    taken: Iterable[Box],
) -> Iterator[Markup]:
    """Yield the names of the points where they cover neither a point nor each other, with a line to the point."""
    size = _FONT if named else 12.0
    texts = [_short(point.name) if named else str(point.number) for point in points]
    taken = [*taken, *(Box(x - 8, y - 8, x + 8, y + 8) for x, y in spots)]
    sizes = [(text_width(text, size) + 4, size + 3) for text in texts]
    places = free_places(spots, sizes, taken=taken, within=within)
    for text, point, (x, y), box in zip(texts, points, spots, places, strict=True):
        middle = (box.top + box.bottom) / 2
        edge = min(max(x, box.left), box.right)
        if abs(edge - x) + abs(middle - y) > 22:
            yield element("line", x1=x, y1=y, x2=edge, y2=middle, class_="leader")
        yield element("text", text, x=box.left + 2, y=box.bottom - 4, class_="name", font_size=size,
                      data_slug=point.slug)  # fmt: skip


def _short(name: str, most: int = 24) -> str:
    return name if len(name) <= most else f"{name[: most - 1]}…"
