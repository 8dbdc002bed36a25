"""The content of the board: plain data, the same for the same submissions, dataset and code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import TYPE_CHECKING

from embench._version import DATASET_VERSION, __version__
from embench.common.cache import ResultCache, code_of, digest_of
from embench.evaluation.breakdown import PREDICTED
from embench.evaluation.coverage import COVERAGE_RULE
from embench.evaluation.document import finite
from embench.leaderboard.board.cards import SignsFound
from embench.leaderboard.board.detail import NOT_CONTRADICTED, Progress
from embench.leaderboard.board.parts import cost_of, interval_of, placed, texts_of
from embench.leaderboard.board.potentials import checkpoint_card, level_card, neb_card, potentials_section
from embench.leaderboard.board.stored import get_stored
from embench.leaderboard.board.transfer import COLUMNS as TRANSFER_COLUMNS
from embench.leaderboard.board.transfer import transfer_sections
from embench.leaderboard.submission.origin import origin_of
from embench.metrics import METRICS, MetricSpec
from embench.splits import SPLITS_VERSION
from embench.splits.registry import MAIN_PROTOCOL, PROTOCOLS, ProtocolSpec

if TYPE_CHECKING:
    from embench.leaderboard.board.cards import Description, SignDocument, SubmissionCard
    from embench.leaderboard.board.documents import (
        Basis,
        BoardDocument,
        BoardMetric,
        BoardRow,
        Checksums,
        Detail,
        Details,
        NotContradicted,
        ProtocolSection,
        Standing,
    )
    from embench.leaderboard.submission import Submission
    from embench.schema.documents import EstimateDocument, Interval

# In this order; all others follow in the order of their registry.
_FIRST = (MAIN_PROTOCOL, "published", "prototype-10fold")
# The columns of a table of the board.
COLUMNS = ("mae", "r2", "precision", "pathway_ranking", "coverage_95")


def board_content(
    submissions: Sequence[Submission],
    details: Details,
    transfer: Details,
    *,
    cache: ResultCache,
    based_on: Basis,
    progress: Progress | None = None,
) -> BoardDocument:
    """Return what ``leaderboard.json`` holds, from all submissions, their details, and those of the second dataset."""
    checksums = _checksums({**details, **transfer})
    signs = _signs(submissions, checksums, cache=cache, based_on=based_on)
    named = {submission.slug: submission for submission in submissions}
    specs = [spec for spec in ordered_protocols() if any(name == spec.name for _, name in details)]
    sections = []
    for done, spec in enumerate(specs, start=1):
        of_protocol = {slug: detail for (slug, name), detail in details.items() if name == spec.name}
        sections.append(_protocol(spec, of_protocol, named, signs, cache=cache, based_on=based_on))
        if progress is not None:
            progress("comparisons", done, len(specs))
    return {
        "versions": {"embench": __version__, "dataset": DATASET_VERSION, "splits": SPLITS_VERSION},
        "settings": {
            "threshold": based_on["threshold"],
            "resamples": based_on["resamples"],
            "seed": based_on["seed"],
        },
        "coverage_rule": COVERAGE_RULE,
        "metrics": [_metric(spec) for spec in _board_metrics() if spec.name in COLUMNS],
        "more_metrics": [_metric(spec) for spec in _board_metrics() if spec.name not in COLUMNS],
        "protocols": sections,
        "transfer_columns": list(TRANSFER_COLUMNS),
        "transfer": transfer_sections(submissions, transfer, signs, cache=cache, based_on=based_on),
        "submissions": {
            submission.slug: _submission(
                submission,
                [name for slug, name in details if slug == submission.slug],
                signs[submission.slug],
            )
            for submission in submissions
        },
        "potentials": potentials_section(submissions),
        "checksums": checksums,
    }


def ordered_protocols() -> list[ProtocolSpec]:
    """Return all protocols, the main one first."""
    position = {name: i for i, name in enumerate(_FIRST)}
    return sorted(PROTOCOLS, key=lambda spec: position.get(spec.name, len(position)))


def _board_metrics() -> list[MetricSpec]:
    """Return all metrics, those of the columns first and in their order."""
    position = {name: i for i, name in enumerate(COLUMNS)}
    return sorted(METRICS, key=lambda spec: position.get(spec.name, len(position)))


def _metric(spec: MetricSpec) -> BoardMetric:
    return {
        "name": spec.name,
        "symbol": spec.symbol,
        "unit": spec.unit,
        "direction": spec.direction,
        "nominal": spec.nominal,
        "title": spec.title,
        "description": spec.description,
        "family": spec.family,
        "decimals": 1 if spec.unit == "decades" else 3,
    }


def _protocol(
    spec: ProtocolSpec,
    details: Mapping[str, Detail],
    submissions: Mapping[str, Submission],
    signs: Mapping[str, Sequence[SignDocument]],
    *,
    cache: ResultCache,
    based_on: Basis,
) -> ProtocolSection:
    found = placed(spec.name, details, submissions, cache=cache, based_on=based_on)
    best = details[found["rows"][0]["slug"]]
    return {
        "name": spec.name,
        "title": spec.title,
        "description": spec.measures,
        "main": spec.name == MAIN_PROTOCOL,
        "n": best["n"],
        "n_hosts": best["n_hosts"],
        "sentence": found["sentence"],
        "detectable": best["detectable_difference"]["value"],
        "reference": best["reference"]["training_median"],
        "support": {
            name: {"n": metric["n"], "unit": metric["n_unit"], "n_hosts": metric["n_hosts"]}
            for name, metric in best["metrics"].items()
        },
        "not_contradicted": {
            "n": best["subsets"][NOT_CONTRADICTED]["n"],
            "n_hosts": best["subsets"][NOT_CONTRADICTED]["n_hosts"],
            "sentence": found["not_contradicted"]["sentence"],
            "reference": best["not_contradicted"]["reference"],
            "support": best["not_contradicted"]["support"],
            "pairs": found["not_contradicted"]["pairs"],
        },
        "rows": [
            _row(
                row,
                details[row["slug"]],
                submissions[row["slug"]],
                without=next(each for each in found["not_contradicted"]["rows"] if each["slug"] == row["slug"]),
                signs=texts_of(signs[row["slug"]], spec.name),
            )
            for row in found["rows"]
        ],
        "pairs": found["pairs"],
    }


def _row(
    standing: Standing, detail: Detail, submission: Submission, *, without: Standing, signs: list[str]
) -> BoardRow:
    no_metal_site = detail["subsets"]["without_metal_site"]["metrics"]
    other, coverage = detail["other_definition"], detail["coverage"]
    predicted = detail["subsets"].get(PREDICTED)
    return {
        **standing,
        "metrics": _intervals(detail["metrics"]),
        "mae_predicted": predicted and interval_of(predicted["metrics"]["mae"]),
        "without_metal_site": {"mae": no_metal_site["mae"]["value"], "r2": no_metal_site["r2"]["value"]},
        "not_contradicted": _not_contradicted(without, detail),
        "other_definition": other and {name: interval_of(estimate) for name, estimate in other["metrics"].items()},
        "coverage": {
            "scored": coverage["scored"],
            "predicted": coverage["predicted"],
            "share": coverage["share"],
        },
        "cost": cost_of(submission, detail["protocol"], predicted=coverage["predicted"]),
        "signs": signs,
    }


def _intervals(found: Mapping[str, EstimateDocument]) -> dict[str, Interval | None]:
    """Return all metrics of the board in its order, None for those that a system does not have."""
    return {spec.name: interval_of(found[spec.name]) if spec.name in found else None for spec in _board_metrics()}


def _not_contradicted(place: Standing, detail: Detail) -> NotContradicted:
    kept = [
        entry
        for entry, is_kept in zip(detail["entries"], detail["not_contradicted"]["members"], strict=True)
        if is_kept
    ]
    errors = [abs(entry["error"]) for entry in kept if not entry["filled"]]
    return {
        "rank": place["rank"],
        "rank_low": place["rank_low"],
        "rank_high": place["rank_high"],
        "p_best": place["p_best"],
        "p_adjusted": place["p_adjusted"],
        "best_set": place["best_set"],
        "metrics": _intervals(detail["subsets"][NOT_CONTRADICTED]["metrics"]),
        "mae_predicted": None if len(errors) == len(kept) or not errors else finite(fmean(errors)),
        "coverage": {
            "scored": len(kept),
            "predicted": len(errors),
            "share": round(len(errors) / len(kept), 8) if kept else 0.0,
        },
    }


def _submission(submission: Submission, protocols: list[str], signs: list[SignDocument]) -> SubmissionCard:
    order = [spec.name for spec in ordered_protocols()]
    return {
        **description_of(submission),
        "origin": origin_of(submission),
        "paper_url": submission.paper_url,
        "code_url": submission.code_url,
        "protocols": sorted(protocols, key=order.index),
        "transfer": list(submission.transfer_protocols()),
        "signs": signs,
    }


def description_of(submission: Submission) -> Description:
    """Return the fields of ``submission.yaml`` as plain data, in their order."""
    training, upstream = submission.training_data, submission.upstream
    return {
        "name": submission.name,
        "version": submission.version,
        "kind": submission.kind,
        "authors": list(submission.authors),
        "orcid": None if submission.orcid is None else dict(submission.orcid),
        "date": submission.date,
        "description": submission.description,
        "paper": submission.paper,
        "code": submission.code,
        "licence": submission.licence,
        "parameters": submission.parameters,
        "barrier": submission.barrier,
        "level_of_theory": level_card(submission),
        "neb": neb_card(submission),
        "checkpoint": checkpoint_card(submission),
        "training_data": {
            "description": training.description,
            "overlaps_scored_entries": training.overlaps_scored_entries,
            "overlap_details": training.overlap_details,
        },
        "uncertainty": submission.uncertainty,
        "hardware": submission.hardware,
        "cost_device_hours": submission.cost_device_hours,
        "cost_by_protocol": {str(protocol): hours for protocol, hours in submission.cost_by_protocol.items()},
        "upstream": None
        if upstream is None
        else {"description": upstream.description, "device_hours": upstream.device_hours},
        "seeds": list(submission.seeds),
        "versions": dict(submission.versions),
        "reproduce": submission.reproduce,
        "predictions": {str(protocol): name for protocol, name in submission.predictions.items()},
        "n_predicted": submission.n_predicted,
    }


def _signs(
    submissions: Sequence[Submission], checksums: Checksums, *, cache: ResultCache, based_on: Basis
) -> dict[str, list[SignDocument]]:
    """Return the signs of trouble of each submission as plain data."""
    cards = {submission.slug: submission.model_dump(mode="json") for submission in submissions}
    key = digest_of(
        {
            **based_on,
            "code": code_of("embench.leaderboard.signs"),
            "submissions": cards,
            "checksums": checksums,
        }
    )

    def look() -> SignsFound:
        from embench.leaderboard.signs import signs_of_trouble

        return {
            "signs": {
                slug: [{"kind": sign.kind, "protocol": sign.protocol, "text": sign.text} for sign in found]
                for slug, found in signs_of_trouble(submissions).items()
            }
        }

    return get_stored(cache, key, SignsFound, look)["signs"]


def _checksums(details: Details) -> Checksums:
    """Return the sha256 of dataset, splits and predictions."""
    shared: dict[str, str] = {}
    predictions: dict[str, dict[str, str]] = {}
    for (slug, name), detail in details.items():
        found = dict(detail["checksums"])
        predictions.setdefault(slug, {})[name] = found.pop("predictions")
        shared |= found
    return {"data": dict(sorted(shared.items())), "predictions": predictions}
