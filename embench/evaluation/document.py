"""An evaluation as plain data and as JSON: everything that the other reports show.

Undefined numbers are null. Derived numbers are rounded to 1e-8, below which they differ between machines.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING

from embench._version import __version__
from embench.common.files import write_text
from embench.metrics import metric
from embench.statistics.intervals import CONFIDENCE, Estimate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embench.evaluation import Evaluation
    from embench.evaluation.breakdown import Breakdown, SubsetScores
    from embench.evaluation.comparison import Comparison
    from embench.evaluation.coverage import Coverage
    from embench.evaluation.evaluator import Confusion, ScoredEntry
    from embench.evaluation.overview import Overview
    from embench.evaluation.power import PowerAnalysis
    from embench.evaluation.ranking import RankedSystem, Ranking
    from embench.evaluation.runs import Runs
    from embench.evaluation.standing import Rival, Standing
    from embench.schema.documents import (
        BreakdownDocument,
        ComparisonDocument,
        ConfusionDocument,
        CoverageDocument,
        EntryDocument,
        EstimateDocument,
        EvaluationDocument,
        MetricDocument,
        OverviewDocument,
        PowerDocument,
        RankedSystemDocument,
        RankingDocument,
        RivalDocument,
        RunsDocument,
        StandingDocument,
        SubsetDocument,
    )

_DECIMALS = 8
_GUARD_DECIMALS = 12


def document(evaluation: Evaluation) -> EvaluationDocument:
    """Return an evaluation as plain data, ready for JSON."""
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
        "coverage": _coverage(evaluation.coverage),
        "warnings": list(evaluation.warnings),
        "metrics": _metrics(evaluation),
        "confusion": _confusion(evaluation.confusion),
        "reference": {"training_median": {name: finite(value) for name, value in evaluation.reference.items()}},
        "detectable_difference": {"value": finite(evaluation.detectable), "unit": "eV", "metric": "mae"},
        "subsets": {subset.name: _subset(subset) for subset in evaluation.subsets},
        "breakdown": {part.name: _breakdown(part) for part in evaluation.breakdown},
        "calibration": [
            {"expected": _rounded(expected), "observed": _rounded(observed)}
            for expected, observed in evaluation.calibration
        ],
        "comparison": None if evaluation.comparison is None else _comparison(evaluation.comparison),
        "runs": None if evaluation.runs is None else _runs(evaluation.runs),
        "own": {
            name: {
                "value": finite(found.value),
                "low": finite(found.low),
                "high": finite(found.high),
                "method": found.method,
            }
            for name, found in evaluation.own.items()
        },
        "entries": [_entry(entry) for entry in evaluation.entries],
    }


def overview_document(overview: Overview, protocol: str) -> OverviewDocument:
    """Return what a terminal draws of an evaluation on `protocol` as plain data."""
    found = overview.standing
    return {
        "histogram": [{"low": finite(each.low), "high": finite(each.high), "n": each.n} for each in overview.histogram],
        "by_ion": [
            {"ion": each.ion, "n": each.n, "mae": _rounded(each.mae), "small": each.small} for each in overview.by_ion
        ],
        "worst": [entry.entry_id for entry in overview.worst],
        "standing": None if found is None else _standing(found, protocol),
    }


def _standing(found: Standing, protocol: str) -> StandingDocument:
    from embench.evaluation.standing import standing_sentence

    return {
        "rank": found.rank,
        "n": found.n,
        "best": _rival(found.best),
        "tied": [_rival(rival) for rival in found.tied],
        "own": found.own,
        "sentence": standing_sentence(found, protocol),
    }


def _rival(rival: Rival) -> RivalDocument:
    return {"slug": rival.slug, "name": rival.name, "mae": _rounded(rival.mae)}


def ranking_document(ranking: Ranking) -> RankingDocument:
    """Return several systems as plain data: their ranks, best first, and the evaluation of each."""
    return {
        "sentence": ranking.sentence,
        "systems": [_ranked(system) for system in ranking.systems],
        "evaluations": [document(system.evaluation) for system in ranking.systems],
    }


def _ranked(system: RankedSystem) -> RankedSystemDocument:
    evaluation, rank = system.evaluation, system.rank
    own = evaluation.mae_predicted
    return {
        "predictions": evaluation.name,
        "mae": estimate_document("mae", evaluation.metrics["mae"]),
        "mae_predicted": None if own is None else estimate_document("mae", own),
        "coverage": _rounded(evaluation.coverage.share),
        "rank": None if rank is None else {"value": rank.rank, "low": rank.low, "high": rank.high},
        "p_best": None if rank is None else finite(rank.p_best),
        "p_adjusted": None if rank is None else finite(rank.p_adjusted),
        "best_set": rank is not None and rank.best_set,
    }


def power_document(found: PowerAnalysis) -> PowerDocument:
    """Return what would tell two systems apart as plain data; what is infinite is None."""
    return {
        "first": found.first,
        "second": found.second,
        "protocol": found.protocol,
        "n": found.n,
        "n_hosts": found.n_hosts,
        "difference": finite(found.difference),
        "standard_error": finite(found.standard_error),
        "power": finite(found.power),
        "hosts_needed": finite(found.hosts_needed),
        "entries_needed": finite(found.entries_needed),
        "kinds": [
            {
                "dimension": kind.dimension,
                "value": kind.value,
                "n": kind.n,
                "n_hosts": kind.n_hosts,
                "difference": finite(kind.difference),
                "hosts_needed": finite(kind.hosts_needed),
            }
            for kind in found.kinds
        ],
        "telling": [
            {
                "entry_id": entry.entry_id,
                "difference": finite(entry.difference),
                "host": entry.host,
                "share": finite(entry.share),
            }
            for entry in found.telling
        ],
        "sentence": found.sentence,
    }


def dumps(content: Mapping[str, object]) -> str:
    """Return plain data as JSON text; the same data gives the same bytes."""
    return json.dumps(content, ensure_ascii=False, allow_nan=False, indent=1) + "\n"


def write_json(content: Mapping[str, object], path: Path) -> None:
    """Write plain data to `path`, all or nothing."""
    write_text(path, dumps(content))


def _metrics(evaluation: Evaluation) -> dict[str, MetricDocument]:
    found: dict[str, MetricDocument] = {}
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


def estimate_document(name: str, estimate: Estimate) -> EstimateDocument:
    """Return an estimate of the metric `name` as plain data."""
    return {
        "value": finite(estimate.value),
        "low": finite(estimate.low),
        "high": finite(estimate.high),
        "unit": metric(name).unit,
        "method": estimate.method,
        "undefined": _rounded(estimate.undefined),
    }


def _subset(subset: SubsetScores) -> SubsetDocument:
    return {
        "title": subset.title,
        "description": subset.description,
        "n": subset.n,
        "n_hosts": subset.n_hosts,
        "metrics": {name: estimate_document(name, estimate) for name, estimate in subset.metrics.items()},
    }


def _breakdown(part: Breakdown) -> BreakdownDocument:
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


def _comparison(comparison: Comparison) -> ComparisonDocument:
    return {
        "other": comparison.other,
        "other_sha256": comparison.other_sha256,
        "other_coverage": _coverage(comparison.other_coverage),
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


def _runs(runs: Runs) -> RunsDocument:
    return {
        "names": list(runs.names),
        "values": {name: [finite(value) for value in values] for name, values in runs.values.items()},
        "spread": {name: finite(value) for name, value in runs.spread.items()},
    }


def _coverage(coverage: Coverage) -> CoverageDocument:
    return {
        "scored": coverage.scored,
        "predicted": coverage.predicted,
        "share": _rounded(coverage.share),
        "filled": list(coverage.filled),
    }


def _confusion(confusion: Confusion) -> ConfusionDocument:
    return {
        "true_positive": confusion.true_positive,
        "false_positive": confusion.false_positive,
        "false_negative": confusion.false_negative,
        "true_negative": confusion.true_negative,
    }


def _entry(entry: ScoredEntry) -> EntryDocument:
    return {
        "entry_id": entry.entry_id,
        "target": entry.target,
        "prediction": entry.prediction,
        "error": _rounded(entry.error),
        "uncertainty": entry.uncertainty,
        "filled": entry.filled,
        "fold": entry.fold,
        "formula": entry.formula,
        "mobile_ion": entry.mobile_ion,
        "structure_class": entry.structure_class,
        "functional": entry.functional,
        "pathway": entry.pathway,
        "group_structure": entry.group_structure,
        "group_host": entry.group_host,
        "seen_host": entry.seen_host,
        "flags": entry.flags,
    }


def finite(value: float) -> float | None:
    """Return a derived number as JSON holds it: rounded, and None where it is undefined."""
    return _rounded(value) if math.isfinite(value) else None


def _rounded(value: float) -> float:
    """Return a derived number that is always defined, rounded.

    In two steps: a mean of decimal numbers may lie half way between two results, where its last bit would decide.
    """
    return round(round(value, _GUARD_DECIMALS), _DECIMALS)
