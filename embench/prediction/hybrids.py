"""The baselines that know NEB barriers of potentials: which potentials, what they predict with them, and how surely."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from embench.baselines.models.neb_tables import POTENTIALS as FIRST_HAND
from embench.errors import BaselineError, EmbenchError
from embench.prediction.calibration import calibrate
from embench.prediction.data import interval_of
from embench.prediction.model import DEFAULT

if TYPE_CHECKING:
    from embench.baselines.base import Prediction
    from embench.crystal import Pathway
    from embench.dataset import Dataset
    from embench.neb.results import NebResult
    from embench.neb.store import RunStore
    from embench.prediction.result import PredictionResult

# Fits to a training side, and predicts hops whose NEB results with a potential are known; `store` holds their bands.
Predict = Callable[["Dataset", str, "Sequence[Pathway]", "Sequence[NebResult]", "RunStore | None"], "Prediction"]


@dataclass(frozen=True, kw_only=True)
class Hybrid:
    """A baseline that knows NEB barriers: its name in the registry, and the potentials that it has learned from."""

    name: str
    potentials: tuple[str, ...]
    predict: Predict


def _with_literature(
    train: Dataset,
    potential: str,
    hops: Sequence[Pathway],
    results: Sequence[NebResult],
    store: RunStore | None,  # noqa: ARG001
) -> Prediction:
    from embench.baselines.models.hybrid import PathwayHybrid

    fitted = PathwayHybrid(seed=0).fit(train)
    pairs = zip(hops, results, strict=True)
    fitted.use_barriers({potential: {hop.entry_id: float(each.barrier_max_minus_min or 0.0) for hop, each in pairs}})
    return fitted.predict_table(fitted.table(hops))  # type: ignore[arg-type]


def _with_first_hand(
    train: Dataset, potential: str, hops: Sequence[Pathway], results: Sequence[NebResult], store: RunStore | None
) -> Prediction:
    from embench.baselines.models.neb_tables import LEAST_BARRIERS
    from embench.baselines.models.pathway_neb import PathwayNeb
    from embench.neb.protocol import NEB1
    from embench.neb.saddle import inputs_of
    from embench.neb.shown import read_band

    fitted = PathwayNeb(seed=0).fit(train)
    n = fitted.choices["barriers"][potential]
    if n < LEAST_BARRIERS:
        raise BaselineError(
            f"pathway-neb knows {n} training barriers of {potential} so far, and learns from {LEAST_BARRIERS} or more"
        )
    rows = {}
    foreign = next((each.protocol for each in results if each.protocol != NEB1.name), None)
    if foreign is not None:
        raise BaselineError(f"it learned from bands of the protocol {NEB1.name}, and these are of {foreign}")
    for hop, result in zip(hops, results, strict=True):
        found = inputs_of(result, None if store is None else read_band(store.band_path(hop.entry_id)))
        assert found is not None  # only hops with a barrier are asked for
        rows[hop.entry_id] = found
    fitted.use_tables({potential: rows})
    return fitted.predict_table(fitted.table(hops))  # type: ignore[arg-type]


HYBRIDS: tuple[Hybrid, ...] = (
    Hybrid(name="pathway-neb", potentials=FIRST_HAND, predict=_with_first_hand),
    Hybrid(name="pathway-hybrid", potentials=("orb-v3", "mace-relax"), predict=_with_literature),
)


def hybrid_of(potential: str) -> Hybrid | None:
    """Return the baseline that knows barriers of a potential; None where none does."""
    return next((hybrid for hybrid in HYBRIDS if potential in hybrid.potentials), None)


def hybrid_named(name: object) -> Hybrid | None:
    """Return the baseline called `name`; None for every other model."""
    return next((hybrid for hybrid in HYBRIDS if hybrid.name == name), None)


def without_potential(hybrid: Hybrid) -> str:
    """Return in words what a hybrid lacks where no potential is given, and what predicts instead."""
    first, *others = hybrid.potentials
    also = f" (or {', '.join(others)})" if others else ""
    return (
        f"{hybrid.name} needs an NEB barrier of each hop, which is missing: --potential {first}{also} computes it, in "
        f"Python predict(..., potential={first!r}). Without it these are predictions of {DEFAULT}"
    )


def with_barriers(
    result: PredictionResult, potential: str, barriers: Mapping[int, NebResult], store: RunStore | None = None
) -> tuple[dict[int, dict[str, Any]], str]:
    """Return the barriers of the hybrid by hop, and a note on where they are from or why there are none.

    `barriers` are the NEB results of `potential` by the number of the hop, and `store` holds their bands.
    """
    hybrid = hybrid_of(potential)
    known = {number: found for number, found in barriers.items() if found.has_value}
    if hybrid is None:
        learned = "; ".join(f"{each.name} from those of {' and '.join(each.potentials)}" for each in HYBRIDS)
        return {}, (
            f"no hybrid learned from NEB barriers of {potential} ({learned}): the barrier of the potential stands "
            "beside that of the model, and neither knows the other"
        )
    if not known:
        return {}, f"no hop has a barrier with {potential}, so there is nothing for {hybrid.name} to use"
    from embench.dataset import load
    from embench.splits import protocol

    factor, measured = _factor(hybrid, result)
    hops = [result.predictions[number].hop for number in known]
    try:
        train = load().select(protocol("host-10fold").scored_ids)
        found = hybrid.predict(train, potential, hops, list(known.values()), store)
    except EmbenchError as error:
        return {}, f"no barrier of {hybrid.name}: {error}"
    assert found.std is not None  # both give standard deviations
    hybrids = {
        number: {
            "hybrid": round(float(mean), 6),
            "hybrid_interval": interval_of(float(mean), float(std) * factor),
            "hybrid_model": hybrid.name,
        }
        for number, mean, std in zip(known, found.mean, found.std, strict=True)
    }
    return hybrids, f"with the barriers of {potential} known, by {hybrid.name} ({measured})"


def _factor(hybrid: Hybrid, result: PredictionResult) -> tuple[float, str]:
    """Return what standard deviations are multiplied by, and in words where that is from.

    Where the baseline has no predictions out of fold yet, its intervals are made no narrower than it makes them itself,
    and as much wider as those of the model of `result` have to be.
    """
    from embench.dataset import load

    own = result.predictions[0].calibration
    try:
        calibration = calibrate(hybrid.name, own.protocol, load())
    except EmbenchError:
        return max(1.0, own.factor), (
            f"its intervals are from inner folds of whole hosts, widened as those of {result.model.about.baseline} are "
            f"on {own.protocol}: no predictions of {hybrid.name} out of fold are committed yet"
        )
    return calibration.factor, f"intervals from {calibration.protocol}"
