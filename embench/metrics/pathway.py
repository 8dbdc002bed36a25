"""Metrics of choosing among the pathways of one structure."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from embench.metrics.resamples import Resamples, ratio
from embench.metrics.sample import FloatArray, IntArray, Sample
from embench.metrics.spec import MetricSpec, Support

# Barriers closer than this are taken for equal: DFT-NEB barriers of one hop scatter by about as much.
RESOLUTION_EV = 0.05


def structures_with_choice(sample: Sample) -> Iterator[IntArray]:
    """Yield the entries (indices) of each structure that has two scored pathways or more."""
    if sample.structure is None:
        return
    order = np.argsort(sample.structure, kind="stable")
    starts = np.flatnonzero(np.diff(sample.structure[order])) + 1
    for members in np.split(order, starts):
        if len(members) > 1:
            yield members


def resolved_pairs(sample: Sample) -> IntArray:
    """Return the pairs (p, 2) of pathways in one structure whose targets differ by more than 0.05 eV."""
    found: list[tuple[int, int]] = []
    for members in structures_with_choice(sample):
        first, second = np.triu_indices(len(members), k=1)
        left, right = members[first], members[second]
        # The labels have at most four decimals: a difference of exactly 0.05 must not pass by rounding.
        apart = np.abs(sample.target[left] - sample.target[right]) > RESOLUTION_EV + 1e-9
        found.extend(zip(left[apart].tolist(), right[apart].tolist(), strict=True))
    return np.array(found, dtype=np.intp).reshape(-1, 2)


def resolved_structures(sample: Sample) -> list[tuple[int, IntArray]]:
    """Return (lowest, members) for each structure whose lowest target is lowest by more than 0.05 eV."""
    found = []
    for members in structures_with_choice(sample):
        targets = np.sort(sample.target[members])
        if targets[1] - targets[0] > RESOLUTION_EV + 1e-9:
            found.append((int(members[np.argmin(sample.target[members])]), members))
    return found


def pathway_ranking(resamples: Resamples) -> FloatArray:
    """Return the share of the resolved pairs that the predictions put in the right order (B); a tie counts half.

    The pathways of a structure share a host framework: both members of a pair are in the same cluster.
    """
    return _share(resamples, _ranking_scores)


def lowest_barrier_found(resamples: Resamples) -> FloatArray:
    """Return how often the pathway predicted lowest is the lowest of its structure (B); k tied ones count 1/k."""
    return _share(resamples, _lowest_scores)


def _share(resamples: Resamples, scores: Callable[[Sample], FloatArray]) -> FloatArray:
    """Return the sum of the first column of ``scores(sample)`` over that of the second (B)."""
    earned, possible = (resamples.multiplicities @ resamples.sample.derived(scores)).T
    return ratio(earned, possible)


def _ranking_scores(sample: Sample) -> FloatArray:
    """Return the pairs ordered rightly and all resolved pairs of each cluster (c, 2)."""
    first, second = resolved_pairs(sample).T
    agreement = np.sign(sample.target[first] - sample.target[second]) * np.sign(
        sample.prediction[first] - sample.prediction[second]
    )
    return _by_cluster(sample, first, (1.0 + agreement) / 2.0)


def _lowest_scores(sample: Sample) -> FloatArray:
    """Return the structures whose lowest barrier is found and all resolved structures of each cluster (c, 2)."""
    where, scores = [], []
    for lowest, members in resolved_structures(sample):
        predicted = sample.prediction[members]
        tied = np.count_nonzero(predicted == predicted.min())
        where.append(lowest)
        scores.append(1.0 / tied if sample.prediction[lowest] == predicted.min() else 0.0)
    return _by_cluster(sample, np.array(where, dtype=np.intp), np.array(scores, dtype=np.float64))


def _pairs(sample: Sample) -> Support:
    possible = sample.derived(_ranking_scores)[:, 1]
    return Support(int(possible.sum()), "pairs", int(np.count_nonzero(possible)))


def _structures(sample: Sample) -> Support:
    possible = sample.derived(_lowest_scores)[:, 1]
    return Support(int(possible.sum()), "structures", int(np.count_nonzero(possible)))


def _by_cluster(sample: Sample, where: IntArray, scores: FloatArray) -> FloatArray:
    clusters, n = sample.codes[where], sample.n_clusters
    return np.column_stack([np.bincount(clusters, weights=scores, minlength=n), np.bincount(clusters, minlength=n)])


PATHWAY = (
    MetricSpec(
        name="pathway_ranking",
        title="Pathway ranking",
        symbol="pathway ranking",
        unit=None,
        direction="higher",
        family="pathway",
        description="Share of the pairs of pathways in one structure, more than 0.05 eV apart, ordered rightly.",
        function=pathway_ranking,
        support=_pairs,
    ),
    MetricSpec(
        name="lowest_barrier_found",
        title="Lowest barrier found",
        symbol="lowest found",
        unit=None,
        direction="higher",
        family="pathway",
        description="How often the pathway predicted lowest is the lowest of its structure (by more than 0.05 eV).",
        function=lowest_barrier_found,
        support=_structures,
    ),
)
