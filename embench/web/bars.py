"""Intervals drawn as bars within a table cell, in percent of the width of the cell."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from embench.schema.documents import Interval


@dataclass(frozen=True)
class Scale:
    """The values at the left and the right end of the bars of one table."""

    low: float
    high: float

    def place(self, value: float) -> float:
        """Return where `value` is, in percent, held within the scale."""
        share = (value - self.low) / (self.high - self.low)
        return round(100.0 * min(1.0, max(0.0, share)), 2)


@dataclass(frozen=True)
class Bar:
    """One bar, in percent: the interval (None without one), its value, and a mark to compare with.

    `zero` is where zero is. `cut_low` and `cut_high` tell that the interval goes on beyond the scale.
    """

    value: float
    interval: tuple[float, float] | None
    mark: float | None
    zero: float
    cut_low: bool
    cut_high: bool

    @property
    def look(self) -> str:
        """The classes of the bar's element: on which sides its interval is cut."""
        return " ".join(["bar", *(["cut-low"] if self.cut_low else []), *(["cut-high"] if self.cut_high else [])])

    @property
    def style(self) -> str:
        """The bar as the CSS variables from which ``components.css`` draws it, in percent: one element, no children."""
        places = {"m": self.mark, "z": self.zero or None, "v": self.value}
        if self.interval is not None:
            places |= {"a": self.interval[0], "b": self.interval[1]}
        found = {name: f"{place:.1f}".removesuffix(".0") for name, place in places.items() if place is not None}
        return ";".join(f"--{name}:{place}" for name, place in found.items())


def bar(estimate: Interval, scale: Scale, *, mark: float | None = None) -> Bar | None:
    """Return the bar of an estimate; None where its value is undefined."""
    value, low, high = estimate["value"], estimate["low"], estimate["high"]
    if value is None:
        return None
    return Bar(
        value=scale.place(value),
        interval=None if low is None or high is None else (scale.place(low), scale.place(high)),
        mark=None if mark is None else scale.place(mark),
        zero=scale.place(0.0),
        cut_low=(value if low is None else low) < scale.low,
        cut_high=(value if high is None else high) > scale.high,
    )


def scale_of(estimates: Iterable[Interval], marks: Iterable[float | None] = (), *, floor: float | None = None) -> Scale:
    """Return a scale from zero, or from below it, on which the estimates fit; it begins no lower than `floor`."""
    found = [mark for mark in marks if mark is not None]
    for estimate in estimates:
        found += _defined(estimate)
    low, high = min([0.0, *found]), max([0.0, *found])
    if floor is not None:
        low = max(low, floor)
    return Scale(low, high if high > low else low + 1.0)


def symmetric_scale(estimates: Iterable[Interval], *, limit: float) -> Scale:
    """Return a scale with zero in the middle on which the estimates fit, up to `limit`."""
    found = [abs(value) for estimate in estimates for value in _defined(estimate)]
    reach = min(max([0.0, *found]), limit) or 1.0
    return Scale(-reach, reach)


def _defined(estimate: Interval) -> list[float]:
    return [value for value in (estimate["value"], estimate["low"], estimate["high"]) if value is not None]
