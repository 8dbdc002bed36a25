"""The content of the board: plain data, the same for the same submissions, dataset and code."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from embench._version import DATASET_VERSION, __version__
from embench.common.cache import ResultCache, code_of, digest_of
from embench.leaderboard.board.detail import Details, Progress
from embench.leaderboard.board.standings import standings
from embench.metrics import METRICS, MetricSpec
from embench.splits import SPLITS_VERSION
from embench.splits.registry import PROTOCOLS, ProtocolSpec

if TYPE_CHECKING:
    from embench.leaderboard.submission import Submission

MAIN_PROTOCOL = "host-10fold"
# In this order; all others follow in the order of their registry.
_FIRST = (MAIN_PROTOCOL, "published", "prototype-10fold")
# The columns of a table of the board.
COLUMNS = ("mae", "r2", "precision", "pathway_ranking", "coverage_95")

_TITLES = {
    "published": "Published split",
    "host-10fold": "Unseen host frameworks",
    "prototype-10fold": "Unseen structure prototypes",
    "leave-one-ion-out": "Unseen migrating ions",
    "leave-one-class-out": "Unseen families of materials",
    "random-10fold": "Random folds",
}


def board_content(
    submissions: Sequence[Submission],
    details: Details,
    *,
    cache: ResultCache,
    based_on: Mapping[str, Any],
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Return what ``leaderboard.json`` holds, from all submissions and their details.

    ``metrics`` describes the columns of a table, ``more_metrics`` all others that a row has a value of. ``protocols``
    has for each protocol its ``rows``, best first: rank with its interval, whether the system belongs to the
    ``best_set`` that cannot be told from the best, metrics with their intervals, coverage, signs of trouble; and its
    ``pairs``: MAE of `a` minus MAE of `b` (eV) with interval and p-value. ``support`` says what a metric rests on,
    ``detectable`` from what difference of MAE (eV) on a system with unrelated errors is told from the best, and
    ``reference`` what the training median gives. ``submissions`` are the descriptions by slug.
    """
    signs = _signs(submissions, details, cache=cache, based_on=based_on)
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
        "settings": {name: based_on[name] for name in ("threshold", "resamples", "seed")},
        "metrics": [_metric(spec) for spec in _board_metrics() if spec.name in COLUMNS],
        "more_metrics": [_metric(spec) for spec in _board_metrics() if spec.name not in COLUMNS],
        "protocols": sections,
        "submissions": {
            submission.slug: _submission(submission, [name for slug, name in details if slug == submission.slug])
            | {"signs": signs[submission.slug]}
            for submission in submissions
        },
        "checksums": _checksums(details),
    }


def ordered_protocols() -> list[ProtocolSpec]:
    """Return all protocols, the main one first."""
    position = {name: i for i, name in enumerate(_FIRST)}
    return sorted(PROTOCOLS, key=lambda spec: position.get(spec.name, len(position)))


def _board_metrics() -> list[MetricSpec]:
    """Return all metrics, those of the columns first and in their order."""
    position = {name: i for i, name in enumerate(COLUMNS)}
    return sorted(METRICS, key=lambda spec: position.get(spec.name, len(position)))


def _metric(spec: MetricSpec) -> dict[str, Any]:
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
    details: Mapping[str, dict[str, Any]],
    submissions: Mapping[str, Submission],
    signs: Mapping[str, list[dict[str, Any]]],
    *,
    cache: ResultCache,
    based_on: Mapping[str, Any],
) -> dict[str, Any]:
    names = {slug: submissions[slug].name for slug in details}
    scores = {slug: [detail["checksums"], detail["coverage"]] for slug, detail in details.items()}
    placed = cache.get(
        digest_of({**based_on, "protocol": spec.name, "names": names, "scores": scores}),
        lambda: standings(details, names, resamples=based_on["resamples"], seed=based_on["seed"]),
    )
    best = details[placed["rows"][0]["slug"]]
    return {
        "name": spec.name,
        "title": _TITLES.get(spec.name, spec.name),
        "description": spec.measures,
        "main": spec.name == MAIN_PROTOCOL,
        "n": best["n"],
        "n_hosts": best["n_hosts"],
        "sentence": placed["sentence"],
        "detectable": best["detectable_difference"]["value"],
        "reference": best["reference"]["training_median"],
        "support": {
            name: {"n": found["n"], "unit": found["n_unit"], "n_hosts": found["n_hosts"]}
            for name, found in best["metrics"].items()
        },
        "rows": [
            row | _scores(details[row["slug"]]) | {"signs": _texts(signs[row["slug"]], spec.name)}
            for row in placed["rows"]
        ],
        "pairs": placed["pairs"],
    }


def _scores(detail: Mapping[str, Any]) -> dict[str, Any]:
    without = detail["subsets"]["without_metal_site"]["metrics"]
    other = detail["other_definition"]
    return {
        "metrics": {spec.name: _interval(detail["metrics"].get(spec.name)) for spec in _board_metrics()},
        "without_metal_site": {name: without[name]["value"] for name in ("mae", "r2")},
        "other_definition": other and {name: _interval(found) for name, found in other["metrics"].items()},
        "coverage": {name: detail["coverage"][name] for name in ("scored", "predicted", "share")},
    }


def _interval(estimate: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if estimate is None else {name: estimate[name] for name in ("value", "low", "high")}


def _submission(submission: Submission, protocols: list[str]) -> dict[str, Any]:
    fields: dict[str, Any] = json.loads(json.dumps(submission.model_dump(mode="json")))
    order = [spec.name for spec in ordered_protocols()]
    return fields | {
        "paper_url": submission.paper_url,
        "code_url": submission.code_url,
        "protocols": sorted(protocols, key=order.index),
    }


def _signs(
    submissions: Sequence[Submission], details: Details, *, cache: ResultCache, based_on: Mapping[str, Any]
) -> dict[str, list[dict[str, Any]]]:
    """Return the signs of trouble of each submission as plain data."""
    cards = {submission.slug: submission.model_dump(mode="json") for submission in submissions}
    key = digest_of(
        {
            **based_on,
            "code": code_of("embench.leaderboard.signs"),
            "submissions": cards,
            "checksums": _checksums(details),
        }
    )

    def look() -> dict[str, list[dict[str, Any]]]:
        from embench.leaderboard.signs import signs_of_trouble

        return {slug: [asdict(sign) for sign in found] for slug, found in signs_of_trouble(submissions).items()}

    return cache.get(key, look)


def _texts(signs: Iterable[Mapping[str, Any]], protocol: str) -> list[str]:
    """Return the signs that concern a protocol, or all protocols."""
    return [sign["text"] for sign in signs if sign["protocol"] in (protocol, None)]


def _checksums(details: Details) -> dict[str, Any]:
    """Return the sha256 of dataset, splits and predictions."""
    shared: dict[str, str] = {}
    predictions: dict[str, dict[str, str]] = {}
    for (slug, name), detail in details.items():
        found = dict(detail["checksums"])
        predictions.setdefault(slug, {})[name] = found.pop("predictions")
        shared |= found
    return {"data": dict(sorted(shared.items())), "predictions": predictions}
