"""An evaluation as plain data and as JSON: everything that the other reports show.

Undefined numbers are null. Derived numbers are rounded to 1e-8, below which they differ between machines.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from embench._version import __version__
from embench.common.files import write_text
from embench.metrics import metric
from embench.statistics.intervals import CONFIDENCE, Estimate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embench.evaluation import Evaluation
    from embench.evaluation.breakdown import Breakdown, SubsetScores
    from embench.evaluation.comparison import Comparison
    from embench.evaluation.ranking import Ranking

_DECIMALS = 8


def document(evaluation: Evaluation) -> dict[str, Any]:
    """Return an evaluation as plain data, ready for JSON."""
    coverage = evaluation.coverage
    return {
        "embench_version": __version__,
        "dataset_version": evaluation.dataset_version,
        "protocol": evaluation.protocol,
        "predictions": evaluation.name,
        "predictions_sha256": evaluation.checksums["predictions"],
        "checksums": dict(evaluation.checksums),
        "n": evaluation.n,
        "n_hosts": evaluation.n_hosts,
        "threshold": evaluation.threshold,
        "seed": evaluation.seed,
        "resamples": evaluation.resamples,
        "confidence": CONFIDENCE,
        "coverage": {
            "scored": coverage.scored,
            "predicted": coverage.predicted,
            "share": finite(coverage.share),
            "filled": list(coverage.filled),
        },
        "warnings": list(evaluation.warnings),
        "metrics": _metrics(evaluation),
        "confusion": asdict(evaluation.confusion),
        "reference": {"training_median": {name: finite(value) for name, value in evaluation.reference.items()}},
        "detectable_difference": {"value": finite(evaluation.detectable), "unit": "eV", "metric": "mae"},
        "subsets": {subset.name: _subset(subset) for subset in evaluation.subsets},
        "breakdown": {part.name: _breakdown(part) for part in evaluation.breakdown},
        "calibration": [
            {"expected": finite(expected), "observed": finite(observed)}
            for expected, observed in evaluation.calibration
        ],
        "comparison": None if evaluation.comparison is None else _comparison(evaluation.comparison),
        "entries": [asdict(entry) | {"error": finite(entry.error)} for entry in evaluation.entries],
    }


def ranking_document(ranking: Ranking) -> dict[str, Any]:
    """Return several systems as plain data: their ranks, best first, and the evaluation of each."""
    return {
        "sentence": ranking.sentence,
        "systems": [
            {
                "predictions": system.evaluation.name,
                "mae": estimate_document("mae", system.evaluation.metrics["mae"]),
                "coverage": finite(system.evaluation.coverage.share),
                "rank": {"value": system.rank.rank, "low": system.rank.low, "high": system.rank.high},
                "p_best": finite(system.rank.p_best),
                "p_adjusted": finite(system.rank.p_adjusted),
                "best_set": system.rank.best_set,
            }
            for system in ranking.systems
        ],
        "evaluations": [document(system.evaluation) for system in ranking.systems],
    }


def dumps(content: Mapping[str, Any]) -> str:
    """Return plain data as JSON text; the same data gives the same bytes."""
    return json.dumps(content, ensure_ascii=False, allow_nan=False, indent=1) + "\n"


def write_json(content: Mapping[str, Any], path: Path) -> None:
    """Write plain data to `path`, all or nothing."""
    write_text(path, dumps(content))


def _metrics(evaluation: Evaluation) -> dict[str, Any]:
    found = {}
    for name, estimate in evaluation.metrics.items():
        spec, support = metric(name), evaluation.support[name]
        found[name] = {
            **estimate_document(name, estimate),
            "n": support.n,
            "n_unit": support.unit,
            "n_hosts": support.clusters,
            "title": spec.title,
            "symbol": spec.symbol,
            "direction": spec.direction,
            "nominal": spec.nominal,
            "family": spec.family,
            "description": spec.description,
        }
    return found


def estimate_document(name: str, estimate: Estimate) -> dict[str, Any]:
    """Return an estimate of the metric `name` as plain data."""
    return {
        "value": finite(estimate.value),
        "low": finite(estimate.low),
        "high": finite(estimate.high),
        "unit": metric(name).unit,
        "method": estimate.method,
        "undefined": finite(estimate.undefined),
    }


def _subset(subset: SubsetScores) -> dict[str, Any]:
    return {
        "title": subset.title,
        "description": subset.description,
        "n": subset.n,
        "n_hosts": subset.n_hosts,
        "metrics": {name: estimate_document(name, estimate) for name, estimate in subset.metrics.items()},
    }


def _breakdown(part: Breakdown) -> dict[str, Any]:
    return {
        "title": part.title,
        "groups": [
            {
                "group": group.group,
                "n": group.n,
                "n_hosts": group.n_hosts,
                "small": group.small,
                "mae": estimate_document("mae", group.mae),
                "bias": estimate_document("bias", group.bias),
            }
            for group in part.groups
        ],
    }


def _comparison(comparison: Comparison) -> dict[str, Any]:
    return {
        "other": comparison.other,
        "other_sha256": comparison.other_sha256,
        "other_coverage": {
            "scored": comparison.other_coverage.scored,
            "predicted": comparison.other_coverage.predicted,
            "share": finite(comparison.other_coverage.share),
            "filled": list(comparison.other_coverage.filled),
        },
        "other_warnings": list(comparison.other_warnings),
        "metrics": {
            name: {
                "value": finite(found.value),
                "other": finite(found.other),
                "difference": estimate_document(name, found.difference),
            }
            for name, found in comparison.metrics.items()
        },
        "p_value": finite(comparison.test.p_value),
        "test": comparison.test.method,
        "patterns": comparison.test.patterns,
        "detectable_difference": {"value": finite(comparison.detectable), "unit": "eV", "metric": "mae"},
        "resolved": comparison.resolved,
        "sentence": comparison.sentence,
    }


def finite(value: float) -> float | None:
    """Return a derived number as JSON holds it: rounded, and None where it is undefined."""
    return round(value, _DECIMALS) if math.isfinite(value) else None
