"""The data file of the main page: the scores that its script shows when another metric is chosen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Literal, TypedDict

from embench.leaderboard.site.scores import KINDS, Axis, Order, Score, first_order
from embench.web.tables import explanation
from embench.web.theme import PlotFrame, plot_frame

if TYPE_CHECKING:
    from embench.leaderboard.board.documents import BoardMetric, ProtocolSection
    from embench.leaderboard.site.main.rows import ProtocolTable, Row
    from embench.leaderboard.submission.model import Kind
    from embench.schema.documents import Interval
    from embench.schema.terms import Direction


class MetricPayload(TypedDict):
    """What the script knows of a metric."""

    title: str
    symbol: str
    unit: str | None
    explanation: str
    better: Direction
    first: Order


class KindPayload(TypedDict):
    """A kind of system: its name, and how the plot of error and cost marks it."""

    title: str
    colour: str
    symbol: str


class AxisPayload(TypedDict):
    """The axis of the bars of one metric: ticks in percent with their texts, and where the training median is."""

    ticks: tuple[tuple[float, str], ...]
    reference: float | None
    text: str


class ScorePayload(TypedDict):
    """One score: its interval, what it sorts by, its texts, and its bar, in percent of the cell."""

    value: float | None
    low: float | None
    high: float | None
    order: float | None
    text: str
    interval: str
    place: float
    range: tuple[float, float] | None
    cut: list[bool]
    off: Literal["low", "high", ""]


class SystemPayload(TypedDict):
    """One system on one protocol; a score that is undefined is None."""

    name: str
    kind: Kind
    hours: float | None
    cost: str
    scores: dict[str, ScorePayload | None]


class ProtocolPayload(TypedDict):
    """One protocol: axes and what the training median scores by metric, systems by slug."""

    axes: dict[str, AxisPayload]
    references: dict[str, float | None]
    rows: dict[str, SystemPayload]


class BoardPayload(TypedDict):
    """What ``board.js`` holds."""

    metrics: dict[str, MetricPayload]
    kinds: dict[str, KindPayload]
    layout: PlotFrame
    protocols: dict[str, ProtocolPayload]


def board_payload(metrics: Mapping[str, BoardMetric], protocols: Iterable[ProtocolTable]) -> BoardPayload:
    """Return what the script of the page needs, for each protocol and metric."""
    return {
        "metrics": {name: _metric(metric) for name, metric in metrics.items()},
        "kinds": {name: {"title": k.title, "colour": k.colour, "symbol": k.symbol} for name, k in KINDS.items()},
        "layout": plot_frame(),
        "protocols": {protocol["about"]["name"]: _protocol(protocol) for protocol in protocols},
    }


def _metric(metric: BoardMetric) -> MetricPayload:
    return {
        "title": metric["title"],
        "symbol": metric["symbol"],
        "unit": metric["unit"],
        "explanation": explanation(metric),
        "better": metric["direction"],
        "first": first_order(metric),
    }


def _protocol(protocol: ProtocolTable) -> ProtocolPayload:
    return {
        "axes": {name: _axis(found) for name, found in protocol["axes"].items()},
        "references": {name: protocol["about"]["reference"].get(name) for name in protocol["axes"]},
        "rows": {row["slug"]: _system(row, protocol["about"]) for row in protocol["rows"]},
    }


def _axis(found: Axis) -> AxisPayload:
    return {"ticks": found.ticks, "reference": found.reference, "text": found.reference_text}


def _system(row: Row, protocol: ProtocolSection) -> SystemPayload:
    estimates = next(found for found in protocol["rows"] if found["slug"] == row["slug"])["metrics"]
    return {
        "name": row["name"],
        "kind": row["kind"],
        "hours": row["hours"],
        "cost": row["cost"],
        "scores": {name: _score(score, estimates[name]) for name, score in row["scores"].items()},
    }


def _score(score: Score, estimate: Interval | None) -> ScorePayload | None:
    if score.bar is None or estimate is None:
        return None
    return {
        "value": score.value,
        "low": estimate["low"],
        "high": estimate["high"],
        "order": score.order,
        "text": score.text,
        "interval": score.interval,
        "place": score.bar.value,
        "range": score.bar.interval,
        "cut": [score.bar.cut_low, score.bar.cut_high],
        "off": score.off,
    }
