"""Two systems scored on the same entries: differences, their intervals, and what they mean in words."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from embench.common.text import plural
from embench.statistics.intervals import Estimate
from embench.statistics.paired import (
    SignFlipTest,
    detectable_difference,
    sign_flip_test,
    standard_error,
)
from embench.statistics.ranking import SIGNIFICANCE
from embench.statistics.rounding import rounding_of, subtract

if TYPE_CHECKING:
    from embench.evaluation.coverage import Coverage
    from embench.evaluation.scored import Matched
    from embench.metrics import Sample
    from embench.metrics.sample import FloatArray
    from embench.statistics.bootstrap import Replicates


@dataclass(frozen=True)
class Difference:
    """A metric of both systems, and this one minus the other with the paired interval."""

    value: float
    other: float
    difference: Estimate


@dataclass(frozen=True)
class Comparison:
    """This system against another.

    `test` is the clustered sign-flip test of the MAEs. `detectable` is the smallest difference of MAE (eV) that
    these entries find with 80 % power for two such systems. `resolved` tells whether the test rejects equality at
    5 % and the paired interval leaves out zero; `sentence` says so in words.
    """

    other: str
    other_sha256: str
    other_coverage: Coverage
    other_warnings: tuple[str, ...]
    metrics: dict[str, Difference]
    test: SignFlipTest
    detectable: float
    resolved: bool
    sentence: str


def compare(
    own: tuple[Sample, Replicates],
    rival: tuple[Sample, Replicates],
    *,
    other: Matched,
    seed: int,
    host: str,
    errors: tuple[FloatArray, FloatArray] | None = None,
) -> Comparison:
    """Compare two systems by their samples and replicates, both from the same entries and the same draws.

    `host` is what the sentence calls what was resampled.

    `other` is what the rival's sample was made of. `errors` are the absolute errors (n), eV, of both, where they are
    not those of the samples but means over runs. Metrics that only one of them has (those of the uncertainty) are
    left out.
    """
    (sample, replicates), (rival_sample, rival_replicates) = own, rival
    shared = [spec.name for spec in rival_replicates.specs]
    names = [spec.name for spec in replicates.specs if spec.name in shared]
    mine, theirs = replicates.only(names), rival_replicates.only(names)
    gap = mine - theirs
    differences = gap.estimates()
    mine_and_theirs = errors or (sample.absolute_error, rival_sample.absolute_error)
    sums = (sample.cluster_sums(found) for found in mine_and_theirs)
    test = sign_flip_test(subtract(*sums), seed=seed)
    mae = differences["mae"]
    detectable = detectable_difference(standard_error(gap.resampled[names.index("mae")]))
    resolved = test.p_value < SIGNIFICANCE and mae.leaves_out_zero
    size = f"{len(sample)} entries from {plural(sample.n_clusters, host)}"
    return Comparison(
        other=other.predictions.name,
        other_sha256=other.predictions.sha256,
        other_coverage=other.coverage,
        other_warnings=other.warnings,
        metrics={
            name: Difference(float(mine.values[i]), float(theirs.values[i]), differences[name])
            for i, name in enumerate(names)
        },
        test=test,
        detectable=detectable,
        resolved=resolved,
        sentence=_sentence(mae, test, detectable, resolved, name=other.predictions.name, size=size),
    )


def _sentence(
    difference: Estimate, test: SignFlipTest, detectable: float, resolved: bool, *, name: str, size: str
) -> str:
    if abs(difference.value) <= rounding_of(0.0):
        return f"The MAE is the same as that of {name}."
    order = "lower" if difference.value < 0.0 else "higher"
    numbers = p_text(test)
    if math.isfinite(difference.low):
        numbers = f"95 % interval {difference.low:+.3f} to {difference.high:+.3f}, {numbers}"
    start = f"The MAE is {abs(difference.value):.3f} eV {order} than that of {name} ({numbers})"
    if resolved:
        return f"{start}: the difference is statistically significant."
    return (
        f"{start}: the two are tied. With {size}, a difference between them is found with 80 % power from "
        f"{detectable:.2f} eV on."
    )


def p_text(test: SignFlipTest) -> str:
    """Return the p-value for a person: ``p = 0.042``, or ``p < 0.001``."""
    return "p < 0.001" if test.p_value < 0.001 else f"p = {test.p_value:.3f}"
