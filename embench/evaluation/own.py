"""What a user adds to an evaluation: metrics of their own, and a part of the entries."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from embench.errors import InvalidValueError, UnknownNameError
from embench.evaluation.breakdown import Subset
from embench.evaluation.scored import ScoredSet
from embench.metrics import MetricSpec, Sample, metric, metrics_for
from embench.statistics.intervals import Estimate, estimate
from embench.statistics.resampling import bootstrap_blocks

Floats = npt.NDArray[np.float64]
Condition: TypeAlias = "str | float | bool | Collection[str] | Callable[[Any], bool] | None"
Conditions: TypeAlias = Mapping[str, Condition]
OwnMetric: TypeAlias = Callable[[Floats, Floats], float]
# Ids, or conditions by column: a value, several of them, or a function.
OwnSubset: TypeAlias = "Collection[str] | Conditions"

# A metric of a user's is called once a resample, which takes time.
MOST_RESAMPLES = 1000


def split_metrics(
    wanted: Sequence[str | OwnMetric] | None, sample: Sample
) -> tuple[tuple[MetricSpec, ...], tuple[OwnMetric, ...]]:
    """Return the metrics of the registry to compute, and those of the user; all of the registry where None is wanted.

    The MAE is always among them: intervals, comparisons and ranks are of it. Raises
    :class:`~embench.errors.UnknownNameError` for a name that no metric has, and
    :class:`~embench.errors.InvalidValueError` for one that these predictions do not have, and for what is no metric.
    """
    available = metrics_for(sample)
    if wanted is None:
        return available, ()
    if isinstance(wanted, str):
        raise InvalidValueError(f"metrics are a list, not the one name {wanted!r}: [{wanted!r}]")
    names = {"mae"}
    own = []
    for one in wanted:
        if isinstance(one, str):
            if metric(one) not in available:
                raise InvalidValueError(f"{one} needs a column uncertainty, which these predictions do not have")
            names.add(one)
        elif callable(one):
            own.append(one)
        else:
            raise InvalidValueError(f"{one!r} is no metric: name one, or give a function of targets and predictions")
    return tuple(spec for spec in available if spec.name in names), tuple(own)


def own_estimates(
    functions: Sequence[OwnMetric], samples: Sequence[Sample], *, resamples: int, seed: int
) -> dict[str, Estimate]:
    """Return the user's metrics by the name of their function, with percentile intervals over host frameworks.

    Of several runs the mean is taken. Raises :class:`~embench.errors.InvalidValueError` for a function that returns no
    number, or two with one name.
    """
    names = [getattr(function, "__name__", type(function).__name__) for function in functions]
    if twice := {name for name in names if names.count(name) > 1}:
        raise InvalidValueError(f"two metrics are called {min(twice)}; give their functions different names")
    return {
        name: _own_estimate(name, function, samples, resamples=min(resamples, MOST_RESAMPLES), seed=seed)
        for name, function in zip(names, functions, strict=True)
    }


def _own_estimate(name: str, function: OwnMetric, samples: Sequence[Sample], *, resamples: int, seed: int) -> Estimate:
    def value(rows: Any) -> float:
        return float(np.mean([_call(name, function, found.target[rows], found.prediction[rows]) for found in samples]))

    first = samples[0]
    values = np.empty(resamples)
    for block, drawn in bootstrap_blocks(first.n_clusters, resamples=resamples, seed=seed, entries=len(first)):
        for at, counts in zip(range(block.start, block.stop), drawn, strict=True):
            values[at] = value(np.repeat(np.arange(len(first)), counts[first.codes].astype(np.intp)))
    return estimate(value(slice(None)), values, clusters=first.n_clusters)


def _call(name: str, function: OwnMetric, target: Floats, prediction: Floats) -> float:
    try:
        return float(function(target, prediction))
    except (TypeError, ValueError) as error:
        raise InvalidValueError(f"the metric {name} returns no number for targets and predictions ({error})") from None
    except ZeroDivisionError:
        return math.nan


def own_subset(wanted: OwnSubset, scored: ScoredSet) -> Subset:
    """Return a user's part of the scored entries.

    `wanted` are ids of entries, or conditions as :meth:`embench.Dataset.filter` takes them. Raises
    :class:`~embench.errors.InvalidValueError` where no scored entry is left, and as that method does.
    """
    from embench.dataset import load

    data = load(scored.dataset).select(scored.entry_ids)
    if isinstance(wanted, Mapping):
        chosen = set(data.filter(**wanted).entry_ids)
        told = ", ".join(f"{name} = {_shown(value)}" for name, value in wanted.items())
    else:
        ids = (wanted,) if isinstance(wanted, str) else tuple(wanted)
        for entry_id in ids:
            if entry_id not in scored.known_ids:
                raise UnknownNameError("entry", str(entry_id), scored.known_ids)
        chosen = set(ids) & set(scored.entry_ids)
        told = f"{len(chosen)} chosen entries"
    if not chosen:
        raise InvalidValueError(f"no entry that {scored.protocol} scores is in the subset")
    mask = np.array([entry_id in chosen for entry_id in scored.entry_ids], dtype=np.bool_)
    return Subset("subset", "your subset", f"The entries you chose: {told}.", lambda _: mask)


def _shown(value: Any) -> str:
    return getattr(value, "__name__", None) or str(value)
