"""The scores of a submission on all its protocols."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypedDict

from embench.leaderboard.board.documents import BoardMetric
from embench.leaderboard.site.main import rows as main_rows
from embench.leaderboard.site.main.doubtful import section_without
from embench.leaderboard.site.scores import Axis, Score, axis_of, score_of
from embench.web.tables import explanation

if TYPE_CHECKING:
    from embench.leaderboard.board.documents import BoardDocument, BoardRow, CoverageShare, ProtocolSection
    from embench.leaderboard.submission.model import Barrier
    from embench.schema.documents import Interval

_METRICS = ("r2", "precision", "pathway_ranking", "coverage_95")
_BARRIERS: Mapping[Barrier, str] = {
    "max-minus-start": "the highest energy of the band minus that of the initial state",
    "max-minus-min": "the highest minus the lowest energy of the band",
}
_OTHER_BARRIER: Mapping[Barrier, Barrier] = {"max-minus-start": "max-minus-min", "max-minus-min": "max-minus-start"}


class Column(BoardMetric):
    """A metric of the table of scores, and what it means in words."""

    explanation: str


class ScoreCell(TypedDict):
    """A printed score; in place of an interval it may tell what the score rests on."""

    text: str
    interval: str


class OtherBarrier(TypedDict):
    """The scores by another definition of the barrier: what is scored, what the other is, MAE (eV) and R²."""

    scored: str
    other: str
    mae: str
    r2: str


class ScoreLine(TypedDict):
    """The scores on one protocol or a part of it; `reference` is where the training median is on the axis."""

    about: ProtocolSection
    rank: str
    rank_interval: str
    mark: main_rows.Mark
    mae: Score
    reference: float | None
    cells: list[ScoreCell]
    coverage: CoverageShare
    mae_predicted: str


class ScoreRow(ScoreLine):
    """The scores of a submission on one protocol; `clean` are those without contradicted labels, None for all alike."""

    axis: Axis
    other_barrier: OtherBarrier | None
    clean: ScoreLine | None


def columns(content: BoardDocument) -> dict[str, Column]:
    """Return the metrics of the table of scores by name, with what they mean; the mean absolute error comes first."""
    known = main_rows.metrics(content)
    return {name: {**known[name], "explanation": explanation(known[name])} for name in ("mae", *_METRICS)}


def scores_of(content: BoardDocument, protocols: Sequence[ProtocolSection], slug: str) -> list[ScoreRow]:
    """Return one row for each protocol; the bars of all share an axis."""
    known = main_rows.metrics(content)
    rows = [_row_of(protocol, slug) for protocol in protocols]
    references = [protocol["reference"].get("mae") for protocol in protocols]
    widest = max((found for found in references if found is not None), default=None)
    axis = axis_of(known["mae"], [row["metrics"]["mae"] for row in rows], widest)
    return [
        {
            **_line(known, protocol, row, axis),
            "axis": axis,
            "other_barrier": _other_barrier(content, row),
            "clean": _clean_line(known, protocol, slug, axis),
        }
        for protocol, row in zip(protocols, rows, strict=True)
    ]


def _row_of(protocol: ProtocolSection, slug: str) -> BoardRow:
    return next(row for row in protocol["rows"] if row["slug"] == slug)


def _line(known: Mapping[str, BoardMetric], protocol: ProtocolSection, row: BoardRow, axis: Axis) -> ScoreLine:
    reference = protocol["reference"].get("mae")
    return {
        "about": protocol,
        "rank": main_rows.rank_text(row),
        "rank_interval": main_rows.rank_interval(row),
        "mark": main_rows.mark(protocol, row),
        "mae": score_of(known["mae"], row["metrics"]["mae"], axis),
        "reference": None if reference is None else axis.scale.place(reference),
        "cells": [_cell(known[name], row, protocol) for name in _METRICS],
        "coverage": row["coverage"],
        "mae_predicted": main_rows.mae_predicted(row),
    }


def _clean_line(known: Mapping[str, BoardMetric], protocol: ProtocolSection, slug: str, axis: Axis) -> ScoreLine | None:
    if protocol["not_contradicted"]["n"] == protocol["n"]:
        return None
    without = section_without(protocol)
    return _line(known, without, _row_of(without, slug), axis)


def _cell(metric: BoardMetric, row: BoardRow, protocol: ProtocolSection) -> ScoreCell:
    estimate = row["metrics"][metric["name"]]
    score = _alone(metric, estimate)
    return {"text": score.text, "interval": score.interval or main_rows.support(metric["name"], estimate, protocol)}


def _alone(metric: BoardMetric, estimate: Interval | None) -> Score:
    """Return a score on an axis of its own, for where only its text is shown."""
    return score_of(metric, estimate, axis_of(metric, [estimate], None))


def _other_barrier(content: BoardDocument, row: BoardRow) -> OtherBarrier | None:
    """Return the scores by the other definition of the barrier that the predictions file holds, if it holds one."""
    found = row["other_definition"]
    if not found:
        return None
    scored = content["submissions"][row["slug"]]["barrier"]
    known = main_rows.metrics(content)
    return {
        "scored": _BARRIERS[scored] if scored else "",
        "other": _BARRIERS[_OTHER_BARRIER[scored]] if scored else "the file's other definition",
        "mae": _alone(known["mae"], found["mae"]).text,
        "r2": _alone(known["r2"], found["r2"]).text,
    }
