"""The rows of the main page's tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, TypedDict

from embench.leaderboard.site.scores import KINDS, Axis, Score, axis_like, axis_of, score_of
from embench.web.wording import UNDEFINED, count, count_plural, number, percent

if TYPE_CHECKING:
    from embench.leaderboard.board.cards import SubmissionCard
    from embench.leaderboard.board.documents import (
        BoardDocument,
        BoardMetric,
        BoardRow,
        CostDocument,
        ProtocolSection,
        Standing,
    )
    from embench.leaderboard.submission.model import Kind
    from embench.leaderboard.submission.origin import Origin
    from embench.schema.documents import Interval

Mark = Literal["best", "tied", ""]

DEFAULT_METRIC = "mae"
COLUMNS = ("mae", "r2", "precision", "pathway_ranking")
"""The metrics that have a column of their own, beside the chosen one, which is drawn as a bar."""

_MINUTE, _HOUR = 60.0, 3600.0
_LONG_HOURS = 100.0


class Row(TypedDict):
    """A line of a protocol's table.

    `place` counts from 0; `share` is that of the entries which were predicted, and `hours` are device-hours, None where
    a part of them is unknown.
    """

    slug: str
    name: str
    kind: Kind
    kind_title: str
    search: str
    place: int
    rank: str
    rank_interval: str
    mark: Mark
    scores: dict[str, Score]
    support: dict[str, str]
    predicted: str
    mae_predicted: str
    share: float
    predicted_of: str
    hours: float | None
    cost: str
    cost_told: str
    origin: Origin
    level: str
    signs: list[str]


class ProtocolTable(TypedDict):
    """One protocol: what the board says of it, the axes of its bars by metric, and its rows."""

    about: ProtocolSection
    axes: dict[str, Axis]
    rows: list[Row]


def metrics(content: BoardDocument) -> dict[str, BoardMetric]:
    """Return all metrics of the board by name, those of its columns first."""
    return {metric["name"]: metric for metric in (*content["metrics"], *content["more_metrics"])}


def axes(content: BoardDocument, protocol: ProtocolSection) -> dict[str, Axis]:
    """Return for each metric that some system of the protocol has the axis of its bars."""
    found = {}
    for name, metric in metrics(content).items():
        estimates = [row["metrics"][name] for row in protocol["rows"]]
        if any(estimate is not None and estimate["value"] is not None for estimate in estimates):
            found[name] = axis_of(metric, estimates, protocol["reference"].get(name))
    return found


def scores(content: BoardDocument, row: BoardRow, axes: Mapping[str, Axis]) -> dict[str, Score]:
    """Return the scores of a system by metric."""
    known = metrics(content)
    return {name: score_of(known[name], row["metrics"][name], axis) for name, axis in axes.items()}


def rows(content: BoardDocument, protocol: ProtocolSection, axes: Mapping[str, Axis]) -> list[Row]:
    """Return the rows of a protocol's table, best first."""
    return [_row(content, protocol, place, axes) for place in range(len(protocol["rows"]))]


def table(content: BoardDocument, protocol: ProtocolSection, *, like: ProtocolTable | None = None) -> ProtocolTable:
    """Return the table of a protocol; its bars are drawn on the axes of `like`, where that is given."""
    if like is None:
        found = axes(content, protocol)
    else:
        known, median = metrics(content), protocol["reference"]
        found = {name: axis_like(axis, known[name], median.get(name)) for name, axis in like["axes"].items()}
    return {"about": protocol, "axes": found, "rows": rows(content, protocol, found)}


