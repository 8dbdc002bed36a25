"""The charts of the main page, as SVG: error against cost, the best error over time, what can be detected."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from embench.leaderboard.site.main.rows import cost_text
from embench.leaderboard.site.scores import KINDS
from embench.web.svg import Axis, Box, element, free_places, marker, text_width, ticks
from embench.web.wording import number

if TYPE_CHECKING:
    from markupsafe import Markup

    from embench.leaderboard.board.documents import BoardDocument, BoardRow, ProtocolSection
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
# A system far worse than the training median would flatten the rest: the axis ends here, and it stands at the edge.
_WIDEST = 1.3
_FONT = 13.0


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
    high = _WIDEST * (reference or max(_value(point) for point in points))
    y = Axis(0.0, high, height - bottom, top)
    inner = width - margin - 18.0
    x = Axis(min(known, default=0.01) / 3, max(known, default=1.0) * 3, left + 8, inner - 8, log=True)
    parts = [*_frame(x, y, left, inner, width, height - bottom, top), *_median(reference, y, left, width)]
    spots = _spots(points, x, y, (inner + 34.0, width - 14.0))
    size = 13.0 if named else 11.0
    for point, (at, level) in zip(points, spots, strict=True):
        parts += _point(point, at, level, y, size)
    parts += _labels(points, spots, Box(left + 2, top, width - 2.0, height - bottom - 2), named=named)
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
    yield element("text", "cost unknown", x=middle, y=bottom + 19, text_anchor="middle", class_="tick")
    yield element("text", "device time for this protocol", x=(left + inner) / 2, y=bottom + 40, text_anchor="middle")
    yield element("text", "MAE (eV)", x=0, y=0, transform=f"translate(13 {(top + bottom) / 2:.0f}) rotate(-90)",
                  text_anchor="middle")  # fmt: skip


def _median(reference: float | None, y: Axis, left: float, width: float) -> Iterator[Markup]:
    if reference is None:
        return
    at = y.place(reference)
    yield element("line", x1=left, x2=float(width), y1=at, y2=at, class_="median")
    yield element("text", "training median", x=left + 6, y=at - 5, class_="tick")


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
    points: Sequence[CostPoint], spots: Sequence[tuple[float, float]], within: Box, *, named: bool
) -> Iterator[Markup]:
    """Yield the names of the points where they cover neither a point nor each other, with a line to the point."""
    size = _FONT if named else 12.0
    texts = [_short(point.name) if named else str(point.number) for point in points]
    taken = [Box(x - 8, y - 8, x + 8, y + 8) for x, y in spots]
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


def progress_chart(content: BoardDocument, section: ProtocolSection, *, width: int) -> Markup | None:
    """Return the MAE of every system over its date, and the lowest so far as a line; None without a date."""
    dated = [
        (*_period(content["submissions"][row["slug"]]["date"]), row, mae["value"])
        for row in section["rows"]
        if (mae := row["metrics"]["mae"]) is not None and mae["value"] is not None
    ]
    if not dated:
        return None
    height, left, top, bottom = 250, 52.0, 14.0, 34.0
    reference = section["reference"].get("mae")
    high = _WIDEST * (reference or max(value for *_, value in dated))
    first, last = min(start for start, *_ in dated), max(end for _, end, *_ in dated)
    spare = max(30.0, 0.06 * (last - first))
    x, y = Axis(first - spare, last + spare, left, width - 14.0), Axis(0.0, high, height - bottom, top)
    parts: list[Markup] = []
    for value in ticks(0.0, high, 5):
        parts.append(element("line", x1=left, x2=width - 14.0, y1=y.place(value), y2=y.place(value), class_="grid"))
        parts.append(element("text", f"{value:g}", x=left - 8, y=y.place(value) + 4, text_anchor="end", class_="tick"))
    for day in _year_starts(x.low, x.high):
        at = x.place(day.toordinal())
        parts.append(element("text", f"{day:%b %Y}", x=at, y=height - bottom + 20, text_anchor="middle", class_="tick"))
        parts.append(element("line", x1=at, x2=at, y1=height - bottom, y2=height - bottom + 5, class_="axis-line"))
    parts.append(element("line", x1=left, x2=width - 14.0, y1=height - bottom, y2=height - bottom, class_="axis-line"))
    parts += _median(reference, y, left, width - 14.0)
    parts += _dated_marks(content, dated, x, y)
    parts.append(_best_so_far(dated, x, y, width - 14.0))
    parts.append(element("text", "MAE (eV)", transform=f"translate(13 {(top + height - bottom) / 2:.0f}) rotate(-90)",
                         text_anchor="middle"))  # fmt: skip
    label = f"Mean absolute error of every system over the date of its predictions, {section['title'].lower()}"
    return element("svg", *parts, viewBox=f"0 0 {width} {height}", role="img", aria_label=label, class_="chart")


def _period(date: str) -> tuple[int, int]:
    """Return the first and the last day that a date as ``2026``, ``2026-11`` or ``2026-11-22`` may mean."""
    year, *rest = (int(part) for part in date.split("-"))
    if len(rest) == 2:
        day = datetime.date(year, *rest).toordinal()
        return day, day
    month = rest[0] if rest else 1
    start = datetime.date(year, month, 1)
    after = datetime.date(year + 1, 1, 1) if not rest or month == 12 else datetime.date(year, month + 1, 1)
    return start.toordinal(), after.toordinal() - 1


def _year_starts(low: float, high: float) -> list[datetime.date]:
    first, last = (datetime.date.fromordinal(int(day)) for day in (low, high))
    months = [datetime.date(year, month, 1) for year in range(first.year, last.year + 1) for month in range(1, 13)]
    inside = [day for day in months if low <= day.toordinal() <= high]
    return inside[:: max(1, len(inside) // 5)]


def _dated_marks(
    content: BoardDocument, dated: Sequence[tuple[int, int, BoardRow, float]], x: Axis, y: Axis
) -> Iterator[Markup]:
    for start, end, row, value in dated:
        submission = content["submissions"][row["slug"]]
        kind, level = KINDS[submission["kind"]], y.place(min(value, y.high))
        title = element("title", f"{submission['name']}: {number(value)} eV, {submission['date']}")
        colour = f"var({kind.colour})"
        span = element("line", x1=x.place(start), x2=x.place(end), y1=level, y2=level, class_="whisker", stroke=colour)
        mark = marker(kind.symbol, x.place((start + end) / 2), level, 10.0, fill=colour, class_="mark")
        yield element("g", title, *([span] if end > start else []), mark)


def _best_so_far(dated: Sequence[tuple[int, int, BoardRow, float]], x: Axis, y: Axis, right: float) -> Markup:
    """Return a line of steps; a system counts from the last day that its date may mean."""
    steps, best = [], None
    for _, end, _, value in sorted(dated, key=lambda item: (item[1], item[3])):
        if best is None or value < best:
            level = y.place(min(value, y.high))
            steps.append(f"{'M' if best is None else 'H'}{x.place(end):.1f}{' ' if best is None else ' V'}{level:.1f}")
            best = value
    return element("path", d=f"{' '.join(steps)} H{right:.1f}", class_="best")


def resolution_chart(content: BoardDocument, *, width: int) -> Markup:
    """Return for each protocol the MAE of the best system, that of the training median, and the detectable difference.

    The bar begins at the best system: two unrelated systems both inside it cannot be distinguished.
    """
    sections = [section for section in content["protocols"] if section["rows"][0]["metrics"]["mae"]]
    row, left, top = 34.0, 0.36 * width, 8.0
    height = top + row * len(sections) + 40
    values = [section["reference"].get("mae") or 0.0 for section in sections]
    x = Axis(0.0, 1.08 * max([*values, 0.1]), left, width - 16.0)
    parts: list[Markup] = []
    for value in ticks(0.0, x.high):
        parts.append(element("line", x1=x.place(value), x2=x.place(value), y1=top, y2=height - 38, class_="grid"))
        parts.append(
            element("text", f"{value:g}", x=x.place(value), y=height - 22, text_anchor="middle", class_="tick")
        )
    for place, section in enumerate(sections):
        parts += _resolution_row(content, section, x, top + row * (place + 0.5), left)
    parts.append(element("text", "MAE (eV)", x=(left + width) / 2, y=height - 4, text_anchor="middle"))
    label = "Best error, detectable difference and error of the training median, by protocol"
    return element("svg", *parts, viewBox=f"0 0 {width} {height:.0f}", role="img", aria_label=label, class_="chart")


def _resolution_row(
    content: BoardDocument, section: ProtocolSection, x: Axis, y: float, left: float
) -> Iterator[Markup]:
    best = section["rows"][0]
    mae = best["metrics"]["mae"]
    assert mae is not None, "only sections whose best system has a score"
    assert mae["value"] is not None, "the best system has a score"
    name = content["submissions"][best["slug"]]["name"]
    told = f"{section['title']}: best {number(mae['value'])} eV ({name})"
    shapes = []
    if section["detectable"] is not None:
        wide = x.place(mae["value"] + section["detectable"]) - x.place(mae["value"])
        shapes.append(element("rect", x=x.place(mae["value"]), y=y - 7, width=wide, height=14, class_="band"))
        told += f", detectable difference about {number(section['detectable'], decimals=2)} eV"
    shapes.append(element("circle", cx=x.place(mae["value"]), cy=y, r=6, class_="dot"))
    if (median := section["reference"].get("mae")) is not None:
        at = x.place(median)
        shapes.append(element("line", x1=at, x2=at, y1=y - 10, y2=y + 10, class_="median"))
        told += f", training median {number(median)} eV"
    yield element("g", element("title", told), *shapes)
    yield element("text", section["title"], x=left - 12, y=y + 1, text_anchor="end", class_="name")
    yield element("text", f"n = {section['n']}", x=left - 12, y=y + 14, text_anchor="end", class_="tick small")
