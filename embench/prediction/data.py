"""What a prediction is: barriers of hops, their intervals, how far to trust them, and the ways through the crystal."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from embench.crystal import Pathway
from embench.migration.network import GOOD_CONDUCTOR, NetworkBarriers
from embench.prediction.applicability import Applicability
from embench.prediction.calibration import CENTRAL_95, Calibration
from embench.prediction.kinship import Kin
from embench.prediction.published import Published

if TYPE_CHECKING:
    from embench.migration.hops import Hops
    from embench.neb.results import NebResult
    from embench.prediction.model import TrainedModel


@dataclass(frozen=True, kw_only=True)
class PotentialBarrier:
    """The NEB result of a hop, and the barrier of the hybrid that knows it with its interval, eV, if there is one.

    `hybrid_model` is the name of that baseline.
    """

    result: NebResult
    hybrid: float | None = None
    hybrid_interval: tuple[float, float] | None = None
    hybrid_model: str | None = None


@dataclass(frozen=True, kw_only=True)
class HopPrediction:
    """The predicted barrier of one hop.

    Attributes
    ----------
    hop : as it was given.
    barrier : eV.
    sigma : standard deviation, eV, scaled on the protocol of `calibration`.
    kin : what of the training data the crystal is like.
    calibration : how large errors are on such crystals.
    applicability : how far the hop is from the training data.
    published : entries of the dataset that are this hop.
    potential : what NEB with a potential says of it.
    """

    hop: Pathway
    barrier: float
    sigma: float
    kin: Kin
    calibration: Calibration
    applicability: Applicability
    published: tuple[Published, ...] = ()
    potential: PotentialBarrier | None = None

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval, eV; no barrier is below zero."""
        return interval_of(self.barrier, self.sigma)

    @property
    def is_outside(self) -> bool:
        """Whether the hop is outside of what the model has learned."""
        return bool(self.applicability.outside)

    @property
    def probability_good(self) -> float:
        """The probability that the barrier is below that of a good conductor, 0.65 eV."""
        return probability_below(GOOD_CONDUCTOR, self.barrier, self.sigma)


@dataclass(frozen=True, kw_only=True, eq=False)
class PredictedHops(Sequence[HopPrediction]):
    """The predictions for the hops of a crystal, or for hops that were given one by one.

    Attributes
    ----------
    name : of the crystal.
    model : that predicted.
    predictions : one for each hop, in their order.
    hops : the network of the crystal; None for hops that were given one by one.
    network : the ways through the crystal by predicted barriers; None without a network.
    network_of_potential : the same with the NEB barriers of a potential where there are some.
    notes : what was changed or assumed, in words.
    """

    name: str
    model: TrainedModel
    predictions: tuple[HopPrediction, ...]
    hops: Hops | None = None
    network: NetworkBarriers | None = None
    network_of_potential: NetworkBarriers | None = None
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.predictions)

    def __getitem__(self, index):  # type: ignore[no-untyped-def]
        return self.predictions[index]

    def __repr__(self) -> str:
        barriers = ", ".join(f"{each.barrier:.2f}" for each in self.predictions[:6])
        more = ", …" if len(self) > 6 else ""
        return f"<Prediction for {self.name}: {len(self)} hops, {barriers}{more} eV, {self.model.label}>"

    @property
    def barriers(self) -> tuple[float, ...]:
        """The predicted barriers, eV."""
        return tuple(each.barrier for each in self.predictions)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What to know before a number of this is used, in words."""
        found = [each for each in self.predictions if each.is_outside]
        if not found:
            return ()
        which = "all hops are" if len(found) == len(self) else f"{len(found)} of {len(self)} hops are"
        if len(self) == 1:
            which = "the hop is"
        reasons = sorted({_without_numbers(reason) for each in found for reason in each.applicability.outside})
        return (f"{which} outside of what was learned: {'; '.join(reasons)}",)


def interval_of(barrier: float, sigma: float) -> tuple[float, float]:
    """Return the 95 % interval of a barrier, eV, kept above zero."""
    return max(0.0, barrier - CENTRAL_95 * sigma), barrier + CENTRAL_95 * sigma


def probability_below(threshold: float, barrier: float, sigma: float) -> float:
    """Return the probability that a barrier is below a threshold, for a normal error of width `sigma`, eV."""
    return 0.5 * (1.0 + math.erf((threshold - barrier) / (sigma * math.sqrt(2.0))))


def trust(kin: Kin, calibration: Calibration) -> str:
    """Return in words what of the training data a crystal is like, and which errors are to be expected."""
    from embench.common.text import plural

    median = f"median {calibration.median_error:.2f} eV"
    if kin.prototype is None:
        what = f"the framework {kin.formula} has" if kin.formula else "the crystal has"
        return (
            f"{what} a prototype that is not in the training data: expect errors like {calibration.protocol}, {median}"
        )
    known = f"its prototype is in the training data ({kin.prototype}, {plural(kin.n_prototype, 'entry')})"
    if kin.host is None:
        return f"{known}, its host {kin.formula} is not: expect errors like {calibration.protocol}, {median}"
    host = f"its host {kin.formula} as well ({plural(kin.n_host, 'entry')})"
    return f"{known}, {host}: expect errors like {calibration.protocol} or smaller, {median}"


def _without_numbers(reason: str) -> str:
    return reason.partition(" (")[0]