def _row(content: BoardDocument, protocol: ProtocolSection, place: int, axes: Mapping[str, Axis]) -> Row:
    row = protocol["rows"][place]
    submission = content["submissions"][row["slug"]]
    coverage = row["coverage"]
    return {
        "slug": row["slug"],
        "name": submission["name"],
        "kind": submission["kind"],
        "kind_title": KINDS[submission["kind"]].title,
        "search": " ".join([submission["name"], *submission["authors"], KINDS[submission["kind"]].title]).lower(),
        "place": place,
        "rank": rank_text(row),
        "rank_interval": rank_interval(row),
        "mark": mark(protocol, row),
        "scores": scores(content, row, axes),
        "support": {name: support(name, row["metrics"][name], protocol) for name in COLUMNS},
        "predicted": percent(coverage["share"]),
        "mae_predicted": mae_predicted(row),
        "share": coverage["share"],
        "predicted_of": f"{coverage['predicted']} of {count(coverage['scored'], 'entry')}",
        "hours": row["cost"]["total"],
        "cost": short_cost(row["cost"]),
        "cost_told": cost_text(row["cost"], submission["hardware"]),
        "origin": submission["origin"],
        "level": level_of(submission),
        "signs": row["signs"],
    }


def mae_predicted(row: BoardRow) -> str:
    """Return the MAE on the entries that a system predicts, with its unit; empty where that is all of them."""
    found = row["mae_predicted"]
    return "" if found is None else f"{number(found['value'])} eV on these"


def level_of(submission: SubmissionCard) -> str:
    """Return the level of theory of a potential, such as ``PBE+U``; empty where none is stated."""
    level = submission["level_of_theory"]
    return "" if level is None else level["name"]


def mark(protocol: ProtocolSection, row: BoardRow) -> Mark:
    """Return ``best`` for the system with the lowest MAE, ``tied`` for those that the data cannot tell from it."""
    if row["rank"] is not None and row["slug"] == protocol["rows"][0]["slug"]:
        return "best"
    return "tied" if row["best_set"] else ""


def rank_text(row: Standing) -> str:
    """Return the rank, or a dash where a system predicts too few entries for one."""
    return UNDEFINED if row["rank"] is None else f"{row['rank']:g}"


def rank_interval(row: Standing) -> str:
    """Return the 95 % interval of a rank, as ``1 to 5``, or as ``1`` where it holds one; empty where there is none."""
    if row["rank"] is None:
        return ""
    low, high = f"{row['rank_low']:g}", f"{row['rank_high']:g}"
    return low if low == high else f"{low} to {high}"


def duration(hours: float | None) -> str:
    """Return device-hours as a person says them: ``0.4 s``, ``8.4 min``, ``18 h``."""
    if hours is None:
        return UNDEFINED
    seconds = hours * _HOUR
    if seconds < _MINUTE:
        return f"{seconds:.2g} s"
    if seconds < _HOUR:
        return f"{seconds / _MINUTE:.2g} min"
    return f"{hours:,.0f} h" if hours >= _LONG_HOURS else f"{hours:.2g} h"


def short_cost(cost: CostDocument) -> str:
    """Return the cost of a system on a protocol in a table: with a plus where a part of it is unknown."""
    if cost["own"] is None:
        return "unknown"
    return duration(cost["own"]) + " + ?" if cost["total"] is None else duration(cost["total"])


def cost_text(cost: CostDocument, hardware: str | None) -> str:
    """Return in words what a system costs on a protocol, what comes before it, and on which hardware."""
    told = "cost unknown" if cost["own"] is None else duration(cost["own"])
    if hardware and cost["own"] is not None:
        told += f" on {hardware}"
    if cost["before"]:
        upstream = "unknown" if cost["upstream"] is None else duration(cost["upstream"])
        told += f"; before it ({upstream}): {cost['before']}"
    return told


def resolution(protocol: ProtocolSection) -> str:
    """Return in words what differences the entries of a protocol can show."""
    if protocol["detectable"] is None:
        return ""
    return (
        f"With this test set we can detect a difference of about {number(protocol['detectable'], decimals=2)} eV "
        "between two unrelated systems (80 % power), and smaller ones between systems that fail on the same entries."
    )


def support(name: str, estimate: Interval | None, protocol: ProtocolSection) -> str:
    """Return what a score without an interval was computed from; an empty string where it has one, or no score."""
    if estimate is None or estimate["value"] is None or estimate["low"] is not None:
        return ""
    found = protocol["support"][name]
    return count_plural(found["n"], found["unit"])
