"""The data file of the main page: the scores that its script shows when another metric is chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal, TypedDict

from embench.leaderboard.site.scores import Axis, Order, Score, first_order
from embench.web.tables import explanation

if TYPE_CHECKING:
    from embench.leaderboard.board.documents import BoardMetric
    from embench.leaderboard.site.main.rows import Mark, ProtocolTable, Row


class MetricPayload(TypedDict):
    """What the script knows of a metric."""

    title: str
    symbol: str
    unit: str | None
    explanation: str
    first: Order


class AxisPayload(TypedDict):
    """The axis of the bars of one metric: ticks in percent with their texts, and where the training median is."""

    ticks: tuple[tuple[float, str], ...]
    reference: float | None
    text: str


class ScorePayload(TypedDict):
    """One score: what it sorts by, its texts, and its bar, in percent of the cell."""

    value: float | None
    order: float | None
    text: str
    interval: str
    place: float
    range: tuple[float, float] | None
    cut: list[bool]
    off: Literal["low", "high", ""]


class SystemPayload(TypedDict):
    """One system on one protocol, cell by cell; a score that is undefined is None."""

    place: int
    rank: str
    rank_interval: str
    mark: Mark
    scores: dict[str, ScorePayload | None]
    support: dict[str, str]
    share: float
    predicted: str
    predicted_of: str
    mae_predicted: str


class TablePayload(TypedDict):
    """The table of one protocol: axes by metric, systems by slug, and in words which may be the best."""

    axes: dict[str, AxisPayload]
    rows: dict[str, SystemPayload]
    sentence: str


class ProtocolPayload(TablePayload):
    """One protocol: its table of all entries, and that without contradicted labels."""

    clean: TablePayload


class BoardPayload(TypedDict):
    """What ``board.js`` holds; `parts` are those of the page, by name, as they are without contradicted labels."""

    metrics: dict[str, MetricPayload]
    protocols: dict[str, ProtocolPayload]
    parts: dict[str, str]


def board_payload(
    metrics: Mapping[str, BoardMetric],
    protocols: Sequence[ProtocolTable],
    clean: Sequence[ProtocolTable],
    parts: dict[str, str],
) -> BoardPayload:
    """Return what the script of the page needs, for all entries and for those without contradicted labels."""
    return {
        "metrics": {name: _metric(metric) for name, metric in metrics.items()},
        "protocols": {
            found["about"]["name"]: {**_table(found), "clean": _table(without)}
            for found, without in zip(protocols, clean, strict=True)
        },
        "parts": parts,
    }


def _metric(metric: BoardMetric) -> MetricPayload:
    return {
        "title": metric["title"],
        "symbol": metric["symbol"],
        "unit": metric["unit"],
        "explanation": explanation(metric),
        "first": first_order(metric),
    }


def _table(protocol: ProtocolTable) -> TablePayload:
    return {
        "axes": {name: _axis(found) for name, found in protocol["axes"].items()},
        "rows": {row["slug"]: _system(row) for row in protocol["rows"]},
        "sentence": protocol["about"]["sentence"],
    }


def _axis(found: Axis) -> AxisPayload:
    return {"ticks": found.ticks, "reference": found.reference, "text": found.reference_text}


def _system(row: Row) -> SystemPayload:
    return {
        "place": row["place"],
        "rank": row["rank"],
        "rank_interval": row["rank_interval"],
        "mark": row["mark"],
        "scores": {name: _score(score) for name, score in row["scores"].items()},
        "support": {name: text for name, text in row["support"].items() if text},
        "share": row["share"],
        "predicted": row["predicted"],
        "predicted_of": row["predicted_of"],
        "mae_predicted": row["mae_predicted"],
    }


def _score(score: Score) -> ScorePayload | None:
    if score.bar is None:
        return None
    return {
        "value": score.value,
        "order": score.order,
        "text": score.text,
        "interval": score.interval,
        "place": score.bar.value,
        "range": score.bar.interval,
        "cut": [score.bar.cut_low, score.bar.cut_high],
        "off": score.off,
    }
