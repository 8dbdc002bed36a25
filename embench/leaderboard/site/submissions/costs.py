"""What the bands of a potential cost against the number of atoms, as SVG with logarithmic axes."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from embench.web.svg import Axis, element, marker

if TYPE_CHECKING:
    from markupsafe import Markup

    from embench.leaderboard.board.cards import CostPoint

_DURATIONS = (
    (0.1, "0.1 s"),
    (1.0, "1 s"),
    (10.0, "10 s"),
    (60.0, "1 min"),
    (600.0, "10 min"),
    (3600.0, "1 h"),
    (36000.0, "10 h"),
    (864000.0, "10 days"),
    (31557600.0, "1 year"),
)
_ATOMS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)
# Hundreds of names would be half of the page, and the marks lie on each other.
_MOST_NAMED = 100
# Files hold a tenth of a second: what is given as zero took less than half of that.
_LEAST = 0.05
# From so many bands on, over twice the number of atoms, a power of the number of atoms says something.
_ENOUGH, _SPAN = 10, 2.0
_WIDTH, _HEIGHT, _LEFT, _TOP, _BOTTOM = 620, 330, 62.0, 12.0, 46.0


@dataclass(frozen=True)
class BandCosts:
    """The costs of the bands of a potential: processor seconds in words, the chart, and how they grow with the atoms.

    `exponent` is that of the power of the number of atoms, by least squares of the logarithms; None for too few bands.
    """

    n: int
    median: str
    largest: str
    exponent: float | None
    chart: Markup


def band_costs(points: Sequence[CostPoint]) -> BandCosts | None:
    """Return the costs of the bands, None where none is known."""
    if not points:
        return None
    seconds = [point["cpu_seconds"] for point in points]
    return BandCosts(
        n=len(points),
        median=duration(statistics.median(seconds)),
        largest=duration(max(seconds)),
        exponent=_exponent(points),
        chart=cost_chart(points),
    )


def duration(seconds: float) -> str:
    """Return a time with two digits in the largest unit that it fills: ``42 s``, ``3.1 min``, ``26 h``."""
    for size, unit in ((86400.0 * 3, "days"), (3600.0, "h"), (60.0, "min")):
        if seconds >= size:
            value = seconds / (86400.0 if unit == "days" else size)
            return f"{value:.1f} {unit}" if value < 10 else f"{value:,.0f} {unit}"
    return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"


def _exponent(points: Sequence[CostPoint]) -> float | None:
    known = [point for point in points if point["cpu_seconds"] > 0.0]
    atoms = [point["n_sites"] for point in known]
    if len(known) < _ENOUGH or max(atoms) < _SPAN * min(atoms):
        return None
    logarithms = [math.log(point["cpu_seconds"]) for point in known]
    return statistics.linear_regression([math.log(n) for n in atoms], logarithms).slope


def cost_chart(points: Sequence[CostPoint]) -> Markup:
    """Return processor time over number of atoms, a mark for each band, both axes logarithmic."""
    seconds = [max(point["cpu_seconds"], _LEAST) for point in points]
    atoms = [point["n_sites"] for point in points]
    x = Axis(min(atoms) / 1.15, max(atoms) * 1.15, _LEFT, _WIDTH - 12.0, log=True)
    y = Axis(min(seconds) / 1.5, max(seconds) * 1.5, _HEIGHT - _BOTTOM, _TOP, log=True)
    parts = list(_frame(x, y))
    places = [(x.place(n), y.place(value)) for n, value in zip(atoms, seconds, strict=True)]
    parts += [_dots(places)] if len(points) > _MOST_NAMED else list(_named(points, places))
    label = "Processor time of each band over the number of atoms in its cell"
    return element("svg", *parts, viewBox=f"0 0 {_WIDTH} {_HEIGHT}", role="img", aria_label=label, class_="chart")


def _named(points: Sequence[CostPoint], places: Sequence[tuple[float, float]]) -> Iterator[Markup]:
    """Return a mark for each band that says whose it is."""
    for point, (across, up) in zip(points, places, strict=True):
        told = f"{point['entry_id']}: {point['n_sites']} atoms, {duration(point['cpu_seconds'])}"
        yield element("g", element("title", told), marker("circle", across, up, 7.0, class_="cost-mark"))


def _dots(places: Sequence[tuple[float, float]]) -> Markup:
    """Return all marks as one element: lines of no length with round ends."""
    return element("path", d="".join(f"M{across:.1f} {up:.1f}h0" for across, up in places), class_="cost-marks")


def _frame(x: Axis, y: Axis) -> Iterator[Markup]:
    bottom = _HEIGHT - _BOTTOM
    for value, text in _DURATIONS:
        if y.low <= value <= y.high:
            at = y.place(value)
            yield element("line", x1=_LEFT, x2=_WIDTH - 12.0, y1=at, y2=at, class_="grid")
            yield element("text", text, x=_LEFT - 6, y=at + 4, text_anchor="end", class_="tick")
    for number in _ATOMS:
        if x.low <= number <= x.high:
            at = x.place(number)
            yield element("line", x1=at, x2=at, y1=bottom, y2=bottom + 5, class_="axis-line")
            yield element("text", f"{number}", x=at, y=bottom + 19, text_anchor="middle", class_="tick")
    yield element("line", x1=_LEFT, x2=_WIDTH - 12.0, y1=bottom, y2=bottom, class_="axis-line")
    middle = (_LEFT + _WIDTH - 12.0) / 2
    yield element("text", "atoms in the cell", x=middle, y=bottom + 40, text_anchor="middle")
    yield element("text", "processor time", x=0, y=0, transform=f"translate(12 {(_TOP + bottom) / 2:.0f}) rotate(-90)",
                  text_anchor="middle")  # fmt: skip
