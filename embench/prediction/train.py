"""Training of the models that predict hops of one's own: a baseline on all scored entries, and what is known of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from embench._version import __version__
from embench.baselines.registry import BASELINES, baseline_spec, load_object
from embench.common.threads import one_thread
from embench.dataset import load
from embench.errors import BaselineError
from embench.prediction.calibration import REGIMES, Calibration, banded, calibrate, out_of_fold
from embench.prediction.kinship import as_raw, relatives_of
from embench.prediction.model import About, Fitted, TrainedModel
from embench.splits import protocol

if TYPE_CHECKING:
    from embench.dataset import Dataset

Floats = NDArray[np.float64]

VERSION = "1"
# The groups that a fold of a protocol keeps together.
_GROUPS = {"host-10fold": "group_host", "prototype-10fold": "group_prototype"}


def train_model(
    baseline: str,
    *,
    name: str | None = None,
    version: str = VERSION,
    without_hosts: Collection[str] = (),
    seed: int = 0,
    predictions: Path | None = None,
    dataset_version: str | None = None,
) -> TrainedModel:
    """Fit a baseline on all scored entries.

    Parameters
    ----------
    baseline : name in the registry.
    name : of the model; by default that of the baseline.
    version : of the model.
    without_hosts : host frameworks (values of ``group_host``) whose entries are left out.
    seed : of everything random.
    predictions : folder of the baseline's out-of-fold predictions, which the intervals are measured on; by default
        those that ship with embench.
    dataset_version : of the dataset whose scored entries are learned from; None for the one of the leaderboard.

    Raises
    ------
    BaselineError
        The baseline is none whose fitted state can be stored, or has no out-of-fold predictions.
    """
    spec = baseline_spec(baseline)
    _check_storable(spec.factory, baseline, extra=spec.extra)
    data = load(version=dataset_version)
    train = data.select(protocol("host-10fold", dataset_version).scored_ids)
    if without_hosts:
        train = train.filter(group_host=lambda host: host not in without_hosts)
    # The last bits of sums depend on the number of threads, and the searches of the models amplify them.
    with one_thread():
        fitted: Any = spec.create(seed=seed).fit(train)
    nearest = _nearest(fitted, train)
    return TrainedModel(
        about=_about(name or baseline, version, baseline, train, fitted.sets),
        fitted=fitted,
        entry_ids=train.entry_ids,
        relatives=relatives_of(train),
        calibrations={each: _calibration(baseline, each, data, train, nearest[each], predictions) for each in REGIMES},
        nearest={each: np.sort(found[np.isfinite(found)]) for each, found in nearest.items()},
    )


def _calibration(
    baseline: str, name: str, data: Dataset, train: Dataset, nearest: Floats, predictions: Path | None
) -> Calibration:
    scored, errors, _ = out_of_fold(baseline, name, data, predictions)
    found = dict(zip(scored.entry_ids, errors.tolist(), strict=True))
    own = np.array([found[entry_id] for entry_id in train.entry_ids])
    known = np.isfinite(nearest)
    return replace(calibrate(baseline, name, data, predictions), bands=banded(nearest[known], own[known]))


def storable() -> tuple[str, ...]:
    """Return the names of the baselines that :func:`train_model` can fit."""
    return tuple(
        spec.name for spec in BASELINES if ":Pathway" in spec.factory and _is_storable(spec.factory, spec.extra)
    )


def _is_storable(factory: str, extra: str) -> bool:
    return hasattr(load_object(factory, extra=extra), "predict_table")


def _check_storable(factory: str, name: str, *, extra: str) -> None:
    if not _is_storable(factory, extra):
        raise BaselineError(
            f"{name} cannot be stored as plain arrays, or has no features to tell relatives by; models are made of "
            f"{', '.join(storable())}"
        )


def _about(name: str, version: str, baseline: str, train: Dataset, sets: Sequence[str]) -> About:
    from embench.baselines.features import FEATURE_SETS

    lengths = train.column("hop_distance_minimum_image")
    elements: set[str] = set()
    anions: set[str] = set()
    for entry in train:
        found, of_anions = parts_of(entry)
        elements |= found
        anions |= of_anions
    return About(
        name=name,
        version=version,
        baseline=baseline,
        dataset_version=train.version,
        dataset_digest=train.digest,
        embench_version=__version__,
        features={each: FEATURE_SETS[each].version for each in sorted(sets)},
        n=len(train),
        ions=dict(sorted(Counter(map(str, train.column("mobile_ion"))).items())),
        elements=tuple(sorted(elements)),
        anions=tuple(sorted(anions)),
        hop_lengths=(round(float(lengths.min()), 3), round(float(lengths.max()), 3)),
    )


def parts_of(hop: Any) -> tuple[frozenset[str], frozenset[str]]:
    """Return the elements of the framework of a hop, and those of its anions."""
    from embench.curation.coordination import anions_of

    raw = as_raw(hop)
    return frozenset(raw.elements) - {raw.mobile_ion}, anions_of(raw)


def _nearest(fitted: Fitted, train: Dataset) -> dict[str, Floats]:
    """Return by protocol the distance (n,) of each entry to the nearest one of another group; infinite for none."""
    distances = fitted.distances(fitted.table(train))
    found = {}
    for name, column in _GROUPS.items():
        groups = np.array(list(map(str, train.column(column))))
        others = np.where(groups[:, None] == groups[None], np.inf, distances)
        found[name] = others.min(axis=1)
    return found
