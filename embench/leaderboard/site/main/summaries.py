"""The smaller charts of the main page, as SVG: the best error over time, and what can be detected."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from embench.leaderboard.site.main.charts import WIDEST, median_line, median_place
from embench.leaderboard.site.scores import KINDS
from embench.web.svg import Axis, Box, element, marker, ticks
from embench.web.wording import number

if TYPE_CHECKING:
    from markupsafe import Markup

    from embench.leaderboard.board.documents import BoardDocument, BoardRow, ProtocolSection


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
    high = WIDEST * (reference or max(value for *_, value in dated))
    first, last = min(start for start, *_ in dated), max(end for _, end, *_ in dated)
    spare = max(30.0, 0.06 * (last - first))
    x, y = Axis(first - spare, last + spare, left, width - 14.0), Axis(0.0, high, height - bottom, top)
    parts: list[Markup] = []
    for value in ticks(0.0, high, 5):
        parts.append(element("line", x1=left, x2=width - 14.0, y1=y.place(value), y2=y.place(value), class_="grid"))
        parts.append(element("text", f"{value:g}", x=left - 8, y=y.place(value) + 4, text_anchor="end", class_="tick"))
    for day in _month_starts(x.low, x.high, most=5 if width > 400 else 3):
        at = x.place(day.toordinal())
        parts.append(element("text", f"{day:%b %Y}", x=at, y=height - bottom + 20, text_anchor="middle", class_="tick"))
        parts.append(element("line", x1=at, x2=at, y1=height - bottom, y2=height - bottom + 5, class_="axis-line"))
    parts.append(element("line", x1=left, x2=width - 14.0, y1=height - bottom, y2=height - bottom, class_="axis-line"))
    marks = [_covered(start, end, value, x, y) for start, end, _, value in dated]
    place = None if reference is None else median_place(y.place(reference), left, width - 14.0, marks)
    parts += median_line(reference, y, left, width - 14.0, place)
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


def _covered(start: int, end: int, value: float, x: Axis, y: Axis) -> Box:
    """Return what the mark of a system and the span of its date cover."""
    level, middle = y.place(min(value, y.high)), x.place((start + end) / 2)
    return Box(min(middle - 6, x.place(start)), level - 6, max(middle + 6, x.place(end)), level + 6)


def _month_starts(low: float, high: float, *, most: int) -> list[datetime.date]:
    first, last = (datetime.date.fromordinal(int(day)) for day in (low, high))
    months = [datetime.date(year, month, 1) for year in range(first.year, last.year + 1) for month in range(1, 13)]
    inside = [day for day in months if low <= day.toordinal() <= high]
    return inside[:: max(1, -(-len(inside) // most))]


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


def resolution_chart(content: BoardDocument, *, width: int, beside: bool = True) -> Markup:
    """Return for each protocol the MAE of the best system, that of the training median, and the detectable difference.

    The bar begins at the best system: two unrelated systems both inside it cannot be distinguished. The names of the
    protocols stand left of the bars (`beside`), or above them, for narrow pages.
    """
    sections = [section for section in content["protocols"] if section["rows"][0]["metrics"]["mae"]]
    row, left, top = (34.0, 0.36 * width, 8.0) if beside else (48.0, 10.0, 8.0)
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
        level = top + row * (place + (0.5 if beside else 0.68))
        parts += _resolution_row(content, section, x, level)
        title, size = section["title"], f"n = {section['n']}"
        if beside:
            parts.append(element("text", title, x=left - 12, y=level + 1, text_anchor="end", class_="name"))
            parts.append(element("text", size, x=left - 12, y=level + 14, text_anchor="end", class_="tick small"))
        else:
            parts.append(element("text", f"{title} ({size})", x=left, y=level - 16, class_="name"))
    parts.append(element("text", "MAE (eV)", x=(left + width) / 2, y=height - 4, text_anchor="middle"))
    label = "Best error, detectable difference and error of the training median, by protocol"
    return element("svg", *parts, viewBox=f"0 0 {width} {height:.0f}", role="img", aria_label=label, class_="chart")


def _resolution_row(content: BoardDocument, section: ProtocolSection, x: Axis, y: float) -> Iterator[Markup]:
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
