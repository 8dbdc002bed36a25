"""The scores of a submission on all its protocols."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from embench.leaderboard.site.main import rows as main_rows
from embench.leaderboard.site.scores import axis_of, score_of
from embench.web.tables import explanation

_METRICS = ("r2", "precision", "pathway_ranking", "coverage_95")
_BARRIERS = {
    "max-minus-start": "the highest energy of the band minus that of the initial state",
    "max-minus-min": "the highest minus the lowest energy of the band",
}
_OTHER_BARRIER = {"max-minus-start": "max-minus-min", "max-minus-min": "max-minus-start"}


def columns(content: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return the metrics of the table of scores by name, with what they mean; the mean absolute error comes first."""
    known = main_rows.metrics(content)
    return {name: {**known[name], "explanation": explanation(known[name])} for name in ("mae", *_METRICS)}


def scores_of(content: Mapping[str, Any], protocols: Sequence[Mapping[str, Any]], slug: str) -> list[dict[str, Any]]:
    """Return one row for each protocol; the bars of all share an axis."""
    known = main_rows.metrics(content)
    rows = [next(row for row in protocol["rows"] if row["slug"] == slug) for protocol in protocols]
    references = [protocol["reference"].get("mae") for protocol in protocols]
    axis = axis_of(known["mae"], rows, max((found for found in references if found is not None), default=None))
    return [
        {
            "about": protocol,
            "rank": f"{row['rank']:g}",
            "rank_interval": main_rows.rank_interval(row),
            "mark": main_rows.mark(protocol, row),
            "mae": score_of(known["mae"], row["metrics"]["mae"], axis),
            "axis": axis,
            "reference": None if reference is None else axis.scale.place(reference),
            "cells": [_cell(known[name], row, protocol) for name in _METRICS],
            "coverage": row["coverage"],
            "other_barrier": _other_barrier(content, row),
        }
        for protocol, row, reference in zip(protocols, rows, references, strict=True)
    ]


def _cell(metric: Mapping[str, Any], row: Mapping[str, Any], protocol: Mapping[str, Any]) -> dict[str, str]:
    estimate = row["metrics"].get(metric["name"])
    axis = axis_of(metric, [row], None)
    score = score_of(metric, estimate, axis)
    return {"text": score.text, "interval": score.interval or main_rows.support(metric["name"], estimate, protocol)}


def _other_barrier(content: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, str] | None:
    """Return the scores by the other definition of the barrier that the predictions file holds, if it holds one."""
    if not row["other_definition"]:
        return None
    scored = content["submissions"][row["slug"]].get("barrier")
    known = main_rows.metrics(content)
    found = row["other_definition"]
    return {
        "scored": _BARRIERS.get(scored, ""),
        "other": _BARRIERS.get(_OTHER_BARRIER.get(scored, ""), "the file's other definition"),
        **{
            name: score_of(known[name], found[name], axis_of(known[name], [{"metrics": found}], None)).text
            for name in found
        },
    }
