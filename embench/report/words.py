"""Scores and what they mean, in words: what every report of an evaluation says in the same way."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from embench.common.text import plural, visible
from embench.evaluation.coverage import COVERAGE_RULE, FILLED
from embench.metrics import metric
from embench.splits.registry import host_called
from embench.statistics.intervals import Estimate

if TYPE_CHECKING:
    from embench.evaluation import Evaluation
    from embench.evaluation.coverage import Coverage

UNDEFINED = "undefined"


def value_text(name: str, value: float, *, unit: bool = True, signed: bool = False) -> str:
    """Return a score with three decimals (decades with one), and its unit."""
    if not math.isfinite(value):
        return UNDEFINED
    spec = metric(name)
    decimals = 1 if spec.unit == "decades" else 3
    sign = "+" if signed or spec.direction == "zero" else ""
    # No "-0.000": rounding leaves a sign that means nothing.
    text = f"{round(value, decimals) + 0.0:{sign}.{decimals}f}"
    return f"{text} {spec.unit}" if unit and spec.unit else text


def interval_text(name: str, estimate: Estimate, *, signed: bool = False) -> str:
    """Return the 95 % interval of a score, or a dash where there is none."""
    if not math.isfinite(estimate.low):
        return "–"
    low, high = (value_text(name, value, unit=False, signed=signed) for value in (estimate.low, estimate.high))
    return f"{low} to {high}"


def title_lines(evaluation: Evaluation) -> tuple[str, str, str]:
    """Return what was scored: the name of the predictions, on what, and what counts as a good conductor."""
    return (
        visible(evaluation.name),
        f"Protocol {evaluation.protocol}: {plural(evaluation.n, 'entry')} from "
        f"{plural(evaluation.n_hosts, host_called(evaluation.protocol))}, {coverage_text(evaluation.coverage)}.",
        f"Good conductor: E_m < {evaluation.threshold:g} eV.",
    )


def coverage_text(coverage: Coverage) -> str:
    """Return how many of the scored entries were predicted, and what became of the others."""
    if not coverage.filled:
        return "all predicted"
    return f"{coverage.predicted} predicted, {len(coverage.filled)} filled with {FILLED}"


def note(evaluation: Evaluation, name: str) -> str:
    """Return what a score means here; empty where its name says it."""
    counts, support = evaluation.confusion, evaluation.support[name]
    claimed = counts.true_positive + counts.false_positive
    good = counts.true_positive + counts.false_negative
    notes = {
        "mae": f"training median: {value_text('mae', evaluation.reference['mae'], unit=False)}",
        "r2_without_metal_site": f"{plural(evaluation.n - support.n, 'path')} left out",
        "bias": "prediction − target",
        "rate_error_decades": "hopping rate at 300 K, median",
        "accuracy": f"{counts.true_positive + counts.true_negative} of {evaluation.n} in the right class",
        "precision": f"{counts.true_positive} of {claimed} called good are",
        "recall": f"{counts.true_positive} of {good} good ones found",
        "pathway_ranking": f"{plural(support.n, 'pair')} of pathways",
        "lowest_barrier_found": f"{plural(support.n, 'structure')} with a choice",
        "coverage_95": "targets inside ± 1.96 σ",
        "coverage_68": "targets inside ± 0.99 σ",
        "error_uncertainty_spearman": "does σ tell large errors",
    }
    return notes.get(name, "")


def summary(evaluation: Evaluation) -> Iterator[str]:
    """Yield what the figures mean, in sentences."""
    other = evaluation.comparison.other_coverage.filled if evaluation.comparison is not None else ()
    if evaluation.coverage.filled or other:
        yield COVERAGE_RULE
    if not evaluation.coverage.enough:
        yield "These predictions are too few for a rank."
    if evaluation.comparison is not None:
        yield visible(evaluation.comparison.sentence)
        return
    if math.isfinite(evaluation.detectable):
        hosts = plural(evaluation.n_hosts, host_called(evaluation.protocol))
        yield (
            f"Intervals come from resampling the {hosts}. These entries show a difference "
            f"of about {evaluation.detectable:.2f} eV between two unrelated systems (80 % power), and "
            "smaller ones between systems that fail on the same entries: --against compares pair by pair."
        )
