"""Scores of one protocol as tables show them: printed values, and bars on an axis that all systems share."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from embench.web.bars import Bar, Scale, bar, scale_of, symmetric_scale
from embench.web.wording import interval, number, quantity

if TYPE_CHECKING:
    from embench.leaderboard.board.documents import BoardMetric
    from embench.schema.documents import Interval

Order = Literal["ascending", "descending"]

# The axis ends at this multiple of the training median's score: a system far worse than that would flatten the rest.
_WIDEST = 1.3

# Metrics without a unit have no lower end; their axis begins here at the latest.
_LOWEST = -0.5

_STEPS = (1.0, 2.0, 5.0, 10.0)

_MOST_TICKS = 5


@dataclass(frozen=True)
class Score:
    """One score: `order` is what tables sort by. `bar` is None where the score is undefined.

    `off` tells on which side of the axis the score itself is: ``low``, ``high`` or an empty string.
    """

    value: float | None
    order: float | None
    text: str
    interval: str
    bar: Bar | None
    off: Literal["low", "high", ""]


@dataclass(frozen=True)
class Axis:
    """The axis of a table's bars: where the ticks are, in percent, and what they say."""

    scale: Scale
    ticks: tuple[tuple[float, str], ...]
    reference: float | None
    reference_text: str


def axis_of(metric: BoardMetric, estimates: Iterable[Interval | None], reference: float | None) -> Axis:
    """Return the axis for a metric of the board: what systems score in one protocol, and what the training median."""
    known = [estimate for estimate in estimates if estimate is not None]
    if metric["direction"] == "zero":
        scale = symmetric_scale(known, limit=_limit(known, reference))
    else:
        fitting = scale_of(known, [reference], floor=None if metric["unit"] else _LOWEST)
        high = min(fitting.high, _limit(known, reference)) if metric["unit"] else fitting.high
        scale = Scale(fitting.low, high)
    return Axis(
        scale=scale,
        ticks=tuple((scale.place(value), _tick_text(value)) for value in ticks(scale)),
        reference=None if reference is None else scale.place(reference),
        reference_text=number(reference, decimals=metric["decimals"]),
    )


def axis_like(axis: Axis, metric: BoardMetric, reference: float | None) -> Axis:
    """Return an axis with the ticks of another one, on which the training median scores `reference`."""
    return replace(
        axis,
        reference=None if reference is None else axis.scale.place(reference),
        reference_text=number(reference, decimals=metric["decimals"]),
    )


def score_of(metric: BoardMetric, estimate: Interval | None, axis: Axis) -> Score:
    """Return a score of the board as it is shown; without an estimate the metric does not apply to the system."""
    if estimate is None or estimate["value"] is None:
        return Score(None, None, number(None), "", None, "")
    value, sign = estimate["value"], metric["direction"] == "zero"
    return Score(
        value=value,
        order=_order(metric, value),
        text=quantity(value, None, sign=sign) if metric["decimals"] == 3 else number(value, decimals=1, sign=sign),
        interval="" if estimate["low"] is None else interval(estimate, sign=sign),
        bar=bar(estimate, axis.scale),
        off="low" if value < axis.scale.low else "high" if value > axis.scale.high else "",
    )


def ticks(scale: Scale) -> Sequence[float]:
    """Return round values on a scale, five at most."""
    span = scale.high - scale.low
    power = 10.0 ** math.floor(math.log10(span / _MOST_TICKS))
    step = next(power * factor for factor in _STEPS if span / (power * factor) <= _MOST_TICKS)
    first, last = math.ceil(scale.low / step - 1e-9), math.floor(scale.high / step + 1e-9)
    return [i * step for i in range(first, last + 1)][:: 2 if last - first >= _MOST_TICKS else 1]


def _limit(estimates: Sequence[Interval], reference: float | None) -> float:
    """Return where the axis ends at the latest."""
    if reference:
        return _WIDEST * abs(reference)
    values = sorted(abs(value) for estimate in estimates if (value := estimate["value"]) is not None)
    return 2.0 * values[len(values) // 2] if values and values[len(values) // 2] else math.inf


def first_order(metric: BoardMetric) -> Order:
    """Return the order in which sorting by a metric puts the best system first."""
    return "descending" if metric["direction"] == "higher" else "ascending"


def _order(metric: BoardMetric, value: float) -> float:
    """Return what a score sorts by: itself, or how far it is from the right value."""
    if metric["direction"] in ("lower", "higher"):
        return value
    return abs(value - (metric["nominal"] or 0.0))


def _tick_text(value: float) -> str:
    return f"{value:.3g}".replace("-", "−")


@dataclass(frozen=True)
class Kind:
    """A kind of system. `colour` is the name of a CSS variable and `symbol` one of plotly's markers: each kind has its
    own of both, so that no two are told apart by colour alone.
    """

    title: str
    description: str
    colour: str
    symbol: str


KINDS: Mapping[str, Kind] = {
    "property-model": Kind("Property model", "from the structure straight to the barrier", "--blue", "circle"),
    "potential-neb": Kind("Potential with NEB", "an interatomic potential and a NEB run", "--vermilion", "triangle-up"),
    "hybrid": Kind("Hybrid", "a property model that needs a calculation with a potential first", "--green", "diamond"),
    "literature": Kind("Published numbers", "barriers taken from a publication", "--purple", "square"),
}
"""By the name that submissions use."""
